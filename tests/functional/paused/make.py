from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def fewer():
    write("in/employees.xlsx", PEOPLE[:-1])
