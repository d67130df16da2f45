#!/usr/bin/env bash
# Installs the package of a folder in a minimal Debian root, uses it, replaces an older version by it, and removes it.
#
#   scripts/package-test.sh [DIRECTORY]     default: dist/; needs root
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath "${1:-dist}")
(cd "$folder" && sha256sum --quiet --check SHA256SUMS)
package=$(ls "$folder"/*.deb)
. scripts/debian-root.sh

# The same content under an older number: what an upgrade starts from.
older=$root/older
mkdir -p "$older"
dpkg-deb --raw-extract "$package" "$older/tree"
sed -i 's/^Version:.*/Version: 0.0.1/' "$older/tree/DEBIAN/control"
dpkg-deb --root-owner-group --build "$older/tree" "$older/reconciler_0.0.1.deb" >/dev/null
cp "$package" "$root/new.deb"
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /older/reconciler_0.0.1.deb >"$root/install.log" 2>&1 ||
  { tail -20 "$root/install.log" >&2; exit 1; }

# says COMMAND TEXT: whatever its exit code is.
says() {
  local output
  output=$(inside /bin/sh -c "$1" 2>&1 || true)
  case $output in *"$2"*) ;; *) printf "package: '%s' does not say '%s' but:\n%s\n" "$1" "$2" "$output" >&2 && exit 1 ;; esac
}
says 'reconciler version' 'reconciler '
says 'dpkg-query -W reconciler' '0.0.1'
# What people have written stays through an upgrade and a removal.
inside /bin/sh -c 'mkdir -p /etc/reconciler/desired && echo "policy: observe" >/etc/reconciler/reconciler.yaml'
inside apt-get install -y -qq --no-install-recommends /new.deb >>"$root/install.log" 2>&1
says 'dpkg-query -W reconciler' "$(dpkg-deb -f "$package" Version)"
says 'cat /etc/reconciler/reconciler.yaml' 'policy: observe'
says 'cd /tmp && reconciler doctor' 'npm.url is not set'
says 'bash -c ". /usr/share/bash-completion/completions/reconciler && complete -p reconciler"' '_reconciler'
says 'zcat /usr/share/man/man1/reconciler.1.gz' '.SH COMMANDS'
says 'cat /usr/lib/systemd/system/reconciler.service' 'ExecStart=/usr/bin/reconciler watch'
says 'cp /usr/share/doc/reconciler/examples/reconciler.yaml /tmp/ && cd /tmp && reconciler settings' 'policy'
says 'cd /usr/share/doc/reconciler/examples && reconciler validate' 'no errors'
inside dpkg --verify reconciler
inside apt-get remove -y -qq reconciler >>"$root/install.log" 2>&1
[ ! -e "$root/usr/bin/reconciler" ] && [ ! -e "$root/usr/share/man/man1/reconciler.1.gz" ]
says 'cat /etc/reconciler/reconciler.yaml' 'policy: observe'
echo "package: installed, used, upgraded and removed in a minimal Debian root"
