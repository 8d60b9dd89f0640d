from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def newer():
    write("in/employees.xlsx", PEOPLE[:9])
