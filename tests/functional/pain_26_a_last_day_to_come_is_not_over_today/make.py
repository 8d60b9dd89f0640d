import datetime

from book import PEOPLE, changed, write


def first():
    rows = changed(PEOPLE[:3], "1002", Start_date=datetime.date(2026, 3, 16))
    write("in/employees.xlsx", changed(rows, "1003", End_date=datetime.date(2026, 3, 15)))
