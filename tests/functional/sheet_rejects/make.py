import pathlib

import openpyxl
from book import HEADER, PEOPLE, changed, person, write

MORE = [*HEADER, "Shoe size"]


def sizes(rows):
    return [row | {"Shoe size": 40} for row in rows]


def first():
    """A day that is none, a status nobody knows, a row without a name, and one number for two who are not the same."""
    rows = changed(PEOPLE, "1002", Status="Gone fishing", Start_date="31-02-2026")
    rows = changed(rows, "1003", First_name=None)
    write("in/employees.xlsx", sizes([*rows, person("1009", "Other", "Body")]), header=MORE)


def mended():
    write("in/employees.xlsx", sizes(PEOPLE), header=MORE)


def show():
    book = openpyxl.load_workbook("in/employees-rejects.xlsx")
    for sheet in book:
        print(sheet.title, sheet.freeze_panes)
        for row in sheet.iter_rows(values_only=True):
            print(" | ".join("" if cell is None else str(cell) for cell in row))


def as_csv():
    pathlib.Path("in/employees-rejects.xlsx").unlink()
    path = pathlib.Path("organizations/acme.yaml")
    path.write_text(path.read_text().replace("{stem}-rejects.xlsx", "back/{stem}-{date}.csv"))


def as_text():
    path = pathlib.Path("organizations/acme.yaml")
    path.write_text(path.read_text().replace("back/{stem}-{date}.csv", "{stem}.txt"))


def as_nothing():
    path = pathlib.Path("organizations/acme.yaml")
    path.write_text(path.read_text().replace("{stem}.txt", "rejects.csv"))
