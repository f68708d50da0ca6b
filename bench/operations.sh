#!/usr/bin/env bash
# Builds the program that joins a harness of embedded operations (engine.h and its sources, which
# are no part of this project): build/release/operations.
# Usage: HARNESS=folder-of-engine.h bench/operations.sh build/release
set -euo pipefail
build=$1
if [ -z "${HARNESS:-}" ]; then
  echo 'left out: HARNESS names no folder with the harness of the embedded operations'
  exit 0
fi
cmake -S "$(dirname "$0")/.." -B "$build" -DOXI_OPERATIONS="$(realpath "$HARNESS")" >/dev/null
cmake --build "$build" --target operations -j "$(nproc)" >/dev/null
echo "$build/operations: pass it to the harness as a further engine"
