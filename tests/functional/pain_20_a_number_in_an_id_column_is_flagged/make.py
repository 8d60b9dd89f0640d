from book import PEOPLE, changed, write


def numbers():
    write("in/employees.xlsx", changed(PEOPLE[1:4], "1003", Employee_Number=1003))
