from book import HEADER, PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def emptied():
    write("in/employees.xlsx", changed(PEOPLE, "0010", Job_title="", Mobile=""))


def no_columns():
    rows = changed(PEOPLE, "0010", Job_title="", Mobile="")
    write("in/employees.xlsx", rows, [name for name in HEADER if name not in ("Mobile", "Job title")])
