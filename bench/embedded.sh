#!/usr/bin/env bash
# OxiBase against SQLite, both inside one program and in memory: medians and ratios.
# Usage: bench/embedded.sh build/release [ROWS [ROUNDS]]
set -euo pipefail
build=$1
shift
if [ ! -e /usr/include/sqlite3.h ]; then
  echo 'SQLite is missing: apt-get install libsqlite3-dev (the peer of this comparison)'
  exit 1
fi
cmake --build "$build" --target embedded -j "$(nproc)" >/dev/null
"$build/embedded" "$@"
