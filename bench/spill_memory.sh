#!/usr/bin/env bash
# Peak resident memory of statements over more data than memory_limit: a sort, a join, aggregations
# and a window over DATA_MB of rows, in a server with LIMIT_MB and work_mem of half of that. Prints
# for each the seconds and the process's peak (VmHWM), and fails above 1.2 times the limit.
# Usage: bench/spill_memory.sh build/release     LIMIT_MB=256 DATA_MB=1024
set -euo pipefail
build=$(realpath "$1")
limit=${LIMIT_MB:-256}
rows=$((${DATA_MB:-1024} * 8192)) # of 128 bytes
folder=$(mktemp -d)
"$build/oxibase" serve --data "$folder/data" --listen 127.0.0.1:0 --memory-limit "${limit}MB" >"$folder/log" &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$folder"' EXIT
until grep -q 'serving' "$folder/log"; do sleep 0.1; done
port=$(sed -nE 's/.*:([0-9]+)$/\1/p' "$folder/log")
peak() { sed -nE 's/^VmHWM:\s+([0-9]+).*/\1/p' "/proc/$pid/status"; }
data="(SELECT i, (i * 7919::int8) % $rows AS k, 'row ' || lpad(((i * 104729::int8) % $rows)::text, 100, 'x') AS t FROM generate_series(1, $rows) i)"
failed=0
measure() { # name, SQL
  echo 5 >"/proc/$pid/clear_refs"
  local start end kb
  start=$(date +%s.%N)
  psql -h 127.0.0.1 -p "$port" -U postgres -qAtX -d postgres -c "SET work_mem = '$((limit / 2))MB'" -c "$2" >"$folder/out"
  end=$(date +%s.%N)
  kb=$(peak)
  printf '%-22s %6.1f s   peak %4d MB, %3d %% of the limit   answer %s\n' "$1" "$(echo "$end - $start" | bc)" \
    $((kb / 1024)) $((kb * 100 / 1024 / limit)) "$(head -c 60 "$folder/out")"
  [ $((kb * 10)) -le $((limit * 1024 * 12)) ] || failed=1
}
measure 'sort' "SELECT count(*), min(i), max(i) FROM (SELECT i, t FROM $data d ORDER BY t OFFSET 0) s"
measure 'sort, Top-N' "SELECT count(*) FROM (SELECT i, t FROM $data d ORDER BY t LIMIT $((rows / 2))) s"
measure 'hash join' "SELECT count(*), sum(a.i) FROM $data a JOIN $data b ON a.t = b.t"
measure 'aggregate' "SELECT count(*), sum(c) FROM (SELECT t, count(*) AS c, max(k) FROM $data d GROUP BY t) s"
measure 'count(DISTINCT)' "SELECT count(DISTINCT t) FROM $data d"
measure 'array_agg' "SELECT count(*), sum(array_length(a, 1)) FROM (SELECT k % 100000, array_agg(t) AS a FROM $data d GROUP BY 1) s"
measure 'window' "SELECT sum(r), sum(s) FROM (SELECT row_number() OVER w AS r, sum(k % 10) OVER w AS s FROM $data d WINDOW w AS (PARTITION BY k % 10000 ORDER BY t)) s"
measure 'EXCEPT' "SELECT count(*) FROM (SELECT t FROM $data a EXCEPT SELECT t FROM $data b WHERE i % 2 = 0) s"
measure 'CTE' "WITH c AS MATERIALIZED (SELECT * FROM $data d) SELECT (SELECT sum(i) FROM c), (SELECT sum(k) FROM c)"
measure 'result to the client' "SELECT * FROM (SELECT i, t FROM $data d ORDER BY t OFFSET $((rows - 1000))) s"
exit $failed
