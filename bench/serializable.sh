#!/usr/bin/env bash
# SERIALIZABLE in OxiBase and in PostgreSQL 18: commits a second and refusals for 100 attempts, by
# workload (bench/serializable/main.cc), alternating runs, medians.
# Usage: bench/serializable.sh build/release       CLIENTS=16 SECONDS_EACH=5 RUNS=3
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."
clients=${CLIENTS:-16} seconds=${SECONDS_EACH:-5} runs=${RUNS:-3}
cmake --build "$build" --target serializable >/dev/null
. scripts/bench_servers.sh
for ((run = 0; run < runs; run++)); do
  for port in $pg_port $oxi_port; do
    "$build/serializable" "port=$port" "$clients" "$seconds" >>"$work/$port.txt"
  done
done
python3 - "$work/$pg_port.txt" "$work/$oxi_port.txt" <<'PYTHON'
import statistics, sys
def medians(path):
    rows = {}
    for line in open(path):
        name, *numbers = line.rstrip("\n").split("\t")
        rows.setdefault(name, []).append([float(n) for n in numbers])
    return {name: [statistics.median(column) for column in zip(*runs)] for name, runs in rows.items()}
sides = [medians(path) for path in sys.argv[1:]]
print(f"{'':18} {'commits a second':>19} {'refused: reads, %':>21} {'updates, %':>17} {'deadlocks, %':>17}")
print(f"{'':18} " + " ".join(f"{'PG 18':>{w}} {'OxiBase':>8}" for w in (10, 12, 8, 8)))
for name in sides[0]:
    pg, oxi = (side[name] for side in sides)
    print(f"{name:18} {pg[0]:10.0f} {oxi[0]:8.0f} " + " ".join(
        f"{pg[i]:{w}.2f} {oxi[i]:8.2f}" for i, w in ((1, 12), (2, 8), (3, 8))))
PYTHON
