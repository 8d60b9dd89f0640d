import pathlib

import openpyxl
from book import PEOPLE, changed, person, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def edited():
    rows = changed(PEOPLE, "1003", Job_title="Shift leader", Surname="O'Brien-Peeters")
    write("in/employees.xlsx", without([*rows, person("1011", "Noor", "van Dijk")], "1007"))


def third():
    rows = changed(PEOPLE, "1003", Job_title="Shift leader", Surname="Peeters")
    write("in/employees.xlsx", without([*rows, person("1011", "Noor", "van Dijk")], "1007"))


def show():
    """What another program reads in it."""
    book = openpyxl.load_workbook(pathlib.Path("out/people.xlsx"))
    sheet = book["People"]
    print(book.sheetnames, sheet.freeze_panes, sheet.auto_filter.ref)
    for row in sheet.iter_rows():
        print(*(f"{cell.value!r}:{cell.data_type}" for cell in row))
