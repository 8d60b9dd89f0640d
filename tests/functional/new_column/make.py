from book import HEADER, PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def badge():
    write("in/employees.xlsx", [row | {"Badge": "B-7"} for row in PEOPLE], [*HEADER, "Badge"])
