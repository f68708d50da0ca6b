#!/usr/bin/env bash
# Runs all tests of one build folder and ends with the line "N passed, N failed", the sum of all.
# Usage: run_tests.sh BUILD_FOLDER [NAME]      NAME: only tests whose name contains it
#        OXI_UNITS="txn storage": of the unit tests only these, and no fuzzers
#        OXI_SQL="folder ...": SQL tests (tests/sql); OXI_KILLS, OXI_POWER_LOSSES: how many (50);
#        OXI_FUZZ_SECONDS: for each fuzzer (5)
#
# Parts: unit tests; tests/sql inside the process and over the wire; every executable tests/*/run and
# examples/run (called with the build folder; its last line says "N passed, N failed"); the fuzzers,
# a few seconds each. Sanitizer builds leave out what measures time or kills processes.
set -uo pipefail

build=$(cd "$1" && pwd)
# GCC 12's sanitizers do not start, or break down now and then, where the kernel scatters a program's
# memory over more of the address space than they know of.
case $(basename "$build") in asan | tsan)
  if [ -z "${OXI_FIXED_ADDRESSES:-}" ] && setarch -R true 2>/dev/null; then
    OXI_FIXED_ADDRESSES=1 exec setarch -R "$0" "$@"
  fi
  ;;
esac
name=${2:-}
cd "$(dirname "$0")/.."
kind=$(basename "$build")
export TZ=UTC LC_ALL=C.UTF-8
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count FILE STATUS LABEL: adds the last "N passed, N failed" of FILE; a part that breaks down without
# saying so counts as one failure.
count() {
  local line p=0 f=0
  line=$(grep -aoE '[0-9]+ passed, [0-9]+ failed' "$1" | tail -1)
  if [ -n "$line" ]; then
    p=${line%% *}
    f=$(echo "$line" | cut -d' ' -f3)
  fi
  if [ "$2" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  passed=$((passed + p))
  failed=$((failed + f))
  printf '%-34s %6d passed, %d failed, %d s\n' "$3" "$p" "$f" $((SECONDS - started))
}

# part LABEL COMMAND...: runs it quietly; shows its output if it fails.
part() {
  local label=$1 status=0
  shift
  started=$SECONDS
  "$@" >"$work/out" 2>&1 || status=$?
  [ $status = 0 ] || tail -n "${OXI_TEST_LINES:-400}" "$work/out"
  count "$work/out" $status "$label"
}

unit_test() { # program
  local status=0 p f
  timeout 600 "$1" --gtest_brief=1 ${name:+--gtest_filter="*$name*"} 2>&1 || status=$?
  return $status
}

# GoogleTest's words, in ours.
unit() {
  local program=$1 label=$2 status=0 ran p f
  started=$SECONDS
  unit_test "$program" >"$work/out" 2>&1 || status=$?
  ran=$(sed -nE 's/^\[==========\] ([0-9]+) tests? from .* ran\..*/\1/p' "$work/out" | tail -1)
  f=$(sed -nE 's/^ *([0-9]+) FAILED TESTS?$/\1/p' "$work/out" | tail -1)
  [ $status = 0 ] || grep -av '^\[==========\]' "$work/out" | tail -n 200
  [ -z "$name" ] || [ "${ran:-0}" != 0 ] || [ $status != 0 ] || return 0
  echo "$((${ran:-0} - ${f:-0})) passed, ${f:-0} failed" >>"$work/out"
  count "$work/out" $status "$label"
}

units=" ${OXI_UNITS:-} "
while read -r program; do
  [ "$units" = "  " ] || [[ $units == *" ${program%_test} "* ]] || continue
  [ -n "$program" ] && unit "$build/$program" "unit: ${program%_test}"
done < <(sort -u "$build/unit_tests.txt")

read -ra sql <<<"${OXI_SQL:-tests/sql}"
if [ -x "$build/sqllogictest" ] && find "${sql[@]}" -name '*.test' 2>/dev/null | grep -q "$name"; then
  jobs=$(nproc)
  part "sql, embedded" timeout 1800 "$build/sqllogictest" -q -j "$jobs" --match "$name" "${sql[@]}"
  part "sql, rows in segments" timeout 1800 "$build/sqllogictest" -q -j "$jobs" --freeze --match "$name" "${sql[@]}"
  if [ -x "$build/oxibase" ]; then
    part "sql, over the wire" timeout 1800 "$build/sqllogictest" -q -j "$jobs" --wire --match "$name" "${sql[@]}"
  fi
fi

if [ "$kind" != asan ] && [ "$kind" != tsan ]; then
  for run in tests/*/run examples/run; do
    [ -x "$run" ] || continue
    label=$(basename "$(dirname "$run")")
    [[ $label == *"$name"* ]] || continue
    part "$label" timeout 1800 "$run" "$build"
  done
fi

if [ -f "$build/fuzzers.txt" ] && [ "$units" = "  " ]; then
  while read -r program; do
    [[ -n $program && $program == *"$name"* ]] || continue
    started=$SECONDS
    status=0
    timeout 120 "$build/$program" --seconds "${OXI_FUZZ_SECONDS:-5}" >"$work/out" 2>&1 || status=$?
    [ $status = 0 ] || tail -n 60 "$work/out"
    echo "$((status == 0)) passed, $((status != 0)) failed" >>"$work/out"
    count "$work/out" $status "fuzz: ${program%_fuzz}"
  done < <(sort -u "$build/fuzzers.txt")
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
