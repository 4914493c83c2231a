#!/usr/bin/env bash
# Installs one of Debian's packages with apt, as root or with sudo that asks for no password; else prints the hint and fails.
# Usage: install-package.sh <package> <hint>
set -euo pipefail
package=$1
give_up() {
  echo "$hint" >&2
  exit 1
}
hint=$2
command -v apt-get >/dev/null || give_up
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || give_up
  as_root=(sudo -n)
fi
echo "posta: installing $package (apt)..."
# RUNLEVEL: what the package brings must not start as a system service.
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$package" >/dev/null; }
install 2>/dev/null || { "${as_root[@]}" apt-get update -qq && install; } || give_up
