#!/usr/bin/env bash
# Installs the npm packages of package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  echo "posta: Node 20 or later is needed: https://nodejs.org" >&2
  exit 1
fi
echo "posta: installing the npm packages..."
npm ci --no-audit --no-fund --loglevel=error
# The packages of other versions of Node bring a command each; npm would run all scripts with one of them.
rm -f node_modules/.bin/node
