#!/usr/bin/env bash
# The two commands of the README in a minimal Debian root: what they need and do not set up themselves shows here, and
# nowhere on a machine that was worked on. Needs root.
#
#   scripts/fresh.sh [COMMAND...]     default: make demo, then make test
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
. scripts/debian-root.sh

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
  grep -E '^(conformance|fault suite|demo|lint|openapi|curl|killed|fuzz .*no crash|.*Test run with)' "$root/command.log" || true
  echo "fresh: $command: done in $((SECONDS - start)) s"
done
