"""tidied - what is cleaned up at the end of its block is set before anything leaves the block."""
import re

import tree

# `struct txn txn __attribute__((cleanup(tidy_txn)));` and its like: no value, and the clean-up runs all the same.
CLEANED = re.compile(r"\bcleanup\(\w+\)|\bTIDY(?:_DONE)?\(\w+\)|\b(?:WIPED|FILTER)\b")
NAME = re.compile(r"(\w+)\s*(?:(?:__attribute__|TIDY)[^;=]*)?;\s*$")
LEAVES = re.compile(r"\b(?:return|goto|break|continue)\b")


def left_unset(lines, at, name):
    """The line that leaves before `name` is set, or None."""
    uses = re.compile(rf"\b{name}\b")
    for line in range(at + 1, len(lines)):
        if uses.search(lines[line]) or lines[line].startswith("}"):
            return None
        if LEAVES.search(lines[line]):
            return line
    return None


def check(root):
    for path in tree.files(root, "*.c", "*.h"):
        lines = tree.code_only(path.read_text(encoding="utf-8")).splitlines()
        for at, line in enumerate(lines):
            if not line.startswith(" ") or "=" in line or not CLEANED.search(line):
                continue
            found = NAME.search(line)
            if found and left_unset(lines, at, found[1]) is not None:
                yield (f"{tree.name(root, path)}:{at + 1}: {found[1]} is cleaned up, and a way out comes before it is "
                       f"set: give it a value here")


def planted(declared):
    body = f"    {declared}\n    if (bad)\n        return bad;\n    begin(&one);\n    return 0;\n"
    return tree.append("core/engine/planted.c", f"int f(int bad)\n{{\n{body}}}\n")


PLANTS = [
    planted("struct txn one __attribute__((cleanup(tidy_txn)));"),
    planted("__attribute__((cleanup(tidy_free))) char *one;"),
    planted("TIDY_DONE(work_abort) struct work one;"),
    planted("struct arena *one TIDY(arena_free);"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS, alone=True)
