#!/usr/bin/env python3
"""Turns the distribution's package index into two CSV files, package.csv and clause.csv.

Usage: make_csv.py OUT_FOLDER [INDEX]

INDEX is a file in the form of Packages (package control fields). Without it, the index of component
main of this release is read, the one that apt keeps: neither updates nor security.
"""
import csv
import os
import re
import subprocess
import sys

# One alternative of a clause: a name, then perhaps :architecture, (version) and [architectures].
ALTERNATIVE = re.compile(r"\s*([a-z0-9][a-z0-9+.\-]*)")


def release_index():
    """The text of the release's own index, found and unpacked by apt."""
    codename = ""
    with open("/etc/os-release", encoding="utf-8") as release:
        for line in release:
            if line.startswith("VERSION_CODENAME="):
                codename = line.split("=", 1)[1].strip().strip('"')
    architecture = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    targets = subprocess.check_output(
        ["apt-get", "indextargets", "--format",
         "$(COMPONENT) $(CODENAME) $(ARCHITECTURE) $(FILENAME)", "Created-By: Packages"], text=True)
    for line in targets.splitlines():
        component, code, arch, filename = line.split(" ", 3)
        if (component, code, arch) == ("main", codename, architecture):
            return subprocess.check_output(
                ["/usr/lib/apt/apt-helper", "cat-file", filename], text=True, encoding="utf-8")
    sys.exit(f"apt has no index of {codename}/main for {architecture}; run apt-get update")


def stanzas(text):
    """Each package's fields; of continued fields the first line is enough, but for lists."""
    fields, name = {}, ""
    for line in text.split("\n"):
        if not line:
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t":
            fields[name] += " " + line.strip()
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    out = sys.argv[1]
    if len(sys.argv) == 3:
        with open(sys.argv[2], encoding="utf-8") as file:
            text = file.read()
    else:
        text = release_index()
    os.makedirs(out, exist_ok=True)
    packages = clauses = 0
    seen = set()
    with open(os.path.join(out, "package.csv"), "w", newline="", encoding="utf-8") as package_file, \
            open(os.path.join(out, "clause.csv"), "w", newline="", encoding="utf-8") as clause_file:
        package_csv = csv.writer(package_file, lineterminator="\n")
        clause_csv = csv.writer(clause_file, lineterminator="\n")
        package_csv.writerow(["name", "version", "section", "priority", "maintainer",
                              "installed_kib", "download_bytes", "summary"])
        clause_csv.writerow(["package", "position", "before", "first", "alternatives"])
        for fields in stanzas(text):
            name = fields["Package"]
            if name in seen:  # an older version beside the newest one, which comes first
                continue
            seen.add(name)
            packages += 1
            package_csv.writerow([
                name, fields["Version"], fields.get("Section", ""), fields.get("Priority", ""),
                fields.get("Maintainer", ""), fields.get("Installed-Size", ""), fields["Size"],
                fields.get("Description", "")])
            position = 0
            for field in ("Pre-Depends", "Depends"):
                for clause in fields.get(field, "").split(","):
                    if not clause.strip():
                        continue
                    first = ALTERNATIVE.match(clause)
                    if not first:
                        sys.exit(f"{name}: what is '{clause}'?")
                    position += 1
                    clause_csv.writerow([name, position, "t" if field == "Pre-Depends" else "f",
                                         first.group(1), clause.strip()])
            clauses += position
    print(f"{packages} packages, {clauses} clauses")


if __name__ == "__main__":
    main()
