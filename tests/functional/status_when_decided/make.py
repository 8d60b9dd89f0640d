from book import HEADER, PEOPLE, changed, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def two_less():
    write("in/employees.xlsx", without(PEOPLE, "1006", "1007"))


def bad_day():
    write("in/employees.xlsx", changed(without(PEOPLE, "1006", "1007"), "1003", Start_date="31-02-2021"))


def no_mobile():
    write("in/employees.xlsx", without(PEOPLE, "1006", "1007"), [name for name in HEADER if name != "Mobile"])
