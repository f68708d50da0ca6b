#!/usr/bin/env python3
"""Makes a .test file of a plain SQL file: scripts/sql_to_test.py IN.sql > OUT.test

Statements end with `;` at the end of a line; comments and blank lines between them stay. What
returns rows becomes a `query` with nothing expected (rowsort unless it says ORDER BY), the rest
`statement ok`. Then let PostgreSQL fill in what is expected, and read it:

    build/release/sqllogictest --postgres 'host=127.0.0.1 user=postgres' --rewrite OUT.test

A line `\\c NAME` switches to another connection. Lines `-- error` etc. are plain comments.
"""
import re
import sys

ROWS = re.compile(r"^\s*(\(|SELECT|VALUES|TABLE|WITH|SHOW|EXPLAIN|FETCH|EXECUTE)\b|^\s*\(", re.I)
RETURNING = re.compile(r"\bRETURNING\b", re.I)
ORDERED = re.compile(r"\bORDER\s+BY\b|^\s*(SHOW|EXPLAIN|FETCH)", re.I)


def record(text):
    first = text.lstrip()
    if re.match(r"COPY\b.*\bTO STDOUT\b", first, re.I | re.S):
        return f"query ?\n{text}\n----\n"
    returns = bool(ROWS.match(first))
    if re.match(r"(INSERT|UPDATE|DELETE)\b", first, re.I):
        returns = bool(RETURNING.search(first))
    elif re.match(r"WITH\b", first, re.I):
        modifies = re.search(r"\)\s*(INSERT|UPDATE|DELETE)\b", first, re.I)
        returns = not modifies or bool(RETURNING.search(first[modifies.start():]))
    if re.match(r"SELECT\b.*\bINTO\b", first, re.I | re.S):
        returns = False
    if not returns and re.search(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\b", first, re.I) and re.match(
            r"(INSERT|UPDATE|DELETE|WITH|MERGE)\b", first, re.I):
        return f"statement count -1\n{text}\n"
    if not returns:
        return f"statement ok\n{text}\n"
    sort = "" if ORDERED.search(text) else " rowsort"
    return f"query ?{sort}\n{text}\n----\n"


def main():
    out, lines = [], []
    with open(sys.argv[1], encoding="utf-8") as sql:
        for line in sql.read().split("\n"):
            if not lines and line.startswith("--"):
                out.append("#" + line[2:])
            elif not lines and line.startswith("\\c "):
                out.append(f"connection {line[3:].strip()}\n")
            elif not lines and not line.strip():
                if out and out[-1] != "":
                    out.append("")
            else:
                lines.append(line)
                # COPY's data goes with it, up to `\\.`.
                copies = re.match(r"COPY\b.*\bFROM STDIN\b", lines[0], re.I)
                if line == "\\." or (line.rstrip().endswith(";") and not copies):
                    out.append(record("\n".join(lines)))
                    lines = []
    text = "\n".join(out).rstrip("\n") + "\n"
    sys.stdout.write(re.sub(r"\n{3,}", "\n\n", text))


if __name__ == "__main__":
    main()
