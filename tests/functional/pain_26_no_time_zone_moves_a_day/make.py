import datetime

from book import PEOPLE, changed, write

FIRST, LAST = datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)


def days():
    rows = changed(PEOPLE[:3], "1001", Start_date=FIRST, End_date=LAST)
    rows = changed(rows, "1002", Start_date="01-01-2026", End_date="2026-12-31")
    midnight = datetime.datetime(2026, 1, 1, 0, 0), datetime.datetime(2026, 12, 31, 23, 59, 59)
    write("in/employees.xlsx", changed(rows, "1003", Start_date=midnight[0], End_date=midnight[1]))
