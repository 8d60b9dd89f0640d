from book import PEOPLE, person, write


def first():
    write("in/employees.xlsx", PEOPLE)


def doubled():
    write("in/employees.xlsx", [*PEOPLE, person("1004", "Someone", "Else")])
