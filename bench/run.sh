#!/usr/bin/env bash
# All comparisons there are: every bench/*.sh but this one, with the release build.
set -uo pipefail
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null && cmake --build build/release -j "$(nproc)" || exit 1
status=0
for script in bench/*.sh; do
  [ "$script" != bench/run.sh ] || continue
  echo "== $script"
  "$script" build/release || status=1
done
exit $status
