#!/usr/bin/env bash
# Sees to it that there is a redis-server to embed; none is needed where the settings name both of Posta's.
set -euo pipefail
if [ -n "${POSTA_QUEUE_REDIS_URL:-}" ] && [ -n "${POSTA_ANALYTICS_REDIS_URL:-}" ]; then exit 0; fi
if command -v redis-server >/dev/null; then exit 0; fi
"$(dirname "$0")"/install-package.sh redis-server \
  "posta: redis-server is needed. Install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis;
posta: Fedora: sudo dnf install redis), or set POSTA_QUEUE_REDIS_URL and POSTA_ANALYTICS_REDIS_URL to some that run."
