from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def corrected():
    write("in/employees.xlsx", changed(PEOPLE, "1005", Job_title="Chef"))
