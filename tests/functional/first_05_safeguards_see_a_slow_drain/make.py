from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def nine():
    write("in/employees.xlsx", PEOPLE[:9])


def eight():
    write("in/employees.xlsx", PEOPLE[:8])
