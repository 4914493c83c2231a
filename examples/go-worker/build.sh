#!/usr/bin/env bash
# Generates the stubs in gen/, and builds the worker: .tools/bin/go-worker. A second run takes two seconds, as Go keeps what it built.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=examples/go-worker
# An older Go than go.mod wants fails here, unless it fetches a newer one by itself.
if ! go -C "$here" list -m >/dev/null 2>&1; then
  echo "posta: $here needs Go $(sed -n 's/^go \(.*\)\.0$/\1/p' "$here/go.mod") or later: https://go.dev/doc/install" >&2
  exit 1
fi
[ -x node_modules/.bin/buf ] || scripts/need-packages.sh
export GOCACHE=$PWD/.tools/go-build
[ -d "$GOCACHE" ] || echo "posta: building $here (a minute, the first time)..."
# The plugins that buf calls are pinned in go.mod, as the worker's modules are.
GOBIN=$PWD/.tools/bin go -C "$here" install tool
node_modules/.bin/buf generate --template "$here/buf.gen.yaml"
go -C "$here" build -o "$PWD/.tools/bin/" .
