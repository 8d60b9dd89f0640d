from book import HEADER, PEOPLE, changed, write

COLUMNS = [*HEADER, "Contract"]
BADGES = ["Badge", "Number", "E-mail", "Phone"]


def rows():
    once = [row | {"Contract": "c1"} for row in changed(PEOPLE[:3], "1003", Mobile="+31 6 1111 1111")]
    return [*once, once[2] | {"Contract": "c2", "Job title": "Baker", "Dept no": "30", "Department": "Bakery"}]


def first():
    write("in/employees.xlsx", rows(), COLUMNS)


def badges():
    seats = [("B-3", "1003", "zoe@badge.example", "31622222222")]
    write("in/badges.xlsx", [dict(zip(BADGES, seat, strict=True)) for seat in seats], BADGES, "Badges")


def married():
    mail = {"E-mail": "zoe.jansen@acme.example"}
    write("in/employees.xlsx", changed(rows(), "1003", Surname="Jansen", **mail), COLUMNS)


def without_mobile():
    write("in/employees.xlsx", changed(rows(), "1003", Surname="Jansen"), [c for c in COLUMNS if c != "E-mail"])
