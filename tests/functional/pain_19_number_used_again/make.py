import datetime

from book import HEADER, PEOPLE, changed, write

BORN = [*HEADER, "Born"]


def rows(**columns):
    people = [row | {"Born": datetime.date(1980, 1, int(row["Employee Number"][-1]) + 1)} for row in PEOPLE]
    return [row | columns if row["Employee Number"] == "1003" else row for row in people]


def first():
    write("in/employees.xlsx", rows(), BORN)


def somebody_else():
    piet = {"First name": "Piet", "Surname": "Mol", "E-mail": "piet@acme.example"}
    write("in/employees.xlsx", rows(Born=datetime.date(1999, 9, 9), **piet), BORN)
