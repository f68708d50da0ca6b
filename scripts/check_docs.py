#!/usr/bin/env python3
"""Paths of this project that documents name in backquotes or links must exist.

A word counts as such a path if it begins with one of the top-level folders and has no placeholder.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = ("src", "docs", "tests", "tools", "scripts", "bench", "include", "examples", "cmake",
       "third_party", ".ci")
# docs/design/ says what is wanted, so it may name what is not there yet.
WANTED = "docs/design/"
CODE = re.compile(r"`([^`\s]+)`")
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


def main():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split()
    wrong = []
    for name in listed:
        if name.startswith(WANTED) or not os.path.exists(os.path.join(ROOT, name)):
            continue
        folder = os.path.dirname(name)
        fenced = False
        with open(os.path.join(ROOT, name), encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                if line.startswith("```"):
                    fenced = not fenced
                if fenced:
                    continue
                for word in CODE.findall(line):
                    path = re.sub(r":\d+$", "", word).rstrip("/.,:;")
                    if path.split("/")[0] not in TOP or "/" not in path:
                        continue
                    if re.search(r"[<>*{}$()=]|NAME|\.\.\.", path):
                        continue
                    if not os.path.exists(os.path.join(ROOT, path)):
                        wrong.append(f"{name}:{number}: `{word}` does not exist")
                for target in LINK.findall(line):
                    if "://" in target or target.startswith("mailto:"):
                        continue
                    if not os.path.exists(os.path.join(ROOT, folder, target)):
                        wrong.append(f"{name}:{number}: the link to {target} leads nowhere")
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
