#!/usr/bin/env bash
# Sees to the tools that Posta is tried with and that are not ours, in .tools/bin; then tries it with them.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.tools/bin
mkdir -p "$bin"
build() {
  local name=$1 package=$2
  [ -x "$bin/$name" ] && return
  command -v go >/dev/null || { echo "posta: $name is built with Go: https://go.dev/doc/install" >&2; exit 1; }
  echo "posta: building $name..."
  GOBIN=$bin go install "$package"
}
build grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
build grpc_health_probe github.com/grpc-ecosystem/grpc-health-probe@v0.4.62
[ -x "$bin/grpc_health_probe" ] || mv "$bin/grpc-health-probe" "$bin/grpc_health_probe"
# Unpacked, not installed: Debian's package would start a Prometheus as a system service.
if ! [ -x "$bin/prometheus" ] && ! command -v prometheus >/dev/null; then
  echo "posta: fetching prometheus (apt)..."
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && apt-get download -qq prometheus) || { echo "posta: put a prometheus into the PATH: https://prometheus.io/download" >&2; exit 1; }
  dpkg-deb -x "$work"/prometheus_*.deb "$work/unpacked"
  mv "$work/unpacked/usr/bin/prometheus" "$bin/prometheus"
fi
command -v "${CHROMIUM:-chromium}" >/dev/null || { echo "posta: chromium is needed for the status page: sudo apt-get install chromium" >&2; exit 1; }
TRY=tools node_modules/.bin/vitest run "${@:-}"
