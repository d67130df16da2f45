#!/usr/bin/env bash
# Runs each fuzz target for so many seconds, two at a time. A crash leaves its input in .build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-300}
export FUZZ=1 SWIFT_BACKTRACE=enable=no
runtime=$(find "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/lib/clang" -name 'libclang_rt.fuzzer_no_main-*.a' | head -1)
[ -n "$runtime" ] || { echo "the toolchain has no libFuzzer" && exit 1; }
FUZZ_RUNTIME=$(dirname "$runtime")
export FUZZ_RUNTIME
swift build --scratch-path .build/fuzz --product Fuzz 2>&1 | grep -E "error|warning: unre|Compiling|Build" | tail -1
fuzz=.build/fuzz/debug/Fuzz
mkdir -p .build/fuzz/crashes

one() {
  local target=$1 work
  work=$(mktemp -d)
  local seeds=(Tests/Fuzz/Corpus/"$target")
  [ "$target" = desired ] && seeds+=(Tests/Fixtures/invalid)
  if "$fuzz" "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
    -artifact_prefix=".build/fuzz/crashes/$target-" "$work" "${seeds[@]}" >"$work.log" 2>&1; then
    echo "fuzz $target: no crash, $(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log") executions in $seconds s"
    rm -rf "$work" "$work.log"
  else
    tail -30 "$work.log"
    echo "fuzz $target: failed, see $work.log and .build/fuzz/crashes"
    return 1
  fi
}

fail=0
for pair in "desired settings" "wire names" api; do
  pids=()
  for target in $pair; do one "$target" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" || fail=1; done
done
exit "$fail"
