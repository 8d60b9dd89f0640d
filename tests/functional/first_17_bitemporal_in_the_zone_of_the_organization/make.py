import datetime

from book import PEOPLE, changed, write


def april():
    write("in/employees.xlsx", changed(PEOPLE[:2], "1002", Start_date=datetime.date(2026, 4, 1)))


def may():
    rows = changed(PEOPLE[:2], "1002", Start_date=datetime.date(2026, 5, 1))
    write("in/employees.xlsx", changed(rows, "1001", End_date=datetime.date(2026, 4, 30)))
