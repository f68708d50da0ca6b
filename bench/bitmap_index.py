#!/usr/bin/env python3
"""Bitmap indexes against none, ordered ones and PostgreSQL's.

2,000,000 rows with three columns of few values; `count(*)` with conditions on all three, and others.
Each way has a server of its own, with its rows in memory and once more with all rows in segments
(--memory-limit makes them leave). Prints sizes of the indexes and medians of milliseconds.

usage: bench/bitmap_index.py BUILD_FOLDER [--rows N] [--rounds N] [--postgres "host=... port=..."]
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile

COLUMNS = ("a", "b", "c")
QUERIES = {
    "a = 1 AND b IN (2, 3) AND c = 'x'": "a = 1 AND b IN (2, 3) AND c = 'c3'",
    "a = 1": "a = 1",
    "c = 'x'": "c = 'c17'",
    "a = 1 OR c = 'x'": "a = 1 OR c = 'c17'",
    "b = 4 AND c IN (2 values)": "b = 4 AND c IN ('c5', 'c6')",
}


class Server:
    """An `oxibase serve` on a folder of its own."""

    def __init__(self, program, *options):
        self.folder = tempfile.mkdtemp(prefix="oxibase-bitmap.")
        self.process = subprocess.Popen(
            [program, "serve", "--data", os.path.join(self.folder, "data"), "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        while port is None:
            said = re.search(r"serving .*:(\d+)$", self.process.stdout.readline().strip())
            port = said and said.group(1)
        self.where = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def psql(where, text):
    done = subprocess.run(["psql", where, "-XAtq", "-v", "ON_ERROR_STOP=1"], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout


def load(where, rows, method, checkpoint):
    psql(where, f"""DROP TABLE IF EXISTS bitmap_bench;
      CREATE TABLE bitmap_bench (id int, a int, b int, c text, note text);
      INSERT INTO bitmap_bench SELECT i, (i * 7919::int8 % 104729) % 4, (i * 104729::int8 % 7919) % 10,
        'c' || (i * 15485863::int8 % 32452843) % 40, 'note ' || i FROM generate_series(1, {rows}) i;""")
    if method:
        for column in COLUMNS:
            psql(where, f"CREATE INDEX bitmap_bench_{column} ON bitmap_bench USING {method} ({column});")
    psql(where, "ANALYZE bitmap_bench;")
    if checkpoint:
        psql(where, "CHECKPOINT; CHECKPOINT;")


def measure(where, rounds, parallel):
    times, answers = {}, []
    for name, condition in QUERIES.items():
        query = f"SELECT count(*) FROM bitmap_bench WHERE {condition};"
        answers.append(psql(where, query).strip())
        said = psql(where, ("" if parallel else "SET max_parallel_workers_per_gather = 0;\n") + "\\timing on\n" + (query + "\n") * rounds)
        times[name] = statistics.median(float(ms) for ms in re.findall(r"Time: ([\d.]+) ms", said)[-rounds:])
    return times, answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--memory-limit", default="160MB", help="under which rows leave memory")
    parser.add_argument("--postgres", help="how psql finds PostgreSQL; its database gets a table bitmap_bench")
    args = parser.parse_args()
    program = os.path.join(args.build, "oxibase")
    ways = {}
    for name, method in (("none", None), ("ordered", "btree"), ("bitmap", "bitmap")):
        ways[name] = (program, method, ())
        ways[name + ", segments"] = (program, method, ("--memory-limit", args.memory_limit))
    if args.postgres:
        ways["PostgreSQL, none"] = (None, None, ())
        ways["PostgreSQL, btree"] = (None, "btree", ())
    results, sizes, known = {}, {}, None
    for name, (program_, method, options) in ways.items():
        server = Server(program_, *options) if program_ else None
        where = server.where if server else args.postgres
        load(where, args.rows, method, bool(options) or not server)
        results[name], answers = measure(where, args.rounds, server is not None)
        known = known or answers
        if answers != known:
            raise SystemExit(f"{name}: {answers}, not {known}")
        if method:
            sizes[name] = [int(psql(where, f"SELECT pg_relation_size('bitmap_bench_{c}');")) for c in COLUMNS]
        if server:
            server.stop()
        else:
            psql(where, "DROP TABLE bitmap_bench;")
    print("| bytes a row of the index on | a (4 values) | b (10) | c (40) |\n|---|---:|---:|---:|")
    for name, bytes_ in sizes.items():
        print(f"| {name} | " + " | ".join(f"{size / args.rows:.2f}" for size in bytes_) + " |")
    print("\n| milliseconds | " + " | ".join(QUERIES) + " |\n|---" + "|---:" * len(QUERIES) + "|")
    for name, times in results.items():
        print(f"| {name} | " + " | ".join(f"{times[query]:.1f}" for query in QUERIES) + " |")


if __name__ == "__main__":
    main()
