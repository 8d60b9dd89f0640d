from book import PEOPLE, changed, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def one_less():
    write("in/employees.xlsx", without(PEOPLE, "1006"))


def two_less():
    write("in/employees.xlsx", without(changed(PEOPLE, "1001", Job_title="Chairwoman"), "1006", "1007"))


def back():
    write("in/employees.xlsx", without(changed(PEOPLE, "1001", Job_title="Chairman"), "1006"))
