from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def worded():
    write("in/employees.xlsx", [row | {"Start date": "spring"} for row in PEOPLE])
