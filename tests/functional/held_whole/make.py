from book import PEOPLE, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def two_less():
    write("in/employees.xlsx", without(PEOPLE, "1006", "1007"))
