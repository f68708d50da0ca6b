#!/usr/bin/env python3
"""Writes src/expr/functions/pg_functions.inc and pg_operators.inc from a PostgreSQL 15 server's
catalogs: names, argument types, oids, volatility, strictness, commutators and negators of the
functions and operators for which a kernel is registered under the entry's key.

usage: import_pg_functions.py [--all] [psql options ...]     (the server's own libpq environment)
  --all  keep entries without a kernel too: do this first after registering new kernels, build,
         and run again without it (the table's own test then names what has no kernel).
The keys with kernels are read from the sources: every string literal that a Register function
passes is one.
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
keep_all = "--all" in sys.argv
psql_options = [a for a in sys.argv[1:] if a != "--all"]


def query(sql):
    out = subprocess.run(["psql", "-X", "-At", "-F", "\t", *psql_options, "-c", sql], check=True,
                         capture_output=True, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


types = {}
for name, oid in re.findall(r"^  k(\w+) = (\d+),", (root / "src/common/types.h").read_text(), re.M):
    if int(oid):
        types[int(oid)] = name

keys = set()
for path in (root / "src/expr").rglob("*.cc"):
    if not path.name.endswith("_test.cc"):
        keys.update(re.findall(r'"([^"\n]+)"', path.read_text()))

# Types whose functions no client calls by name, and input and output functions.
skip_types = {"CString"}
# Key: the name of PostgreSQL's C function where that is telling, else the signature.
functions = query("""
  select p.oid, p.proname, p.prokind, p.prosrc, p.prorettype, p.proisstrict, p.provolatile,
         p.pronargdefaults, p.provariadic, p.proretset, p.proargtypes, l.lanname,
         coalesce((select string_agg(coalesce(n, ''), ',' order by o) from
           unnest(p.proargnames) with ordinality u(n, o)
           where p.proargmodes is null or p.proargmodes[o] in ('i', 'v')), '')
  from pg_proc p join pg_language l on l.oid = p.prolang
  where p.pronamespace = 'pg_catalog'::regnamespace and p.oid < 16384
  order by p.proname, p.oid""")
operators = query("""
  select o.oid, o.oprname, o.oprleft, o.oprright, o.oprresult, o.oprcode::oid,
         coalesce(c.oprname, ''), coalesce(n.oprname, '')
  from pg_operator o left join pg_operator c on c.oid = o.oprcom
       left join pg_operator n on n.oid = o.oprnegate
  where o.oprnamespace = 'pg_catalog'::regnamespace order by o.oprname, o.oid""")


def type_expr(oid):
    return "T::k" + types[int(oid)]


kept = {}
lines = []
pg_type_names = {int(o): n for o, n in query("select oid, typname from pg_type where oid < 16384")}
for (oid, name, kind, src, result, strict, volatility, defaults, variadic, retset, args, lang,
     names) in functions:
    args = args.split()
    if any(int(a) not in types or types[int(a)] in skip_types for a in [*args, result]):
        continue
    if len(args) > 8:
        continue
    signature = "%s(%s)" % (name, ",".join(pg_type_names[int(a)] for a in args))
    key = signature
    if lang == "internal" and kind == "f" and src in keys and signature not in keys:
        key = src
    if "catalog:" + name in keys:  # all overloads of the name, answered by the session
        key = "catalog:" + name
    if key not in keys and not keep_all:
        continue
    kept[oid] = (key, strict, volatility)
    if retset == "t":
        kind = "t"
    named = names if "," in names or int(defaults) else ""
    if not any(names.split(",")):
        named = ""
    if named and not int(defaults) and not name.startswith(("make_", "json")):
        named = ""
    lines.append('{%s, "%s", "%s", \'%s\', %s, {%s}, %d, %s, %s, %s, \'%s\', "%s"},' % (
        oid, name, key, kind, type_expr(result), ", ".join(map(type_expr, args)), len(args),
        "true" if variadic != "0" else "false", defaults,
        "true" if strict == "t" else "false", volatility, named))
header = ("// Made by scripts/import_pg_functions.py from PostgreSQL 15's catalogs; do not edit.\n"
          "// %s\n")
(root / "src/expr/functions/pg_functions.inc").write_text(
    header % "oid, name, key, kind, result, arguments, their number, variadic, defaults, strict, "
             "volatility, argument names" + "\n".join(lines) + "\n")

lines = []
for oid, name, left, right, result, code, commutator, negator in operators:
    if code not in kept or any(int(t) not in types for t in (left, right) if t != "0"):
        continue
    key, strict, volatility = kept[code]
    args = [type_expr(t) for t in (left, right) if t != "0"]
    lines.append('{%s, "%s", "%s", %s, {%s}, %d, %s, \'%s\', "%s", "%s", %s},' % (
        oid, name, key, type_expr(result), ", ".join(args), len(args),
        "true" if strict == "t" else "false", volatility, commutator, negator, code))
(root / "src/expr/functions/pg_operators.inc").write_text(
    header % "oid, name, key, result, operands, their number, strict, volatility, commutator, "
             "negator, function" + "\n".join(lines) + "\n")
print(len(kept), "functions,", len(lines), "operators")
