#!/usr/bin/env bash
# A queue in a table, on PostgreSQL 18 and OxiBase with one program: 32 consumers take jobs with
# FOR UPDATE SKIP LOCKED beside a million jobs that are done, with and without 100,000 that others
# have locked, with and without an old snapshot (medians of alternating runs).
# Usage: bench/queue.sh build/release [OPTIONS of bench/queue/main.cc...]
#   e.g. --done 100000 --locked 10000 --age 5 --churn 20000 --seconds 3 --pairs 3 for a short run
set -euo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
. scripts/bench_servers.sh

common="host=127.0.0.1 user=postgres dbname=postgres sslmode=disable"
for form in ${FORMS:-update delete}; do
  echo "form: $form"
  "$build/queue" --connect "$common port=$pg_port" --name PostgreSQL --form "$form" "$@"
  "$build/queue" --connect "$common port=$oxi_port" --name OxiBase --form "$form" "$@"
done
