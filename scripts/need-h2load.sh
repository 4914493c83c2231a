#!/usr/bin/env bash
# Sees to it that there is an h2load: the benches measure unary calls with it.
set -euo pipefail
if command -v h2load >/dev/null; then exit 0; fi
"$(dirname "$0")"/install-package.sh nghttp2-client \
  "posta: h2load is needed for the benches. It is part of nghttp2 (Debian, Ubuntu: sudo apt-get install nghttp2-client;
posta: macOS: brew install nghttp2; Fedora: sudo dnf install nghttp2)."
