#!/usr/bin/env bash
# What the tests talk to besides our own programs: a mail server, Alertmanager, promtool, nginx and curl, from Debian's
# packages, and schemathesis from PyPI, in an environment of its own.
# Alertmanager, Prometheus and nginx are only unpacked, into .build/test-tools: installed they would start as services.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/.build/test-tools

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

give_up() {
  echo "Missing for the tests: $1" >&2
  echo "  Debian, Ubuntu: apt-get install $packages; and prometheus-alertmanager, prometheus, nginx in the PATH" >&2
  exit 1
}

export DEBIAN_FRONTEND=noninteractive
packages="git curl python3-aiosmtpd python3-venv tzdata util-linux"
if ! { command -v git && command -v curl && command -v prlimit && [ -e /usr/share/zoneinfo/Europe/Berlin ] &&
  /usr/bin/python3 -c "import aiosmtpd, ensurepip"; } >/dev/null 2>&1; then
  command -v apt-get >/dev/null || give_up "$packages"
  # shellcheck disable=SC2086
  { as_root apt-get update -qq && as_root apt-get install -y -qq $packages >/dev/null; } || give_up "$packages"
fi

fetch() { # PACKAGE PROGRAM, or the path of a file
  if command -v "$2" >/dev/null || [ -x "$tools/usr/bin/$2" ] || [ -x "$tools/usr/sbin/$2" ]; then return; fi
  if [ -e "/$2" ] || [ -e "$tools/$2" ]; then return; fi
  command -v apt-get >/dev/null || give_up "$2"
  local place
  place=$(mktemp -d)
  chmod 777 "$place"
  (cd "$place" && apt-get download -qq "$1" >/dev/null 2>&1) ||
    { as_root apt-get update -qq && (cd "$place" && apt-get download -qq "$1" >/dev/null); } || give_up "$2"
  mkdir -p "$tools"
  dpkg -x "$place"/"$1"_*.deb "$tools"
  rm -r "$place"
}
fetch prometheus-alertmanager prometheus-alertmanager
fetch prometheus promtool
fetch nginx nginx
fetch libnginx-mod-stream usr/lib/nginx/modules/ngx_stream_module.so
# Alertmanager reads its template from the place that is compiled into it, wherever the program itself is.
templates=/usr/share/prometheus/alertmanager
if [ ! -e "$templates/default.tmpl" ]; then
  as_root install -D -m 644 -t "$templates" "$tools$templates"/*.tmpl || give_up "$templates/default.tmpl"
fi
# Made anew where the list of versions has changed.
if ! cmp -s scripts/openapi-tools.txt "$tools/openapi/versions.txt"; then
  rm -rf "$tools/openapi"
  /usr/bin/python3 -m venv "$tools/openapi"
  "$tools/openapi/bin/pip" install -q --disable-pip-version-check -r scripts/openapi-tools.txt ||
    { echo "schemathesis cannot be installed: the tests need a Python package index" >&2 && exit 1; }
  cp scripts/openapi-tools.txt "$tools/openapi/versions.txt"
fi
# Only what is compared with it needs it.
if [ -n "${EXPORTER:-}" ]; then fetch prometheus-blackbox-exporter prometheus-blackbox-exporter; fi
