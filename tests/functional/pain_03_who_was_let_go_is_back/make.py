from book import PEOPLE, changed, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def silent():
    write("in/employees.xlsx", without(changed(PEOPLE, "1008", Status="Active"), "1009"))


def other():
    """Still without 1009; something else has changed."""
    write("in/employees.xlsx", without(changed(PEOPLE, "1008", Status="Active", Job_title="Baker"), "1009"))
