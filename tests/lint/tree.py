"""tree - what the lints share: walking the source, taking C apart, and proving that a lint finds what is planted.

A lint is a function `check(root)` that yields complaints as `path:line: sentence`, and a list of plants: each is a path
and what makes a violation of its text, tried in a copy of the source; the lint must then complain about that path, and
did not before. A lint that looks at each file by itself (`alone`) is shown that one only.
"""
import fnmatch
import pathlib
import re
import shutil
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDERS = ("core", "sdk", "plugins", "tests", "packaging")
TOP = ("Makefile.am", "configure.ac", "autogen.sh", "README.md", ".clang-format")
HIDDEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])+'", re.DOTALL
)


only = None  # the one path that a lint is shown


def files(root, *patterns):
    """Paths below the source folders whose name fits one of the patterns, in a stable order."""
    if only:
        return [root / only] if any(fnmatch.fnmatch(only, pattern) for pattern in patterns) else []
    found = set()
    for folder in FOLDERS:
        for pattern in patterns:
            found.update(path for path in (root / folder).rglob(pattern) if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)


def name(root, path):
    return str(path.relative_to(root))


def code_only(text):
    """The same text with comments and the insides of strings blanked; lines stay where they are."""

    def blank(found):
        body = found[0]
        kept = body[0] + body[-1] if body[0] in "\"'" else ""
        return kept[:1] + "".join("\n" if char == "\n" else " " for char in body[len(kept) :]) + kept[1:]

    return HIDDEN.sub(blank, text)


def without_comments(text):
    """Comments blanked, strings kept."""

    def blank(found):
        return found[0] if found[0][0] in "\"'" else "".join("\n" if char == "\n" else " " for char in found[0])

    return HIDDEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def append(path, text):
    """A plant: adds text to a file (made when missing)."""
    return path, lambda old: old + text


def replace(path, before, after):
    """A plant: changes the first place where `before` stands."""

    def plant(old):
        assert before in old, f"{path} has no {before!r} any more: mend the plant"
        return old.replace(before, after, 1)

    return path, plant


def copy_source(target):
    for folder in FOLDERS:
        shutil.copytree(SOURCE / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for item in TOP:
        shutil.copy2(SOURCE / item, target / item)


def prove(check, plants, alone):
    """Number of plants that the lint did not see."""
    global only
    blind = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        copy_source(root)
        before = set() if alone else set(check(root))
        for path, plant in plants:
            target = root / path
            if alone:
                only = path
                before = set(check(root)) if target.exists() else set()
            old = target.read_text(encoding="utf-8") if target.exists() else None
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(plant(old or ""), encoding="utf-8")
            after = set(check(root)) - before
            if not any(complaint.startswith(f"{path}:") for complaint in after):
                blind += 1
                print(f"planted a violation in {path}, the lint said {sorted(after) or 'nothing'}")
            target.unlink() if old is None else target.write_text(old, encoding="utf-8")
    return blind


def main(check, plants, alone=False):
    if "--prove" in sys.argv[1:]:
        sys.exit(1 if not plants or prove(check, plants, alone) else 0)
    complaints = sorted(set(check(SOURCE)))
    print("".join(f"{complaint}\n" for complaint in complaints), end="")
    sys.exit(1 if complaints else 0)
