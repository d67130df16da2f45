#!/usr/bin/env bash
# Installs the C libraries that the build needs, where they are missing and that is possible. Safe to run again.
set -euo pipefail

modules=(yaml-0.1 sqlite3 libcurl libmicrohttpd gnutls libpcre2-8)
packages=(libyaml-dev libsqlite3-dev libcurl4-openssl-dev libmicrohttpd-dev libgnutls28-dev libpcre2-dev pkg-config)

missing() {
  command -v pkg-config >/dev/null || { echo pkg-config; return; }
  for module in "${modules[@]}"; do pkg-config --exists "$module" || echo "$module"; done
}

explain() {
  echo "Missing: $1" >&2
  echo "  Debian, Ubuntu: apt-get install ${packages[*]}" >&2
  echo "  Fedora:         dnf install libyaml-devel sqlite-devel libcurl-devel libmicrohttpd-devel gnutls-devel pcre2-devel pkgconf" >&2
  echo "  Homebrew:       brew install libyaml sqlite curl libmicrohttpd gnutls pcre2 pkg-config" >&2
  exit 1
}

command -v swift >/dev/null || { echo "Missing: the Swift toolchain 6.2 or later, see https://www.swift.org/install" >&2; exit 1; }

absent=$(missing | tr '\n' ' ')
[ -n "$absent" ] || exit 0
command -v apt-get >/dev/null || explain "$absent"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || explain "$absent"
  as_root=(sudo -n)
fi
echo "Installing: $absent"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq "${packages[@]}" >/dev/null
absent=$(missing | tr '\n' ' ')
[ -z "$absent" ] || explain "$absent"
