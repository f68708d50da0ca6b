#!/usr/bin/env bash
# OxiBase against PostgreSQL 18 with the same client: pgbench, alternating runs, medians, ratios.
# Usage: bench/pgbench.sh build/release [NAME...]    NAME: select-prepared, select-simple, tpcb-prepared
#   PG_BIN    folder of PostgreSQL's programs (default: fetched by bench/postgres18.sh)
#   SCALE=10 CLIENTS=16 JOBS=2 SECONDS_EACH=30 RUNS=5
# PostgreSQL runs with its defaults and C locale; both sync each commit to the same file system
# (TMPDIR chooses it).
set -euo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
names=${*:-select-prepared select-simple tpcb-prepared}
scale=${SCALE:-10} clients=${CLIENTS:-16} jobs=${JOBS:-2} seconds=${SECONDS_EACH:-30} runs=${RUNS:-5}
pgbench=$(command -v pgbench || ls /usr/lib/postgresql/*/bin/pgbench | tail -1)
. scripts/bench_servers.sh

for port in $pg_port $oxi_port; do PGPORT=$port "$pgbench" -i -q -s "$scale" 2>/dev/null; done
tps() { # port mode script...
  PGPORT=$1 "$pgbench" -n -M "$2" -c "$clients" -j "$jobs" -T "$seconds" "${@:3}" 2>"$work/err" |
    sed -nE 's/^tps = ([0-9.]+).*/\1/p'
  ! grep -q . "$work/err" || cat "$work/err" >&2
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
printf '%-24s %12s %12s %7s\n' "tps, median of $runs" "$(as_user "$bin/postgres" -V | sed -E 's/.* ([0-9.]+)$/PG \1/')" OxiBase ratio
compare() { # label mode script...
  local pg="" oxi=""
  for ((run = 0; run < runs; run++)); do
    pg+="$(tps "$pg_port" "${@:2}")"$'\n'
    oxi+="$(tps "$oxi_port" "${@:2}")"$'\n'
  done
  pg=$(grep . <<<"$pg" | median) oxi=$(grep . <<<"$oxi" | median)
  awk -v l="$1" -v p="$pg" -v o="$oxi" 'BEGIN {printf "%-24s %12.0f %12.0f %7.2f\n", l, p, o, o / p}'
}
for name in $names; do
  case $name in
    select-prepared) compare 'select-only, prepared' prepared -S ;;
    select-simple) compare 'select-only, simple' simple -S ;;
    tpcb-prepared) compare 'TPC-B, prepared' prepared ;;
    *) echo "no comparison named $name"; exit 1 ;;
  esac
done
