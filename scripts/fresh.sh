#!/usr/bin/env bash
# The two commands of the README in a minimal Debian root: what they need and do not set up themselves shows here, and
# nowhere on a machine that was worked on. Needs root, debootstrap, and Debian's mirror as this machine has it.
#
#   scripts/fresh.sh [COMMAND...]     default: make demo, then make test
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "fresh: run it as root: it makes a root of its own and mounts the toolchain into it" >&2; exit 1; }
command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap >/dev/null; }
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' | sed -n 1p || true)
[ -n "$mirror" ] || { echo "fresh: no Debian mirror in /etc/apt" >&2; exit 1; }
root=$(mktemp -d "${TMPDIR:-/tmp}/reconciler-fresh.XXXXXX")
# It is a root folder: who is not root must get into it, too.
chmod 755 "$root"

# Nothing is removed while something is still mounted below it.
cleanup() {
  local place
  for place in "$root/proc" "$root$toolchain"; do
    if mountpoint -q "$place"; then umount "$place" || umount -l "$place"; fi
  done
  if grep -q " $root/" /proc/mounts; then echo "fresh: $root is left as it is: something is mounted in it" >&2; else rm -rf "$root"; fi
}
trap cleanup EXIT

echo "fresh: a minimal Debian $release in $root"
debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail -20 "$root.log" >&2; exit 1; }
rm -f "$root.log"

# The way to the mirror is this machine's: its sources, its proxy and certificate settings, its certificate authorities.
rm -f "$root/etc/apt/sources.list"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  if [ -f "$file" ]; then install -D "$file" "$root$file"; fi
done
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
  if [ -f "$file" ] && grep -qiE 'proxy|cainfo|verify-peer|verify-host' "$file"; then install -D "$file" "$root$file"; fi
done
for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/apt/auth.conf; do
  if [ -f "$file" ]; then install -D "$file" "$root$file"; fi
done
# No service starts in a root that is no machine.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"

mount -t proc proc "$root/proc"
mkdir -p "$root$toolchain"
mount --bind "$toolchain" "$root$toolchain"
mount -o remount,ro,bind "$root$toolchain"

inside() {
  local variables=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
  done
  chroot "$root" /usr/bin/env -i HOME=/root PATH="$toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "${variables[@]}" "$@"
}

# What the toolchain's own page asks for on Debian, and git and make to come this far.
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends binutils git gnupg2 libc6-dev libcurl4-openssl-dev libedit2 \
  libgcc-12-dev libncurses6 libpython3-dev libsqlite3-0 libstdc++-12-dev libxml2-dev libz3-dev pkg-config tzdata unzip \
  zlib1g-dev make >"$root/install.log" 2>&1 || { tail -20 "$root/install.log" >&2; exit 1; }

git clone -q --no-hardlinks . "$root/reconciler"
if [ $# -gt 0 ]; then commands=("$*"); else commands=("make demo" "make test"); fi
for command in "${commands[@]}"; do
  echo "fresh: $command"
  start=$SECONDS
  if ! inside /bin/sh -c "cd /reconciler && exec $command" >"$root/command.log" 2>&1; then
    tail -60 "$root/command.log" >&2
    # Tests that failed may stand far above the end.
    grep -E -A8 '✘' "$root/command.log" >&2 || true
    echo "fresh: '$command' fails on a fresh machine" >&2
    exit 1
  fi
  grep -E '^(conformance|fault suite|demo|lint|fuzz .*no crash|.*Test run with)' "$root/command.log" || true
  echo "fresh: $command: done in $((SECONDS - start)) s"
done
