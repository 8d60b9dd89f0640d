from book import HEADER, PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def no_mobile():
    write("in/employees.xlsx", PEOPLE, [name for name in HEADER if name != "Mobile"])
