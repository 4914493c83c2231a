#!/usr/bin/env bash
# artillery against the gateway of a Posta that runs: TARGET=http://host:port, or the one that `make up` runs. TEST=queue or
# analytics.
set -euo pipefail
cd "$(dirname "$0")/.."
test=perf/artillery/${TEST:-queue}-load-test.yml
if [ ! -f "$test" ]; then
  echo "perf-artillery: TEST: there is no test \"$TEST\"; use queue or analytics" >&2
  exit 1
fi
url=${TARGET:-http://127.0.0.1:8080}
if ! node -e 'fetch(process.argv[1]).catch(() => process.exit(1))' "$url/livez"; then
  echo "perf-artillery: nothing answers at $url: run Posta (make up), or give another's address (TARGET=http://host:port)" >&2
  exit 1
fi
exec npx --yes artillery@2.0.21 run ${TARGET:+-e production} "$test"
