#!/usr/bin/env bash
# Sees to it that there is a promtool: the tests check the alerts with it.
# Debian's package is unpacked into .tools/, not installed: it would start a Prometheus as a system service.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.tools/bin
if [ -x "$bin/promtool" ] || command -v promtool >/dev/null; then exit 0; fi

hint="posta: promtool is needed for the tests. It is part of Prometheus: https://prometheus.io/download (Debian, Ubuntu: the package
posta: prometheus). Put it into the PATH, or at .tools/bin/promtool."
give_up() {
  echo "$hint" >&2
  exit 1
}
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || give_up
update() {
  if [ "$(id -u)" -eq 0 ]; then apt-get update -qq; else sudo -n apt-get update -qq; fi
}
echo "posta: fetching promtool (apt)..."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch() { (cd "$work" && apt-get download -qq prometheus); }
{ fetch || { update && fetch; }; } >/dev/null 2>&1 || give_up
dpkg-deb -x "$work"/prometheus_*.deb "$work/unpacked"
mkdir -p "$bin"
# By a rename, so that two who do this at the same time do not meet in the middle.
cp "$work/unpacked/usr/bin/promtool" "$bin/promtool.$$"
mv "$bin/promtool.$$" "$bin/promtool"
