"""build - every source is in a build list, every listed source is there, scripts can be read by their interpreter."""
import os
import re
import subprocess

import tree

LISTED = re.compile(r"\b(?:core|sdk|plugins|tests)/[\w/.-]+\.(?:c|h|def)\b")
SHELL = re.compile(r"^#!/bin/(sh|bash)")
PYTHON = re.compile(r"^#!/usr/bin/(env )?python3")


def check(root):
    listed = {}
    for path in [*tree.files(root, "Makefile.inc"), root / "Makefile.am"]:
        for hit in LISTED.finditer(path.read_text(encoding="utf-8")):
            listed[hit[0]] = tree.name(root, path)
    for path in tree.files(root, "*.c", "*.h", "*.def"):
        where = tree.name(root, path)
        if where not in listed:
            yield f"{where}:1: is in no Makefile.inc"
    for where, maker in sorted(listed.items()):
        if not (root / where).is_file():
            yield f"{maker}:1: lists {where}, which is not there"
    for path in tree.files(root, "*"):
        yield from script(root, path)


def script(root, path):
    where = tree.name(root, path)
    with open(path, "rb") as file:
        first = file.readline(80).decode("utf-8", "replace")
    shell = SHELL.match(first)
    if shell:
        ran = subprocess.run([shell[1], "-n", where], cwd=root, capture_output=True, text=True, check=False)
        if ran.returncode:
            yield f"{where}:1: {ran.stderr.strip()}"
    elif PYTHON.match(first) or where.endswith(".py"):
        try:
            compile(path.read_bytes(), where, "exec")
        except SyntaxError as fault:
            yield f"{where}:{fault.lineno}: {fault.msg}"
    if first.startswith("#!") and not os.access(path, os.X_OK):
        yield f"{where}:1: begins like a program, but may not be executed: chmod +x"


PLANTS = [
    tree.append("core/base/planted.c", "int planted;\n"),
    tree.append("core/base/planted.h", "extern int planted;\n"),
    tree.append("core/base/Makefile.inc", "planted_SOURCES = core/base/unplanted.c\n"),
    tree.append("tests/script/planted", "#!/bin/sh\nif\n"),
    tree.append("tests/harness/planted.py", "def f(:\n"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS)
