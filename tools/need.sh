#!/bin/sh
# Make sure that Debian packages are there: install them where we may, say how where we may not.
#   tools/need.sh PACKAGE... -- TEST-COMMAND...
# Nothing is done when the test command succeeds.
set -u
packages=""
while [ $# -gt 0 ] && [ "$1" != "--" ]; do packages="$packages $1"; shift; done
shift
"$@" >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing from Debian:$packages"
  apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >/dev/null
  "$@" >/dev/null 2>&1 && exit 0
fi
echo "This needs Debian's packages:$packages" >&2
echo "Install them as root: apt-get install$packages" >&2
exit 1
