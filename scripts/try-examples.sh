#!/usr/bin/env bash
# Sees to what the examples need, in .tools; then runs them against a cluster whose servers are killed.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.tools/python
command -v python3 >/dev/null || { echo "posta: the examples need Python 3: sudo apt-get install python3 python3-venv" >&2; exit 1; }
if ! cmp -s examples/requirements.txt "$python/requirements.txt"; then
  echo "posta: installing the packages of examples/requirements.txt..."
  rm -rf "$python"
  python3 -m venv "$python" || { echo "posta: python3 -m venv failed: sudo apt-get install python3-venv" >&2; exit 1; }
  "$python/bin/pip" install --quiet --disable-pip-version-check -r examples/requirements.txt
  cp examples/requirements.txt "$python/requirements.txt"
fi
examples/go-worker/build.sh
TRY=examples node_modules/.bin/vitest run "$@"
