from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE[:5])


def four():
    write("in/employees.xlsx", PEOPLE[:4])


def two():
    write("in/employees.xlsx", PEOPLE[:2])
