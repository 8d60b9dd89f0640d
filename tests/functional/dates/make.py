import datetime

from book import PEOPLE, changed, write


def mixed():
    rows = PEOPLE[:6]
    days = [datetime.date(2021, 5, 2), datetime.datetime(2021, 5, 2), "02-05-2021", "2021-05-02", "soon", "31-02-2021"]
    for row, day in zip(PEOPLE, days):
        rows = changed(rows, row["Employee Number"], Start_date=day)
    write("in/employees.xlsx", rows)
