#!/usr/bin/env bash
# A container image with the package of a folder: a minimal Debian root, the package in it, and the same user, folders and
# entry point as packaging/docker/Dockerfile has. For machines without a registry. Needs root and buildah.
#
#   scripts/image.sh [DIRECTORY] [TAG]     default: dist/, and reconciler:latest
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath "${1:-dist}")
tag=${2:-reconciler:latest}
command -v buildah >/dev/null || { echo "image: install buildah" >&2; exit 1; }
. scripts/debian-root.sh
cp "$folder"/*.deb "$root/reconciler.deb"
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /reconciler.deb git openssh-client >"$root/install.log" 2>&1 ||
  { tail -20 "$root/install.log" >&2; exit 1; }
inside useradd --system --uid 65000 --create-home --home-dir /var/lib/reconciler reconciler
inside apt-get clean
umount "$root/proc"
rm -rf "$root/reconciler.deb" "$root/install.log" "$root"/var/lib/apt/lists/* "$root/usr/sbin/policy-rc.d" \
  "$root"/etc/apt/apt.conf.d/*proxy* "$root/etc/apt/auth.conf"

options=(--storage-driver vfs)
container=$(buildah "${options[@]}" from scratch)
buildah "${options[@]}" copy -q "$container" "$root" / >/dev/null
buildah "${options[@]}" config --user reconciler --workingdir /etc/reconciler --volume /var/lib/reconciler \
  --env RECONCILER_STATE=/var/lib/reconciler/state.db --env RECONCILER_STATUS=/var/lib/reconciler/status \
  --stop-signal SIGTERM --entrypoint '["reconciler"]' --cmd watch "$container"
said=$(buildah "${options[@]}" run --isolation chroot "$container" -- reconciler version)
buildah "${options[@]}" commit -q "$container" "$tag" >/dev/null
buildah "${options[@]}" rm "$container" >/dev/null
echo "image: $tag, in which 'reconciler version' says: $said"
