#!/usr/bin/env bash
# Installs the load tools that are no npm packages into .tools/bin. ghz is pinned here and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/.."
ghz=v0.121.0
bin=$PWD/.tools/bin
# One that `go install` built calls itself "dev": what was built here is noted beside it.
if [ -x "$bin/ghz" ] && grep -qF "${ghz#v}" <("$bin/ghz" --version 2>&1) "$bin/ghz.version" 2>/dev/null; then exit 0; fi
if ! command -v go >/dev/null; then
  cat >&2 <<HINT
posta: the load suites need ghz $ghz, which is built with Go. Install Go (https://go.dev/doc/install; Debian, Ubuntu:
posta: sudo apt-get install golang-go) and run make tools again, or put a ghz $ghz from
posta: https://github.com/bojand/ghz/releases at .tools/bin/ghz.
HINT
  exit 1
fi
echo "posta: building ghz $ghz (half a minute)..."
GOBIN=$bin go install "github.com/bojand/ghz/cmd/ghz@$ghz"
echo "$ghz" > "$bin/ghz.version"
echo "posta: ghz $ghz is in .tools/bin"
