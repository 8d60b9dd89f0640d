from book import PEOPLE, changed, write


def bad_dates():
    rows = changed(PEOPLE[:5], "1003", Start_date="31-02-2021")
    write("in/employees.xlsx", changed(rows, "1004", Start_date="soon"))


def mended():
    write("in/employees.xlsx", PEOPLE[:5])
