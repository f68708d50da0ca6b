#!/usr/bin/env python3
"""A table several times larger than memory_limit, through `oxibase serve` and psql.

Loads a table with a primary key and a secondary index, reads it in several ways, builds an index,
changes one row in a hundred, changes every row in one transaction (rolled back, committed, killed
half way), and opens the folder again. Each phase has the server's peak memory of its own (VmHWM,
reset before it), its seconds, the most bytes the folder had on disk with unnamed temporary files,
and a check of what the table has. Ends with 1 if a check fails, a statement fails or the peak of a
phase is above 1.2 times the limit.

usage: bench/large_table.py BUILD_FOLDER [--limit 256] [--factor 4] (-h: more)
"""
import argparse
import base64
import collections
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ALLOWED = 1.2  # times the limit
BODY = 100  # bytes of text
ROW_BYTES = 3 * 8 + BODY + 10  # what a row is counted as
BLOCK = 4096  # rows made at once
SEED = 7919


def next_prime(n):
    while any(n % d == 0 for d in range(2, int(n**0.5) + 1)):
        n += 1
    return n


class Table:
    """What the table must have: rows (id, k, n, body) with id from 1 to `rows`, k = a permutation of
    them, n = how often the row was changed, and a body that begins with the id."""

    def __init__(self, rows):
        self.rows = next_prime(rows)
        self.sum_n = 0

    def key(self, row):
        return row * SEED % self.rows

    def lines(self):
        chance = random.Random(SEED)
        for first in range(1, self.rows + 1, BLOCK):
            text = base64.b64encode(chance.randbytes(BLOCK * BODY * 3 // 4)).decode()
            last = min(first + BLOCK, self.rows + 1)
            yield "".join(
                f"{i}\t{i * SEED % self.rows}\t0\t{i}:{text[(i - first) * BODY:(i - first + 1) * BODY]}\n"
                for i in range(first, last)
            ).encode()


class Server:
    """One `oxibase serve`, watched: the bytes of its folder and of files without a name."""

    def __init__(self, program, data, options):
        self.data, self.log = data, open(data + ".log", "ab+")
        self.peak_disk = 0
        begun = time.monotonic()
        at = self.log.seek(0, os.SEEK_END)
        command = [program, "serve", "--data", data, "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        self.port = None
        while self.port is None:
            if self.process.poll() is not None:
                raise RuntimeError("the server does not start: " + self.text(at))
            said = re.search(r"serving .*:(\d+)$", self.text(at), re.M)
            self.port = said and said.group(1)
            time.sleep(0.005)
        self.opening = time.monotonic() - begun
        self.watch = threading.Thread(target=self.look, daemon=True)
        self.watch.start()

    def text(self, at):
        self.log.seek(at)
        return self.log.read().decode()

    def look(self):
        while self.process.poll() is None:
            self.peak_disk = max(self.peak_disk, self.disk())
            time.sleep(0.1)

    def disk(self):
        blocks = 0
        for folder, _, names in os.walk(self.data):
            for name in names:
                try:
                    blocks += os.lstat(os.path.join(folder, name)).st_blocks
                except FileNotFoundError:
                    pass  # removed meanwhile
        fds = f"/proc/{self.pid}/fd"
        try:
            for fd in os.listdir(fds):
                try:
                    state = os.stat(os.path.join(fds, fd))
                    if state.st_nlink == 0:
                        blocks += state.st_blocks
                except OSError:
                    pass
        except OSError:
            pass
        return blocks * 512

    def reset_peaks(self):
        self.peak_disk = 0
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")

    def memory(self, what):
        with open(f"/proc/{self.pid}/status") as file:
            found = re.search(rf"^{what}:\s+(\d+)", file.read(), re.M)
        return int(found.group(1)) * 1024 if found else 0

    def command(self, *arguments):
        return ["psql", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-d", "postgres",
                "-XAtq", "-v", "ON_ERROR_STOP=1", *arguments]

    def query(self, *statements):
        """Each statement by itself, unless they are one string. Returns what they give."""
        arguments = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[0])
        return done.stdout.strip()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


Line = collections.namedtuple("Line", "name seconds peak disk error note")


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.limit = arguments.limit << 20
        self.table = Table(self.limit * arguments.factor // ROW_BYTES)
        self.folder = tempfile.mkdtemp(prefix="large_table.", dir=arguments.folder)
        self.data = os.path.join(self.folder, "data")
        self.options = ["--memory-limit", f"{arguments.limit}MB", "--checkpoint-log-mb",
                        str(arguments.log_mb), *arguments.serve]
        self.lines = []
        self.server = None
        self.failed = False

    def open(self):
        self.server = Server(os.path.join(self.arguments.build, "oxibase"), self.data, self.options)

    # ---- Phases. Each returns a note, or raises.

    def load(self):
        self.server.query(
            "CREATE TABLE large (id int8 PRIMARY KEY, k int8 NOT NULL, n int8 NOT NULL, body text NOT NULL)",
            "CREATE INDEX large_k ON large (k)")
        size, lines = 0, self.table.lines()
        each = self.table.rows // self.arguments.copies + 1
        for _ in range(self.arguments.copies):
            loader = subprocess.Popen(self.server.command("-c", r"\copy large FROM STDIN"),
                                      stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                for block in itertools.islice(lines, each // BLOCK + 1):
                    loader.stdin.write(block)
                    size += len(block)
                loader.stdin.close()
            except BrokenPipeError:
                pass
            errors = loader.stderr.read().decode().strip()
            if loader.wait() != 0:
                raise RuntimeError(errors.splitlines()[0])
        return f"{size / 1e6:.0f} MB of text"

    def point_reads(self, column):
        chance = random.Random(SEED)
        count = self.arguments.reads
        ids = [chance.randrange(1, self.table.rows) for _ in range(count)]
        script = [f"PREPARE p (int8) AS SELECT id, k, body FROM large WHERE {column} = $1;\n"]
        for i in ids:
            script.append(f"EXECUTE p ({i if column == 'id' else self.table.key(i)});\n")
        done = subprocess.run(self.server.command("-f", "-"), input="".join(script),
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[0])
        rows = done.stdout.splitlines()
        for i, row in zip(ids, rows):
            if not row.startswith(f"{i}|{self.table.key(i)}|{i}:"):
                raise RuntimeError(f"row {i}: {row[:40]}")
        if len(rows) != count:
            raise RuntimeError(f"{len(rows)} rows of {count}")
        return f"{count} reads"

    def range_scan(self):
        first, count = self.table.rows // 3, self.table.rows // 10
        reader = subprocess.Popen(
            self.server.command("-v", "FETCH_COUNT=10000", "-c", "SELECT 1", "-f", "-"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reader.stdin.write(f"SELECT id FROM large WHERE id >= {first} AND id < {first + count} "
                           f"AND body LIKE id || ':%';".encode())
        reader.stdin.close()
        ids = [int(line) for line in reader.stdout][1:]
        errors = reader.stderr.read().decode().strip()
        if reader.wait() != 0:
            raise RuntimeError(errors.splitlines()[0])
        if sorted(ids) != list(range(first, first + count)):
            raise RuntimeError(f"{len(ids)} rows of {count}")
        return f"{count} rows"

    def range_by_second(self):
        count = self.table.rows // 100
        found = self.server.query(f"SELECT count(*), count(DISTINCT body) FROM large WHERE k < {count}")
        if found != f"{count}|{count}":  # k is 0 for one row
            raise RuntimeError(f"{found} instead of {count}")
        return f"{count} rows"

    def copy_out(self):
        reader = subprocess.Popen(self.server.command("-c", r"\copy large TO STDOUT"),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = 0
        while block := reader.stdout.read(1 << 20):
            lines += block.count(b"\n")
        errors = reader.stderr.read().decode().strip()
        if reader.wait() != 0:
            raise RuntimeError(errors.splitlines()[0])
        if lines != self.table.rows:
            raise RuntimeError(f"{lines} rows")

    def groups(self):
        found = self.server.query(
            "SELECT count(*), sum(c) FROM (SELECT substr(body, 1, 12), count(*) AS c FROM large GROUP BY 1) s")
        if not found.endswith(f"|{self.table.rows}"):
            raise RuntimeError(found)

    def sort(self):
        found = self.server.query("SELECT count(*) FROM (SELECT body FROM large ORDER BY body OFFSET 0) s")
        if found != str(self.table.rows):
            raise RuntimeError(found)

    def create_index(self):
        self.server.query("CREATE INDEX large_body ON large (body)")
        found = self.server.query("SELECT id FROM large WHERE body >= '77777:' AND body < '77777;'")
        self.server.query("DROP INDEX large_body")
        if found != "77777":
            raise RuntimeError(found)

    def update_some(self):
        self.server.query("UPDATE large SET n = n + 1 WHERE k % 100 = 7")
        self.table.sum_n += len(range(7, self.table.rows, 100))

    def update_all(self, end):
        before = self.server.memory("VmRSS")
        begun = time.monotonic()
        self.server.query("BEGIN", "UPDATE large SET n = n + 1", end)
        self.took = time.monotonic() - begun
        if end == "COMMIT":
            self.table.sum_n += self.table.rows
        return f"{before >> 20} MB resident before"

    def update_all_killed(self):
        update = subprocess.Popen(self.server.command("-c", "UPDATE large SET n = n + 1"),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.took * 0.6)
        self.peaks = (self.server.memory("VmHWM"), self.server.peak_disk)
        ended = update.poll() is not None
        self.server.kill()
        update.wait()
        if ended:
            raise RuntimeError("it had ended before")

    def reopen(self):
        self.open()
        return f"opened in {self.server.opening:.2f} s"

    def delete_some(self):
        """Rows from memory and from segments go, and come back."""
        self.server.query("BEGIN", "DELETE FROM large WHERE id % 10 = 3", "ROLLBACK")

    def tail(self):
        """Small transactions until the log behind the last checkpoint is as long as it gets. They
        change the same few rows over and over, or memory would make the checkpoint before the log."""
        wal = os.path.join(self.data, "wal")

        def position():
            return max(int(n[:16], 16) for n in os.listdir(wal) if n.endswith(".wal"))

        def checkpoint():
            return max(n for n in os.listdir(self.data) if n.startswith("manifest-"))

        size = max(1, self.table.rows // 2000)
        last, at, seen = checkpoint(), position(), 0
        while not (seen >= 1 and position() - at >= self.arguments.log_mb << 20):
            self.server.query(*(f"UPDATE large SET n = n + 1 WHERE id >= {first} AND id < {first + size}"
                                for first in range(1, 10 * size, size)))
            self.table.sum_n += 10 * size
            if checkpoint() != last:
                last, at, seen = checkpoint(), position(), seen + 1
        self.peaks = (self.server.memory("VmHWM"), self.server.peak_disk)
        self.server.kill()

    # ----

    def check(self):
        """The whole table, by a scan, and by the secondary index."""
        if self.server.process.poll() is not None:
            return
        rows = self.table.rows
        found = self.server.query(
            "SELECT count(*), sum(id), sum(k), sum(n), count(*) FILTER (WHERE body NOT LIKE id || ':%') FROM large")
        expected = f"{rows}|{rows * (rows + 1) // 2}|{rows * (rows - 1) // 2}|{self.table.sum_n}|0"
        if found != expected:
            raise RuntimeError(f"the table has {found} instead of {expected}")

    def phase(self, name, work):
        if self.failed or self.arguments.only and not re.search(self.arguments.only, name):
            return
        self.peaks = None
        if self.server and self.server.process.poll() is None:
            self.server.reset_peaks()
        error, note = "", ""
        begun = time.monotonic()
        try:
            note = work() or ""
            seconds = time.monotonic() - begun
            self.check()
        except (RuntimeError, OSError) as problem:
            seconds = time.monotonic() - begun
            error = str(problem)
        if self.server is None or self.server.process.poll() is not None and not self.peaks:
            error, self.failed = error or "the server is gone: " + self.server.text(0)[-300:], True
            peak = disk = 0
        else:
            peak, disk = self.peaks or (self.server.memory("VmHWM"), self.server.peak_disk)
        line = Line(name, seconds, peak, disk, error, note)
        self.lines.append(line)
        print(self.row(line), flush=True)

    def row(self, line):
        wrong = line.error or ("" if line.peak <= self.limit * ALLOWED else "too much memory")
        return (f"{line.name:34} {line.seconds:8.2f} {line.peak / 1e6:9.0f} {100 * line.peak / self.limit:7.0f} "
                f"{line.disk / 1e6:9.0f}  {wrong or 'ok':16} {line.note}")

    def run(self):
        print(f"{self.table.rows} rows, {self.arguments.factor} times {self.arguments.limit} MB")
        print(f"{'phase':34} {'seconds':>8} {'peak MB':>9} {'% limit':>7} {'disk MB':>9}")
        self.open()
        self.phase("load by COPY", self.load)
        if self.lines and self.lines[-1].error and "memory" not in self.lines[-1].error:
            self.failed = True
        self.phase("point reads, primary key", lambda: self.point_reads("id"))
        self.phase("point reads, second key", lambda: self.point_reads("k"))
        self.phase("range scan, primary key", self.range_scan)
        self.phase("range scan, second key", self.range_by_second)
        self.phase("aggregate", lambda: None)  # the check itself
        self.phase("aggregate, a group a row", self.groups)
        self.phase("sort", self.sort)
        self.phase("COPY out", self.copy_out)
        self.phase("create index", self.create_index)
        self.phase("update of 1 %", self.update_some)
        self.phase("delete of 10 %, rolled back", self.delete_some)
        self.phase("update of all, rolled back", lambda: self.update_all("ROLLBACK"))
        self.phase("update of all", lambda: self.update_all("COMMIT"))
        self.phase("update of all, killed", self.update_all_killed)
        self.phase("opened again", self.reopen)
        self.phase("small updates, killed", self.tail)
        self.phase("opened again, log at its limit", self.reopen)
        bad = [line for line in self.lines if line.error or line.peak > self.limit * ALLOWED]
        print(f"{len(self.lines) - len(bad)} of {len(self.lines)} phases are well" +
              (", the others were not tried" if self.failed else ""))
        return 1 if bad or self.failed else 0

    def end(self):
        if self.server:
            self.server.stop()
        if self.arguments.keep:
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", help="the folder with the program oxibase")
    parser.add_argument("--limit", type=int, default=256, help="memory_limit in MB")
    parser.add_argument("--factor", type=int, default=4, help="the table's bytes, in limits")
    parser.add_argument("--log-mb", type=int, default=64, help="log that makes a checkpoint")
    parser.add_argument("--copies", type=int, default=1, help="COPYs (transactions) that load it")
    parser.add_argument("--reads", type=int, default=20000, help="point reads by each key")
    parser.add_argument("--folder", help="where the data goes")
    parser.add_argument("--keep", action="store_true", help="leave the data there")
    parser.add_argument("--only", help="phases to run (a regular expression), with those they need")
    parser.add_argument("--serve", nargs="*", default=[], help="more options of the server")
    run = Run(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return run.run()
    finally:
        run.end()


if __name__ == "__main__":
    sys.exit(main())
