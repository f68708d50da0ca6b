#!/usr/bin/env python3
"""Writes src/engine/system/type_functions.inc from a PostgreSQL 15 server's catalogs: the functions
that read and write values of our types, by which clients tell kinds of types apart.

usage: import_pg_type_functions.py [psql options ...]
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
oids = ",".join(oid for oid in re.findall(r"^  k\w+ = (\d+),",
                                          (root / "src/common/types.h").read_text(), re.M)
                if int(oid))
COLUMNS = "typinput typoutput typreceive typsend typmodin typmodout typsubscript".split()


def query(sql):
    out = subprocess.run(["psql", "-X", "-At", "-F", "\t", *sys.argv[1:], "-c", sql], check=True,
                         capture_output=True, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


types = query(f"select oid, {', '.join(c + '::oid' for c in COLUMNS)} from pg_type "
              f"where oid in ({oids}) order by oid")
used = ",".join(sorted({oid for row in types for oid in row[1:]}))
functions = query("select oid, proname, prorettype, proisstrict, provolatile, "
                  f"array_to_string(proargtypes, ', ') from pg_proc where oid in ({used}) "
                  "order by oid")
lines = ["// Made by scripts/import_pg_type_functions.py from PostgreSQL 15's catalogs; do not edit.",
         "#ifdef TYPE_FUNCTION"]
for oid, name, result, strict, volatility, args in functions:
    lines.append(f'TYPE_FUNCTION({oid}, "{name}", {result}, {"true" if strict == "t" else "false"}'
                 f', \'{volatility}\', {{{args}}})')
lines += ["#undef TYPE_FUNCTION", "#endif", "#ifdef TYPE_ROW"]
lines += [f"TYPE_ROW({', '.join(row)})" for row in types]
lines += ["#undef TYPE_ROW", "#endif"]
(root / "src/engine/system/type_functions.inc").write_text("\n".join(lines) + "\n")
