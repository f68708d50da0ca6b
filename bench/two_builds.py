#!/usr/bin/env python3
"""Two builds of the program, the same statements, in turn: what a change costs or brings.

Each is a server with a database in memory and memory enough. Prints for each statement the medians
in milliseconds and their ratio (above 1: the second is slower).

usage: bench/two_builds.py OLD_BUILD NEW_BUILD [ROUNDS] [ROWS]
"""
import os
import re
import statistics
import subprocess
import sys

STATEMENTS = {
    "sort, int8": "SELECT max(k), max(t) FROM (SELECT k, t FROM d ORDER BY k OFFSET 0) s",
    "sort, text": "SELECT max(k), max(t) FROM (SELECT k, t FROM d ORDER BY t OFFSET 0) s",
    "sort, two keys": "SELECT max(k), max(t) FROM (SELECT k, t FROM d ORDER BY k % 100, t DESC OFFSET 0) s",
    "Top-N": "SELECT max(k), max(t) FROM (SELECT k, t FROM d ORDER BY t LIMIT 100) s",
    "100 groups": "SELECT k % 100, count(*), sum(k), max(t) FROM d GROUP BY 1",
    "a group for 10 rows": "SELECT sum(c), max(a) FROM (SELECT k / 10, count(*) AS c, sum(k) AS a FROM d GROUP BY 1) s",
    "a group a row": "SELECT sum(c) FROM (SELECT k, count(*) AS c FROM d GROUP BY 1) s",
    "text groups": "SELECT max(a) FROM (SELECT t, sum(k) AS a FROM d GROUP BY 1) s",
    "count(DISTINCT)": "SELECT count(DISTINCT k) FROM d",
    "array_agg": "SELECT sum(array_length(a, 1)) FROM (SELECT k % 1000, array_agg(k ORDER BY t) AS a FROM d GROUP BY 1) s",
    "hash join, small right": "SELECT count(*), sum(d.k) FROM d JOIN s ON d.k % 10000 = s.k",
    "hash join, all": "SELECT count(*), sum(a.k) FROM d a JOIN d b ON a.k = b.k",
    "hash join, text": "SELECT count(*), sum(a.k) FROM d a JOIN d b ON a.t = b.t",
    "left join": "SELECT count(*), count(s.k) FROM d LEFT JOIN s ON d.k = s.k",
    "window": "SELECT sum(r) FROM (SELECT row_number() OVER (PARTITION BY k % 1000 ORDER BY t) AS r FROM d) s",
    "EXCEPT": "SELECT count(*) FROM (SELECT k FROM d EXCEPT SELECT k FROM s) x",
    "CTE": "WITH c AS MATERIALIZED (SELECT k, t FROM d) SELECT (SELECT sum(k) FROM c), (SELECT max(t) FROM c)",
    "1,000 small sorts": "SELECT sum((SELECT k FROM s WHERE s.k < o.k % 20 + g - g ORDER BY t LIMIT 1)) "
    "FROM (SELECT k FROM s LIMIT 1000) o, generate_series(1, 1) g",
}


class Program:
    def __init__(self, build, rows):
        self.process = subprocess.Popen(
            [os.path.join(build, "oxibase"), "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.port = re.search(r":(\d+)$", self.process.stdout.readline()).group(1)
        self.query(
            f"CREATE TABLE d AS SELECT (i * 7919::int8) % {rows} AS k, 'row ' || (i * 104729::int8) % {rows} AS t "
            f"FROM generate_series(1, {rows}) i; CREATE TABLE s AS SELECT k, t FROM d WHERE k < 10000; ANALYZE")
        self.times = {}

    def query(self, text):
        """Its milliseconds, as psql takes them."""
        done = subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-d", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1"],
            input="\\timing on\n\\o /dev/null\n" + text + ";\n", capture_output=True, text=True, check=True)
        found = re.findall(r"Time: ([\d.]+) ms", done.stdout)
        return float(found[-1])


def main():
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    rows = int(sys.argv[4]) if len(sys.argv) > 4 else 500_000
    programs = []
    try:
        for build in sys.argv[1:3]:
            programs.append(Program(build, rows))
        for turn in range(rounds + 1):
            for name, text in STATEMENTS.items():
                for program in programs[:: 1 if turn % 2 else -1]:
                    took = program.query(text)
                    if turn > 0:  # the first warms up
                        program.times.setdefault(name, []).append(took)
        for name in STATEMENTS:
            old, new = (statistics.median(program.times[name]) for program in programs)
            best = min(programs[1].times[name]) / min(programs[0].times[name])
            print(f"{name:24} {old:9.1f} {new:9.1f} {new / old:7.2f}   of the best runs {best:5.2f}")
    finally:
        for program in programs:
            program.process.kill()


if __name__ == "__main__":
    main()
