"""format - clang-format has the last word on spaces in C."""
import re
import subprocess

import tree

WARNING = re.compile(r"^(\S+?):(\d+):\d+: (?:error|warning): code should be clang-formatted", re.MULTILINE)


def check(root):
    paths = [tree.name(root, path) for path in tree.files(root, "*.c", "*.h")]
    argv = ["clang-format-14", "--dry-run", *paths]
    ran = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    first = {}
    for hit in WARNING.finditer(ran.stderr):
        first.setdefault(hit[1], hit[2])
    for path, line in first.items():
        yield f"{path}:{line}: not as clang-format writes it: clang-format-14 -i {path}"
    if ran.returncode and not first:
        yield f".clang-format:1: {ran.stderr.strip()}"


PLANTS = [tree.append("core/base/planted.c", "int  planted;\n")]

if __name__ == "__main__":
    tree.main(check, PLANTS, alone=True)
