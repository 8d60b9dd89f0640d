from book import PEOPLE, write


def without_manager():
    write("in/employees.xlsx", PEOPLE[2:4])


def with_manager():
    write("in/employees.xlsx", PEOPLE[1:4])
