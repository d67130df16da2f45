#!/usr/bin/env bash
# Makes what people download: a Debian package, a tarball for other Linux, their checksums, and a bill of materials (SPDX).
# The same recipe on x86-64 and arm64, for the machine that it runs on. Needs dpkg-dev; reads the version from the program.
#
#   scripts/package.sh BINARY [DIRECTORY] [VERSION]     default: dist/, and the version of BINARY
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "$1")
out=${2:-dist}
command -v dpkg-shlibdeps >/dev/null || { echo "package: install dpkg-dev" >&2; exit 1; }
number=$("$binary" version | sed -E 's/^reconciler ([^ ]+).*/\1/')
commit=$("$binary" version | sed -nE 's/.*\(([0-9a-f]+(-dirty)?), .*/\1/p' | tr - .)
day=$("$binary" version | sed -nE 's/.*, ([0-9-]+)\)/\1/p')
# A tag is a release; what lies between two is older than the next one.
if git describe --exact-match --tags --match "v$number" >/dev/null 2>&1; then
  version=$number
else
  version="$number~git${day//-/}.${commit:-unknown}"
fi
version=${3:-$version}
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
rm -rf "$out"
mkdir -p "$out"
# Times of the commit, not of the build: the same sources make the same package.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH

install -D -m 755 "$binary" "$root/usr/bin/reconciler"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/reconciler"
manual() { mkdir -p "$root/usr/share/man/man$2" && "$binary" manual "$1" | gzip -9n >"$root/usr/share/man/man$2/$1.gz"; }
manual reconciler.1 1
manual reconciler.yaml.5 5
manual reconciler-desired.5 5
completion() { mkdir -p "$root$(dirname "$2")" && "$binary" completion "$1" >"$root$2"; }
completion bash /usr/share/bash-completion/completions/reconciler
completion zsh /usr/share/zsh/vendor-completions/_reconciler
completion fish /usr/share/fish/vendor_completions.d/reconciler.fish
mkdir -p "$root/usr/lib/systemd/system" "$root/etc/reconciler"
sed 's,/usr/local/bin/,/usr/bin/,' packaging/systemd/reconciler.service >"$root/usr/lib/systemd/system/reconciler.service"
documents=$root/usr/share/doc/reconciler
mkdir -p "$documents/examples"
"$binary" manual reconciler.yaml >"$documents/examples/reconciler.yaml"
cp -r examples/small "$documents/examples/desired"
cp packaging/debian/copyright "$documents/copyright"
gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
{
  printf 'reconciler (%s) unstable; urgency=medium\n\n  * See changelog.gz for what changed.\n\n' "$version"
  printf ' -- The reconciler authors <reconciler@example.com>  %s\n' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$documents/changelog.Debian.gz"
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f ! -path '*/usr/bin/*' -exec chmod 644 {} +

# What the binary needs of Debian, with the versions that have the symbols it uses.
mkdir -p "$work/debian"
printf 'Source: reconciler\n\nPackage: reconciler\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/reconciler 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: reconciler
Version: $version
Architecture: $architecture
Maintainer: The reconciler authors <reconciler@example.com>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends, ca-certificates
Recommends: git, openssh-client
Section: admin
Priority: optional
Homepage: https://example.com/reconciler
Description: GitOps for Nginx Proxy Manager
 Keeps the proxy hosts, redirections, streams, access lists and certificates of
 a Nginx Proxy Manager as YAML files in git describe them: shows what would
 change, applies it one by one, proves each change, and reports what was
 changed behind its back. Runs once, in CI, or as a daemon with health checks
 and alerts.
CONTROL
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
chmod 644 "$root/DEBIAN/md5sums"
package=reconciler_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$out/$package" >/dev/null

# The same files for other Linux; what it links to has to be there.
folder=reconciler-$version-linux-$(uname -m)
mkdir -p "$work/$folder/bin" "$work/$folder/share"
cp "$root/usr/bin/reconciler" "$work/$folder/bin/"
cp -r "$root/usr/share/man" "$root/usr/share/doc" "$root/usr/share/bash-completion" "$work/$folder/share/"
cp packaging/systemd/reconciler.service "$work/$folder/"
objdump -p "$root/usr/bin/reconciler" | awk '/NEEDED/ { print $2 }' >"$work/$folder/LIBRARIES"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$work" -czf "$out/$folder.tar.gz" "$folder"

scripts/sbom.py "$root/usr/bin/reconciler" "$version" "${commit:-unknown}" >"$out/reconciler-$version.spdx.json"
(cd "$out" && sha256sum "$package" "$folder.tar.gz" "reconciler-$version.spdx.json" >SHA256SUMS)
echo "package: $(ls "$out" | tr '\n' ' ')in $out/"
