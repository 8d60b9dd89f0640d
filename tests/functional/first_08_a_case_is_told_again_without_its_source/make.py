from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def renamed():
    write("in/employees.xlsx", changed(PEOPLE, "1003", Surname="Peeters", Job_title="Shift leader"))


def renamed_back():
    write("in/employees.xlsx", changed(PEOPLE, "1003", Job_title="Baker"))
