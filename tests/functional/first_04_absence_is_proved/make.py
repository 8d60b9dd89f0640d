from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def no_number():
    write("in/employees.xlsx", changed(PEOPLE, "1006", Employee_Number="  "))
