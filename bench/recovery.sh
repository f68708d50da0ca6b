#!/usr/bin/env bash
# How long opening takes after a crash: the same pgbench work is done by a server of ours and by
# PostgreSQL 15, both without a checkpoint meanwhile, both are killed, and the time of the next start is
# taken. Prints for each: bytes of log, seconds, seconds per GB of log and per million transactions.
# usage: bench/recovery.sh BUILD_FOLDER [TRANSACTIONS] [SCALE]
set -euo pipefail
program=$(realpath "$1")/oxibase
transactions=${2:-400000} scale=${3:-20}
bin=/usr/lib/postgresql/15/bin
[ -x $bin/postgres ] || { echo "PostgreSQL 15 is not installed"; exit 1; }
work=$(mktemp -d)
chmod 755 "$work"
pids=()
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"; else "$@"; fi; }
finish() {
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  as_postgres $bin/pg_ctl -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT
now() { date +%s.%N; }
bench() { # port
  $bin/pgbench -h 127.0.0.1 -p "$1" -U postgres -i -q -s "$scale" postgres >/dev/null 2>&1
  $bin/pgbench -h 127.0.0.1 -p "$1" -U postgres -n -M prepared -c 8 -j 2 -t $((transactions / 8)) postgres | grep -E '^tps' || true
}
report() { # name, bytes, seconds
  awk -v n="$1" -v b="$2" -v s="$3" -v t="$transactions" 'BEGIN {
    printf "%-12s %6.2f GB of log  %6.2f s  %6.2f s/GB  %6.2f s per million transactions\n", n, b / 1e9, s, s / (b / 1e9), s / (t / 1e6) }'
}
check() { # port: the books balance
  psql -XAtq -h 127.0.0.1 -p "$1" -U postgres postgres -c 'SELECT count(*) FROM pgbench_history' \
    -c 'SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)' | tr '\n' ' '
  echo
}

# Ours. Commits need not wait for the disk: only the log's content matters here.
serve() {
  : >"$work/ours.log"
  "$program" serve --data "$work/ours" --listen 127.0.0.1:0 --checkpoint-log-mb 1000000 >"$work/ours.log" 2>"$work/ours.err" &
  pid=$!
  pids+=($pid)
  port=
  while [ -z "$port" ]; do
    kill -0 $pid || { cat "$work/ours.log" "$work/ours.err"; exit 1; }
    port=$(sed -nE 's/^oxibase: serving .*:([0-9]+)$/\1/p' "$work/ours.log")
    sleep 0.01
  done
}
export PGOPTIONS='-c synchronous_commit=off'
serve
bench "$port"
sleep 1 # the log's last bytes
kill -9 $pid
wait $pid 2>/dev/null || true
bytes=$(du -b --total "$work"/ours/wal/*.wal | tail -1 | cut -f1)
cat "$work"/ours/wal/*.wal >/dev/null # both find their log in the cache
begun=$(now)
serve
ended=$(now)
check "$port"
cat "$work/ours.err"
report oxibase "$bytes" "$(echo "$ended - $begun" | bc)"
kill -9 $pid

mkdir "$work/pg"
[ "$(id -u)" != 0 ] || chown postgres: "$work/pg"
as_postgres $bin/initdb -D "$work/pg" -U postgres --locale=C --encoding=UTF8 -A trust -N >/dev/null
pg_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
settings="-c max_wal_size=200GB -c checkpoint_timeout=1d -c listen_addresses=127.0.0.1 -p $pg_port -k $work/pg -c shared_buffers=2GB"
start_pg() { as_postgres $bin/pg_ctl -D "$work/pg" -l "$work/pg/log" -w -t 600 -o "$settings" start >/dev/null; }
start_pg
psql -XAtq -h 127.0.0.1 -p "$pg_port" -U postgres postgres -c CHECKPOINT
from=$(psql -XAtq -h 127.0.0.1 -p "$pg_port" -U postgres postgres -c "SELECT pg_current_wal_lsn() - '0/0'")
bench "$pg_port"
sleep 1
to=$(psql -XAtq -h 127.0.0.1 -p "$pg_port" -U postgres postgres -c "SELECT pg_current_wal_lsn() - '0/0'")
as_postgres $bin/pg_ctl -D "$work/pg" -m immediate stop >/dev/null
cat "$work"/pg/pg_wal/0* >/dev/null
begun=$(now)
start_pg
ended=$(now)
check "$pg_port"
grep -E 'redo done' "$work/pg/log" | tail -1 | sed 's/.*LOG: */PostgreSQL: /'
report PostgreSQL $((to - from)) "$(echo "$ended - $begun" | bc)"
