import json
import pathlib

from book import PEOPLE, changed, write

THERE = pathlib.Path("there")
FILE = pathlib.Path("organizations/acme.yaml")


def account(key, number, name, mail, title="Cashier", since="2021-05-01"):
    after = {"Number": number, "Name": name, "Mail": mail, "Title": title, "Since": since}
    line = {"op": "create", "id": "", "changed": "", "key": key.ljust(20, "0"), "after": after}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def first():
    """Eight of theirs: one as it is here, one with another title, one known by its address alone, two of one number,
    one who has left us, one that nobody here knows."""
    THERE.mkdir()
    write("in/employees.xlsx", changed(PEOPLE, "1007", Status="Left"))
    (THERE / "batch-0001.jsonl").write_text(
        account("a2", "1002", "Søren Kjærgård", "søren.kjærgård@acme.example", "Store manager", "2021-05-03")
        + account("a3", "1003", "Zoë O'Brien", "zoë.o'brien@acme.example", "Trainee", "2021-05-04")
        + account("a5", "A-17", "Ayşe Yılmaz", "AYŞE.yılmaz@acme.example", "Baker", "2021-05-06")
        + account("a4", "1004", "Łukasz Wójcik", None)
        + account("b4", "1004", "Lukas Wojcik", None)
        + account("a7", "1007", "Иван Петров", "иван.петров@acme.example", "Cashier", "2021-05-08")
        + account("a9", "9999", "Somebody Else", "else@acme.example"),
        encoding="utf-8",
    )


def by_asking():
    FILE.write_text(FILE.read_text().replace("staff:", "people:", 1).replace("people: off", "staff: off"))


def new():
    for path in THERE.glob("*"):
        if path.name != "batch-0001.jsonl":
            print(path.read_text(), end="")
