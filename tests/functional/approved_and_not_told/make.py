from book import PEOPLE, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def two_leave():
    write("in/employees.xlsx", without(PEOPLE, "1007", "1008"))
