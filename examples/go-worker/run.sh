#!/usr/bin/env bash
# Generates and builds what is missing or has changed, and runs the worker: examples/go-worker/run.sh emails
set -euo pipefail
"$(dirname "$0")/build.sh"
exec "$(dirname "$0")/../../.tools/bin/go-worker" "$@"
