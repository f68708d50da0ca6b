#!/usr/bin/env python3
"""Which of these sources cannot be compiled together in one go: prints, separated by semicolons, those
that define a name for themselves (in an unnamed namespace, or static) that an earlier one uses too, or
some header of the project.

Usage: list_alone.py FILE ...
"""
import os
import re
import sys

SRC = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")

NAMELESS = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.M | re.S)
NAMES = [
    re.compile(r"^[\w:][\w:<>,&*\[\] ]*[ &*](\w+)\(", re.M),
    re.compile(r"^(?:struct|class|enum class|enum|union)\s+(\w+)", re.M),
    re.compile(r"^(?:inline |static |thread_local )*(?:constexpr|const) [\w:<>,&* ]*?(\w+)(?:\[\w*\])*\s*[=({;]",
               re.M),
    re.compile(r"^\w[\w:<>,&* ]*[ &*](\w+)(?:\[\w*\])*(?: = [^;]*)?;", re.M),
]


def main():
    seen, alone = set(), []
    for folder, _, names in os.walk(SRC):
        for name in names:
            if name.endswith(".h"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    seen.update(NAMES[0].findall(file.read()))
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        own = set()
        for part in NAMELESS.findall(text) + re.findall(r"^static [^;{]*[;{]", text, re.M):
            for pattern in NAMES:
                own.update(pattern.findall(part))
        if own & seen:
            alone.append(path)
        else:
            seen |= own
    print(";".join(alone), end="")


if __name__ == "__main__":
    main()
