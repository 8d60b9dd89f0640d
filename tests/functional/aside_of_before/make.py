from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def second():
    write("in/employees.xlsx", changed(PEOPLE, "1006", Department="Shop", Dept_no="20"))
