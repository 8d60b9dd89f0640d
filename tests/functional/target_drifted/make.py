import datetime
import json
import pathlib

from book import PEOPLE, changed, write

THERE = pathlib.Path("there")


def first():
    THERE.mkdir()
    write("in/employees.xlsx", PEOPLE)


def began():
    write("in/employees.xlsx", changed(PEOPLE, "1005", Start_date=datetime.date(2022, 1, 3)))


def moved():
    rows = changed(PEOPLE, "1005", Start_date=datetime.date(2022, 1, 3))
    write("in/employees.xlsx", changed(rows, "1003", Job_title="Manager"))


def lines():
    return [json.loads(line) for path in sorted(THERE.glob("*.jsonl")) for line in path.read_text().splitlines()]


def by_hand(number, **fields):
    """Somebody changes an account in the target itself."""
    said = [line for line in lines() if line["after"]["Number"] == number]
    new = {"op": "update", "id": said[-1]["id"] or "D-" + said[0]["key"][:20], "changed": "", "key": "by hand",
           "after": said[-1]["after"] | fields}
    path = THERE / f"batch-{len(list(THERE.glob('*'))) + 1:04}.jsonl"
    path.write_text(json.dumps(new, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def removed(number):
    for path in THERE.glob("*.jsonl"):
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["after"]["Number"] != number]
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")


def some():
    by_hand("1003", Title="Trainee")
    by_hand("1006", Mail="hanh@elsewhere.example")
    removed("1004")


def since():
    by_hand("1005", Since="2022-01-03")


def again():
    by_hand("1006", Mail="hanh@third.example")


def back():
    by_hand("1006", Mail="nguyễn.thịhạnh@acme.example")
