from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def bad_date():
    rows = changed(PEOPLE, "1003", Start_date="31-02-2021", Job_title="Never stored")
    write("in/employees.xlsx", changed(rows, "1004", Job_title="Shift leader"))
