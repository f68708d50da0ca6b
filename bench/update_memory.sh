#!/usr/bin/env bash
# The memory of a server under updates: UPDATES single-row updates of the same 1,000 rows by 8
# clients, with another session's snapshot open for the second half. Prints resident memory (KB)
# before, half way and after, and the growth.
# Usage: bench/update_memory.sh build/release     UPDATES=10000000
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."
if [ -z "${PGPORT:-}" ]; then
  export UPDATES=${UPDATES:-10000000}
  exec scripts/with_server.sh "$build/oxibase" "$0" "$build"
fi
clients=8
pid=$(ps -o ppid= -p $$ | xargs -I{} pgrep -P {} -x oxibase)
resident() { sed -nE 's/^VmRSS:\s+([0-9]+).*/\1/p' "/proc/$pid/status"; }
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script" <<'SQL'
\set id random(1, 1000)
UPDATE hot SET n = n + 1 WHERE id = :id;
SQL
psql -qc 'CREATE TABLE hot (id integer PRIMARY KEY, n bigint NOT NULL); INSERT INTO hot SELECT i, 0 FROM generate_series(1, 1000) i'
updates() { # count
  PGOPTIONS='-c synchronous_commit=off' pgbench -n -M prepared -c $clients -j 2 -t $(($1 / clients)) -f "$script" |
    grep -E '^number of failed|^tps'
}
updates 80000 >/dev/null # what connections, threads and plans need, once
before=$(resident)
updates $((UPDATES / 2))
half=$(resident)
coproc psql -qAt
echo 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT sum(n) FROM hot;' >&"${COPROC[1]}"
read -r seen <&"${COPROC[0]}"
updates $((UPDATES / 2))
after=$(resident)
echo 'SELECT sum(n) FROM hot;' >&"${COPROC[1]}"
read -r still <&"${COPROC[0]}"
echo 'COMMIT; SELECT sum(n) FROM hot;' >&"${COPROC[1]}"
read -r now <&"${COPROC[0]}"
echo "the old snapshot saw $seen, then $still; now $now"
echo "before $before KB, half way $half KB, after $after KB: growth $((100 * (after - before) / before)) %"
[ "$seen" = "$still" ] && [ "$now" = $((UPDATES + 80000)) ]
