from book import PEOPLE, changed, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def one_less():
    write("in/employees.xlsx", without(PEOPLE, "1006"))


def back():
    write("in/employees.xlsx", changed(PEOPLE, "1001", Job_title="Chairwoman"))


def one_less_again():
    write("in/employees.xlsx", without(changed(PEOPLE, "1001", Job_title="Chairman"), "1006"))
