#!/usr/bin/env python3
"""Refuses includes that go up the ladder of modules (cmake/modules.txt).

Every `#include "folder/..."` under src/ must name the file's own module or one it may include.
libpg_query's headers stay inside src/sql/parse. With --stamp FILE nothing is read again unless a
source changed since FILE was written.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SRC = os.path.join(ROOT, "src")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
# Headers of third-party libraries, and the module in whose reach they are.
THIRD = [
    (re.compile(r"^(pg_query|postgres|nodes/|parser/|utils/|mb/|pg_query_).*\.h$"), ("sql_parse",)),
    (re.compile(r"^openssl/(ssl|bio)"), ("server",)),
    (re.compile(r"^(zstd|lz4|xxhash)\b|^roaring/"), ("storage",)),
    (re.compile(r"^unicode/|^re2/|^simdjson"), ("expr",)),
    (re.compile(r"^histedit|^editline/"), ("shell",)),
]


def read_table():
    folders, deps = {}, {}
    with open(os.path.join(ROOT, "cmake", "modules.txt")) as table:
        for line in table:
            if not line[0].islower():
                continue
            name, folder, below = line.split()[:3]
            folders[name] = folder
            deps[name] = [] if below == "-" else below.split(",")
    reach = {}

    def closure(name):
        if name not in reach:
            reach[name] = {name}
            for below in deps[name]:
                if below not in deps:
                    sys.exit(f"cmake/modules.txt: {name} depends on {below}, which is not above it")
                reach[name] |= closure(below)
        return reach[name]

    for name in deps:
        closure(name)
    return folders, reach


def module_of(path, folders):
    best = None
    for name, folder in folders.items():
        if path.startswith(folder + "/") and (best is None or len(folder) > len(folders[best])):
            best = name
    return best


def main():
    stamp = sys.argv[sys.argv.index("--stamp") + 1] if "--stamp" in sys.argv else None
    since = os.path.getmtime(stamp) if stamp and os.path.exists(stamp) else 0
    if since and since < os.path.getmtime(os.path.join(ROOT, "cmake", "modules.txt")):
        since = 0
    folders, reach = read_table()
    wrong = []
    for where, _, names in os.walk(SRC):
        for file in names:
            if not file.endswith((".h", ".cc", ".inc")):
                continue
            full = os.path.join(where, file)
            if os.path.getmtime(full) < since:
                continue
            path = os.path.relpath(full, SRC)
            own = module_of(path, folders)
            if own is None:
                wrong.append(f"src/{path}: its folder is not in cmake/modules.txt")
                continue
            with open(full, encoding="utf-8") as text:
                for quote, target in INCLUDE.findall(text.read()):
                    if quote == '"':
                        other = module_of(target, folders)
                        if other and other not in reach[own]:
                            wrong.append(f'src/{path}: {own} may not include "{target}" ({other})')
                    for pattern, owners in THIRD:
                        if pattern.match(target) and module_of(target, folders) is None:
                            if own not in owners:
                                wrong.append(
                                    f"src/{path}: <{target}> belongs to {', '.join(owners)}")
    if wrong:
        print("\n".join(sorted(wrong)))
        sys.exit(1)
    if stamp:
        with open(stamp, "w") as out:
            out.write("ok\n")


if __name__ == "__main__":
    main()
