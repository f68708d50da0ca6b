#!/usr/bin/env bash
# Loads the index into OxiBase and into a PostgreSQL, runs the queries on both with psql, and compares
# what they print. Ends with a table of times (the better of three runs each, in milliseconds).
#
# Usage: compare.sh PROGRAM 'host=127.0.0.1 port=5432 user=postgres' [INDEX]
#   PROGRAM   build/release/oxibase
#   second    a PostgreSQL; the database oxibase_packages is made anew there, and dropped at the end
#   INDEX     a file in the form of Packages; without it, the release's own index
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

play() { # conninfo output
  psql -X -q -v ON_ERROR_STOP=1 "$1" -f "$here/tables.sql" -f "$here/load.sql" >"$2.load" 2>/dev/null
  local i
  for i in 1 2 3; do
    psql -X -q -v ON_ERROR_STOP=1 "$1" -c '\timing on' -f "$here/depended_on.sql" \
      -f "$here/reach.sql" -f "$here/sizes.sql" >"$2.run"
    grep '^Time: ' "$2.run" | awk '{print $2}' >"$2.time$i"
  done
  { cat "$2.load"; grep -v '^Time: ' "$2.run"; } >"$2.answer"
  paste "$2".time? | awk '{m = $1; for (i = 2; i <= NF; i++) if ($i < m) m = $i; print m}' >"$2.best"
}

if [ "${1:-}" = --inside ]; then
  play "" "$2/oxibase"
  exit
fi
[ $# -ge 2 ] || { sed -n '2,9p' "$0"; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$(realpath "$1")
"$here/make_csv.py" "$work" ${3:+"$(realpath "$3")"}
cd "$work"

psql -X -q "$2 dbname=postgres" -c 'DROP DATABASE IF EXISTS oxibase_packages' 2>/dev/null
psql -X -q "$2 dbname=postgres" -c 'CREATE DATABASE oxibase_packages TEMPLATE template0'
play "$2 dbname=oxibase_packages" "$work/postgres"
psql -X -q "$2 dbname=postgres" -c 'DROP DATABASE oxibase_packages'
"$here/../../scripts/with_server.sh" "$program" "$here/compare.sh" --inside "$work"

# Each statement that was timed, in the order of the runs.
{
  echo 'most depended-on'
  echo 'PREPARE'
  sed -nE "s/^EXECUTE reach\('(.*)'\);/reach \1/p" "$here/reach.sql"
  echo 'DEALLOCATE'
  echo 'sizes of sections'
  echo 'largest packages'
} >"$work/names"
paste -d '|' "$work/names" "$work/oxibase.best" "$work/postgres.best" |
  awk -F'|' 'BEGIN {printf "%-32s %10s %10s %7s\n", "", "OxiBase", "PostgreSQL", "times"}
    $1 !~ /^[A-Z]+$/ {printf "%-32s %10.2f %10.2f %7.2f\n", $1, $2, $3, $3 / $2}'
if diff -u "$work/postgres.answer" "$work/oxibase.answer"; then
  echo "all answers are equal"
else
  echo "answers differ (- PostgreSQL, + OxiBase)"
  exit 1
fi
