from book import HEADER, PEOPLE, changed, without, write

COLUMNS = [*HEADER, "Company"]
BADGES = ["Badge", "Number", "E-mail"]


def rows():
    ours = [row | {"Company": "100"} for row in PEOPLE[:5]]
    return changed(changed(ours, "1002", Company="200"), "1003", Surname=None)


def first():
    write("in/employees.xlsx", [*rows(), rows()[3] | {"First name": "Somebody else"}], COLUMNS)


def badges():
    seats = [("B-1", "1001", None), ("B-2", "8888", None), ("B-3", None, "wilhelmina.devries@acme.example")]
    write("in/badges.xlsx", [dict(zip(BADGES, seat, strict=True)) for seat in seats], BADGES, "Badges")


def mended():
    write("in/employees.xlsx", changed(without(rows(), "1002"), "1003", Surname="O'Brien"), COLUMNS)
