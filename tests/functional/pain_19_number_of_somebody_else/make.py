import datetime

from book import HEADER, PEOPLE, changed, person, write

COLUMNS = [*HEADER, "Born", "BSN"]
PIET = {"First_name": "Piet", "Surname": "Mol", "E-mail": "piet@acme.example", "BSN": "111222333"}


def rows(**columns):
    """Zoë is 1003, and the manager of 1004."""
    people = [
        row | {"Born": datetime.date(1980, 1, int(row["Employee Number"][-1]) + 1), "BSN": "123456782"}
        for row in changed(PEOPLE, "1004", Manager="1003")
    ]
    return changed(people, "1003", **columns)


def first():
    write("in/employees.xlsx", rows(), COLUMNS)


def somebody_else():
    write("in/employees.xlsx", rows(Born=datetime.date(1999, 9, 9), **PIET), COLUMNS)


def title():
    write("in/employees.xlsx", rows(Born=datetime.date(1999, 9, 9), Job_title="Baker", **PIET), COLUMNS)


def yet_another():
    kim = {"First_name": "Kim", "Surname": "Tan", "E-mail": "kim@acme.example", "BSN": "999888777"}
    write("in/employees.xlsx", rows(Born=datetime.date(2001, 2, 3), **kim), COLUMNS)
