#!/usr/bin/env bash
# Bytes on disk of TPC-H's lineitem, loaded with its primary key into PostgreSQL 18 and OxiBase: the CSV, and the
# table without and with its index, after a checkpoint.
# usage: bench/table_size.sh BUILD_FOLDER lineitem.csv   (PyPI's tpchgen-cli makes it: tpchgen-cli csv -s 1 --tables lineitem)
set -euo pipefail
build=$(realpath "$1") csv=$(realpath "$2")
cd "$(dirname "$0")/.."
. scripts/bench_servers.sh
table="CREATE TABLE lineitem (l_orderkey int8, l_partkey int4, l_suppkey int4, l_linenumber int4, l_quantity numeric(15,2),
  l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag char(1), l_linestatus char(1),
  l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10), l_comment varchar(44),
  PRIMARY KEY (l_orderkey, l_linenumber))"
row() { awk -v n="$1" -v b="$2" -v p="$3" 'BEGIN { printf "%-42s %8.1f MB  %5.3f\n", n, b / 1e6, b / p }'; }
bytes() { psql -XAtq -p "$1" -c "SELECT $2"; }
sums="SELECT count(*), sum(l_quantity), sum(l_extendedprice * (1 - l_discount)), min(l_shipdate), max(l_comment) FROM lineitem"

for port in "$pg_port" "$oxi_port"; do
  psql -Xq -v ON_ERROR_STOP=1 -p "$port" -c "$table" -c "\\copy lineitem FROM '$csv' CSV HEADER" -c CHECKPOINT
done
psql -Xq -p "$pg_port" -c "VACUUM lineitem"
[ "$(psql -XAtq -p "$pg_port" -c "$sums")" = "$(psql -XAtq -p "$oxi_port" -c "$sums")" ] || { echo 'the tables differ'; exit 1; }
peer=$(bytes "$pg_port" "pg_table_size('lineitem')") peer_all=$(bytes "$pg_port" "pg_total_relation_size('lineitem')")
echo "lineitem, $(bytes "$oxi_port" "count(*) FROM lineitem") rows; ratios to PostgreSQL's"
row "CSV" "$(stat -c %s "$csv")" "$peer"
row "PostgreSQL, table" "$peer" "$peer"
row "PostgreSQL, with its primary key" "$peer_all" "$peer_all"
row "OxiBase, table" "$(bytes "$oxi_port" "pg_table_size('lineitem')")" "$peer"
row "OxiBase, with its primary key" "$(bytes "$oxi_port" "pg_total_relation_size('lineitem')")" "$peer_all"
