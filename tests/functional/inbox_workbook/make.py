import pathlib
import sys

import openpyxl
from book import PEOPLE, changed, write


def bad_dates():
    rows = changed(PEOPLE, "1003", Start_date="31-02-2021")
    write("in/employees.xlsx", changed(rows, "1004", Start_date="03/04/2021"))


def show():
    """What another program reads in it."""
    for sheet in openpyxl.load_workbook(pathlib.Path(sys.argv[2])):
        print(sheet.title, sheet.freeze_panes, sheet.auto_filter.ref)
        for row in sheet.iter_rows():
            print(*(f"{cell.value!r}:{cell.data_type}" for cell in row))
