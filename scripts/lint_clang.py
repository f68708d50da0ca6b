#!/usr/bin/env python3
"""clang's word on every source and header: warnings with the check of thread-safety annotations,
clang-tidy, and that each header compiles alone.

What passed is remembered in ${XDG_CACHE_HOME:-~/.cache}/oxibase/lint by the content of the file and
of all headers of the project that it includes, so a second run looks only at what changed.

Usage: lint_clang.py BUILD_FOLDER [NAME ...]     NAME: only files whose path contains one of them
       OXI_LINT_SECONDS=N: stop after N seconds (what passed till then is remembered)
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                     "oxibase", "lint")
TIDY = "clang-tidy-19"
# System headers change with the distribution's packages only; these stand for them.
TOOLS = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
DEADLINE = time.monotonic() + float(os.environ.get("OXI_LINT_SECONDS") or 1e9)

digests = {}


def digest(path):
    if path not in digests:
        try:
            with open(path, "rb") as file:
                digests[path] = hashlib.sha256(file.read()).hexdigest()
        except OSError:
            digests[path] = "gone"
    return digests[path]


class Unit:
    """One entry of compile_commands.json."""

    def __init__(self, entry, build):
        self.build = build
        self.folder = entry["directory"]
        self.file = entry["file"]
        self.header = self.file.startswith(os.path.join(build, "headers") + os.sep)
        args = shlex.split(entry["command"])
        if "ccache" in os.path.basename(args[0]):
            args = args[1:]
        self.args = []
        skip = False
        for arg in args:
            if skip or arg == "-c":
                skip = False
            elif arg == "-o":
                skip = True
            else:
                self.args.append(arg)
        self.name = os.path.relpath(self.file, ROOT)
        if self.header:
            self.name = "src/" + os.path.basename(self.file)[:-len(".cc")].replace("__", "/")
        what = [TOOLS, digest(os.path.join(ROOT, ".clang-tidy")), self.name]
        # Paths of the checkout and of its build folder do not matter.
        what += [arg.replace(ROOT, "") for arg in self.args]
        key = hashlib.sha256("\0".join(what).encode()).hexdigest()
        self.record = os.path.join(CACHE, key[:2], key)

    def passed_before(self):
        """True if the file and what it includes have a state that passed."""
        try:
            with open(self.record, encoding="utf-8") as file:
                states = [json.loads(line) for line in file]
        except (OSError, ValueError):
            return False
        return any(all(digest(os.path.join(ROOT, path)) == value for path, value in state)
                   for state in states)

    def remember(self):
        made = subprocess.run(self.args + ["-MM"], cwd=self.folder, capture_output=True, text=True,
                              check=False).stdout
        paths = set()
        for word in made.replace("\\\n", " ").split()[1:]:
            path = os.path.normpath(os.path.join(self.folder, word))
            if path.startswith(ROOT + os.sep) and not path.startswith(self.build + os.sep):
                paths.add(os.path.relpath(path, ROOT))
        state = sorted((path, digest(os.path.join(ROOT, path))) for path in paths)
        states = []
        if os.path.exists(self.record):
            with open(self.record, encoding="utf-8") as file:
                states = file.read().splitlines()
        states = [json.dumps(state)] + states[:7]
        os.makedirs(os.path.dirname(self.record), exist_ok=True)
        scratch = f"{self.record}.{os.getpid()}"
        with open(scratch, "w", encoding="utf-8") as file:
            file.write("\n".join(states) + "\n")
        os.replace(scratch, self.record)

    def check(self):
        """Empty if it passes, otherwise what is wrong."""
        if self.header:
            run = subprocess.run(self.args, cwd=self.folder, capture_output=True, text=True,
                                 check=False)
            output = run.stderr
        else:
            run = subprocess.run([TIDY, "-p", self.build, "--quiet", self.file], cwd=ROOT,
                                 capture_output=True, text=True, check=False)
            output = run.stdout
            if run.returncode != 0 and not output.strip():
                output = run.stderr
        if run.returncode == 0:
            self.remember()
            return ""
        return output.replace(ROOT + os.sep, "").strip() or f"{self.name}: status {run.returncode}"


def main():
    build = os.path.abspath(sys.argv[1])
    names = sys.argv[2:]
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        units = [Unit(entry, build) for entry in json.load(file)]
    units = [unit for unit in units
             if not unit.name.startswith(("third_party/", "build/"))
             and (not names or any(name in unit.name for name in names))]
    units.sort(key=lambda unit: (unit.header, unit.name))
    waiting = [unit for unit in units if not unit.passed_before()]
    seen, bad, late = set(), 0, 0

    def work(unit):
        return None if time.monotonic() > DEADLINE else unit.check()

    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS") or os.cpu_count())) as pool:
        for wrong in pool.map(work, waiting):
            if wrong is None:
                late += 1
            elif wrong:
                bad += 1
                # A header's findings come with each file that includes it: once is enough.
                for part in re.split(r"\n(?=\S+:\d+:\d+: (?:error|warning))", wrong):
                    if part not in seen:
                        seen.add(part)
                        print(part, flush=True)
    print(f"clang: {len(units)} files, {len(waiting) - late} looked at, {bad} with findings"
          + (f", {late} not reached" if late else ""))
    sys.exit(1 if bad or late else 0)


if __name__ == "__main__":
    main()
