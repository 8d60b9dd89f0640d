"""docs - what the README names is there: the files to read first, the commands, the tour in its marks."""
import re

import tree

NAMED = re.compile(r"`((?:core|sdk|plugins|tests|packaging)/[\w./-]+)`")
COMMAND = re.compile(r"^    (packaging/\w+)", re.MULTILINE)
MARKS = ("<!-- tour: begin -->", "<!-- tour: end -->")
# A room that is being built: its file is named already.
COMING = {"core/engine/run.c"}


def check(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    for pattern in (NAMED, COMMAND):
        for hit in pattern.finditer(text):
            if hit[1] not in COMING and not (root / hit[1]).exists():
                yield f"README.md:{tree.line_of(text, hit.start())}: {hit[1]} is not there"
    for mark in MARKS:
        if text.count(mark) != 1:
            yield f"README.md:1: {mark} must stand there once"


PLANTS = [
    tree.replace("README.md", "`core/model/fields.def`", "`core/model/nothing.def`"),
    tree.replace("README.md", "    packaging/demo ", "    packaging/show "),
    tree.replace("README.md", "<!-- tour: end -->", ""),
]

if __name__ == "__main__":
    tree.main(check, PLANTS)
