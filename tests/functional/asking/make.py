from book import PEOPLE, person, write


def first():
    write("in/employees.xlsx", [*PEOPLE, person("1011", "Anna", "de Vries", manager="9999")])
