#!/usr/bin/env bash
# Prints the PATH with one Node before all others. Usage: node-path.sh machine|best|<major version>
#   machine  the one that this machine has
#   best     the machine's, if it is of version 24 or later, else 24 from npm, if that is installed
#   22, 24   the machine's, if it is of that version, else the one from npm (package.json, optionalDependencies)
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=$1
best=24
have=$(node -p 'process.versions.node.split(".")[0]')
case $(uname -s)-$(uname -m) in
  Linux-x86_64) platform=linux-x64 ;;
  Linux-aarch64) platform=linux-arm64 ;;
  *) platform=none ;;
esac
bin_of() { echo "$PWD/node_modules/node-$1-$platform/bin"; }

case $wanted in
  machine | "$have") echo "$PATH" ;;
  best)
    if [ "$have" -lt $best ] && [ -x "$(bin_of $best)/node" ]; then echo "$(bin_of $best):$PATH"; else echo "$PATH"; fi
    ;;
  *)
    if [ ! -x "$(bin_of "$wanted")/node" ]; then
      echo "posta: NODE: there is no Node $wanted here; use $have, or 22 or 24 from npm (npm ci installs them on Linux)" >&2
      exit 1
    fi
    echo "$(bin_of "$wanted"):$PATH"
    ;;
esac
