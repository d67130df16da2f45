#!/usr/bin/env bash
# Runs the tests and the short form of the fault suite under a sanitizer, in a build folder of its own: thread or address.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1
export SWIFT_BACKTRACE=enable=no
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
export ASAN_OPTIONS="detect_leaks=0"
# Ten times slower, and no faster with hundreds of tests at once: each keeps its own time limits.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4
scripts/test-tools.sh
echo "sanitize: $kind"
swift test --sanitize="$kind" --scratch-path ".build/sanitize-$kind"
swift build --sanitize="$kind" --scratch-path ".build/sanitize-$kind" --product FaultSuite
".build/sanitize-$kind/debug/FaultSuite" --short
