from book import PEOPLE, write


def other():
    write("in/employees.xlsx", PEOPLE, sheet="Werknemers")
