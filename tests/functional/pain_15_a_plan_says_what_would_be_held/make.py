from book import PEOPLE, changed, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def two_less():
    write("in/employees.xlsx", changed(without(PEOPLE, "1006", "1007"), "1003", Status="Sabbatical"))


def nothing():
    import os
    os.unlink("in/employees.xlsx")
