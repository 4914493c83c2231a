#!/usr/bin/env bash
# Generates anew what is generated, elsewhere, and compares.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/generate-types.sh "$fresh/gen"
if ! diff -r src/gen "$fresh/gen"; then
  echo "src/gen is not what proto/ gives; run make generate" >&2
  exit 1
fi
node_modules/.bin/tsx scripts/settings-table.ts
node_modules/.bin/tsx slo/alerts.ts
echo "generated files are up to date"
