"""promises - tests/PROMISES.md and the tests agree: each test that it names exists and is run, each test that is named
after a promise stands below that promise, no promise is left out, and none has neither a test nor a word why."""
import re

import tree

PAGE = "tests/PROMISES.md"
ITEM = re.compile(r"^- \*\*((?:pain|first)_\d\d)\*\* (.*(?:\n  .*)*)", re.MULTILINE)
NAMED = re.compile(r"`((functional|script|unit)/(\w+)(?:: (\w+))?)`")
AFTER = re.compile(r"(?:pain|first)_\d\d(?=_)")
LISTED = r"^\s*(?:cmocka_unit_test(?:_setup|_teardown|_setup_teardown)?|CASE)\((\w+)"
CLAIM = {"script": re.compile(r"^def (\w+)\(\):", re.MULTILINE), "unit": re.compile(LISTED, re.MULTILINE)}
MAIN = re.compile(r"^ *main\((.*?)\)\s*$", re.MULTILINE | re.DOTALL)


def tests_of(root):
    """{name as the runner prints it: the file it stands in}; a claim of a script counts when main() is given it."""
    found = {f"functional/{path.parent.name}": path for path in sorted((root / "tests/functional").glob("*/case"))}
    for kind, pattern in CLAIM.items():
        for path in sorted((root / "tests" / kind).glob("*" if kind == "script" else "test_*.c")):
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            run = set(re.findall(r"\w+", " ".join(MAIN.findall(text)))) if kind == "script" else None
            found[f"{kind}/{path.stem}"] = path
            for claim in pattern.findall(text):
                if run is None or claim in run:
                    found[f"{kind}/{path.stem}: {claim}"] = path
    return found


def check(root):
    text = (root / PAGE).read_text(encoding="utf-8")
    there, told, numbers = tests_of(root), set(), {"pain": 0, "first": 0}
    for item in ITEM.finditer(text):
        where, promise = f"{PAGE}:{tree.line_of(text, item.start())}", item[1]
        word, number = promise.split("_")
        numbers[word] += 1
        if int(number) != numbers[word]:
            yield f"{where}: {promise} stands where {word}_{numbers[word]:02} is expected"
        names = [hit[1] for hit in NAMED.finditer(item[2])]
        told |= {(promise, name) for name in names}
        if not names and "Not kept:" not in item[2]:
            yield f"{where}: {promise} has no test and no word why"
        for name in names:
            if name not in there:
                yield f"{where}: there is no test {name}, or nobody runs it"
    for name, path in there.items():
        after = AFTER.match(re.split(r"/|: ", name)[-1])
        if after and (after[0], name) not in told:
            yield f"{tree.name(root, path)}:1: {name} does not stand below {after[0]} in {PAGE}"


RETRY = "tests/unit/test_retry.c"
PLANTS = [
    tree.replace(PAGE, "`functional/pain_13_two_runs_at_once`", "`functional/pain_13_three_runs_at_once`"),
    tree.replace(PAGE, "- **pain_14**", "- **pain_15**"),
    tree.replace(PAGE, "  `functional/pain_13_two_runs_at_once`\n", ""),
    tree.append("tests/functional/pain_99_planted/case", "# A case that nobody promised.\n"),
    tree.replace(RETRY, "cmocka_unit_test(pain_10_longer", "cmocka_unit_test(pain_12_longer"),
    tree.append("tests/script/canary", "\n\ndef pain_09_planted():\n    pass\n\n\nmain(pain_09_planted)\n"),
    tree.replace(PAGE, "`script/canary: pain_09_no_secret", "`script/canary: running"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS)
