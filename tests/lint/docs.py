"""docs - what people read is true: the README names files that are there, every option and stream of a connector has
its sentence, every reason code of reason.def stands in the man page, man pages are well-formed, and core/README.md says
who may include whom as the table that counts does."""
import re
import subprocess

import includes
import tree

NAMED = re.compile(r"`((?:core|sdk|plugins|tests|packaging)/[\w./-]+)`")
COMMAND = re.compile(r"^    (packaging/\w+)", re.MULTILINE)
MARKS = ("<!-- tour: begin -->", "<!-- tour: end -->")
TABLE = re.compile(r"\bmuster_(option|stream|field|action)\s+\w+\[\]\s*=\s*\{")
ITEM_NAME = re.compile(r'\.name\s*=\s*"([^"]+)"')
ITEM_DOC = re.compile(r'\.doc\s*=\s*((?:"(?:\\.|[^"\\])*"\s*)+)')
REASON = re.compile(r"^REASON\((\w+),", re.MULTILINE)
REASONS, MANUAL = "core/logic/reason.def", "core/cli/muster.1"
ROOMS = "core/README.md"
ROOM = re.compile(r"^\| `(\w+)` \|([^|]*)\|", re.MULTILINE)


def check(root):
    yield from readme(root)
    for path in tree.files(root, "*.c"):
        if path.is_relative_to(root / "plugins"):
            text = tree.without_comments(path.read_text(encoding="utf-8"))
            yield from connector(tree.name(root, path), text)
    for path in tree.files(root, "*.1", "*.5"):
        mandoc = ["mandoc", "-T", "lint", "-W", "warning", path]
        ran = subprocess.run(mandoc, capture_output=True, text=True, check=False)
        for line in ran.stdout.splitlines():
            yield f"{tree.name(root, path)}:{line.split(':', 2)[-1].strip()}"
    yield from reasons(root)
    yield from rooms(root)


def reasons(root):
    manual = re.sub(r"\\(f[BIR]|)", "", (root / MANUAL).read_text(encoding="utf-8"))
    for code in REASON.findall((root / REASONS).read_text(encoding="utf-8")):
        if not re.search(rf"\b{code}\b", manual):
            yield f"{REASONS}:1: {code} is not explained in {MANUAL}"


def rooms(root):
    """The folders of core and what they may include, as the README has them and as the table of the lint has them."""
    text = (root / ROOMS).read_text(encoding="utf-8")
    told = {hit[1]: {word.strip() for word in hit[2].split(",")} - {""} for hit in ROOM.finditer(text)}
    for folder, targets in includes.read_table(root)[0].items():
        name = folder.removeprefix("core/")
        if name == folder or not (root / folder).is_dir():
            continue
        own = {target.removeprefix("core/") for target in targets if (root / target).is_dir()}
        own = {"contract" if target.startswith("sdk/") else target for target in own}
        if told.pop(name, None) != own:
            yield f"{ROOMS}:1: {name} may include {', '.join(sorted(own)) or 'nothing'}, says {includes.TABLE}"
    for name in told:
        yield f"{ROOMS}:1: {name} is no folder of core"


def readme(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    for pattern in (NAMED, COMMAND):
        for hit in pattern.finditer(text):
            if not (root / hit[1]).exists():
                yield f"README.md:{tree.line_of(text, hit.start())}: {hit[1]} is not there"
    for mark in MARKS:
        if text.count(mark) != 1:
            yield f"README.md:1: {mark} must stand there once"


def connector(where, text):
    """Each item of its tables of options, streams, fields and actions ends with a sentence for people."""
    for table in TABLE.finditer(text):
        for start, item in items(text, table.end()):
            name = ITEM_NAME.search(item)
            doc = ITEM_DOC.search(item)
            said = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', doc[1])) if doc else ""
            if name and (len(said) < 12 or not said.endswith(".")):
                yield f"{where}:{tree.line_of(text, start)}: {table[1]} {name[1]!r} has no .doc that is a sentence"


def items(text, at):
    """(place, text) of each {…} up to the end of the table that begins at `at`; braces in strings do not count."""
    blank = re.sub(r'"(?:\\.|[^"\\])*"', lambda hit: '"' + " " * (len(hit[0]) - 2) + '"', text)
    depth, start = 0, at
    for place in range(at, len(blank)):
        if blank[place] == "{":
            start = place if depth == 0 else start
            depth += 1
        elif blank[place] == "}":
            depth -= 1
            if depth < 0:
                return
            if depth == 0:
                yield start, text[start : place + 1]


TABLES = 'static const muster_option planted[] = {{.name = "at", .doc = "Where it { is."}, '
PLANTS = [
    tree.replace("README.md", "`core/model/fields.def`", "`core/model/nothing.def`"),
    tree.replace("README.md", "    packaging/demo ", "    packaging/show "),
    tree.replace("README.md", "<!-- tour: end -->", ""),
    tree.append("plugins/sheet/planted.c", TABLES + '{.name = "to", .type = MUSTER_TEXT}, {0}};\n'),
    tree.append("plugins/sheet/planted.c", TABLES + '{.name = "to", .doc = "short"}, {0}};\n'),
    tree.replace(ROOMS, "| `model` | base |", "| `model` | base, store |"),
    tree.replace(ROOMS, "| `host` |", "| `hosts` |"),
    tree.append(REASONS, 'REASON(planted_reason, "never told")\n'),
    tree.append("packaging/planted.1", ".Dd today\n.Dt PLANTED 1\n.Sh NAME\n.Bl -tag\n.It a\n"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS)
