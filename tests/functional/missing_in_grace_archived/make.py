from book import PEOPLE, changed, person, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def one_less():
    write("in/employees.xlsx", without(PEOPLE, "1006"))


def two_less():
    write("in/employees.xlsx", without(changed(PEOPLE, "1001", Job_title="Chairwoman"), "1006", "1007"))


def back():
    write("in/employees.xlsx", without(changed(PEOPLE, "1001", Job_title="Chairman"), "1006"))


def three_less(more=()):
    rows = without(changed(PEOPLE, "1001", Job_title="Chairwoman"), "1006", "1007", "1008")
    write("in/employees.xlsx", [*rows, *more])


def nameless():
    three_less([person("1099", "Nemo", "Nobody") | {"Employee Number": ""}])
