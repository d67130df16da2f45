# A minimal Debian root of this machine's release: $root, and `inside COMMAND...` runs in it. To be sourced; it is removed at
# the end. Needs root, debootstrap, and Debian's mirror as this machine has it.
#
#   $toolchain    a folder of this machine that is seen in it, read only; empty: none
[ "$(id -u)" -eq 0 ] || { echo "run it as root: it makes a root of its own" >&2; exit 1; }
command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap >/dev/null; }
toolchain=${toolchain:-}
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' | sed -n 1p || true)
[ -n "$mirror" ] || { echo "no Debian mirror in /etc/apt" >&2; exit 1; }
root=$(mktemp -d "${TMPDIR:-/tmp}/reconciler-root.XXXXXX")
# It is a root folder: who is not root must get into it, too.
chmod 755 "$root"

# Nothing is removed while something is still mounted below it.
cleanup() {
  local place
  for place in "$root/proc" ${toolchain:+"$root$toolchain"}; do
    if mountpoint -q "$place"; then umount "$place" || umount -l "$place"; fi
  done
  if grep -q " $root/" /proc/mounts; then echo "$root is left as it is: something is mounted in it" >&2; else rm -rf "$root"; fi
}
trap cleanup EXIT

echo "a minimal Debian $release in $root"
debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail -20 "$root.log" >&2; exit 1; }
rm -f "$root.log"

# The way to the mirror, and to the Python package index, is this machine's: its sources, its proxy and certificate settings, its certificate authorities.
rm -f "$root/etc/apt/sources.list"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  if [ -f "$file" ]; then install -D "$file" "$root$file"; fi
done
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
  if [ -f "$file" ] && grep -qiE 'proxy|cainfo|verify-peer|verify-host' "$file"; then install -D "$file" "$root$file"; fi
done
for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/apt/auth.conf /etc/pip.conf; do
  if [ -f "$file" ]; then install -D "$file" "$root$file"; fi
done
# No service starts in a root that is no machine.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"

mount -t proc proc "$root/proc"
if [ -n "$toolchain" ]; then
  mkdir -p "$root$toolchain"
  mount --bind "$toolchain" "$root$toolchain"
  mount -o remount,ro,bind "$root$toolchain"
fi

inside() {
  local variables=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_CERT PIP_INDEX_URL; do
    if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
  done
  chroot "$root" /usr/bin/env -i HOME=/root PATH="${toolchain:+$toolchain/usr/bin:}/usr/sbin:/usr/bin:/sbin:/bin" \
    LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${variables[@]}" "$@"
}
