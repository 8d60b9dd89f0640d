from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)
