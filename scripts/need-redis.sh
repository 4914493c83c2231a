#!/usr/bin/env bash
# Sees to it that there is a redis-server to embed; none is needed where the settings name both of Posta's.
set -euo pipefail
if [ -n "${POSTA_QUEUE_REDIS_URL:-}" ] && [ -n "${POSTA_ANALYTICS_REDIS_URL:-}" ]; then exit 0; fi
if command -v redis-server >/dev/null; then exit 0; fi

hint="posta: redis-server is needed. Install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis;
posta: Fedora: sudo dnf install redis), or set POSTA_QUEUE_REDIS_URL and POSTA_ANALYTICS_REDIS_URL to some that run."
if ! command -v apt-get >/dev/null; then
  echo "$hint" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "$hint" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
echo "posta: installing redis-server (apt)..."
# Posta runs its own: the package must not start one as a system service.
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends redis-server >/dev/null; }
install 2>/dev/null || { "${as_root[@]}" apt-get update -qq && install; } || {
  echo "$hint" >&2
  exit 1
}
