from book import HEADER, PEOPLE, cells, grid, write


def first():
    write("in/employees.xlsx", PEOPLE)


def renamed():
    lines = cells(PEOPLE, HEADER)
    lines[0][0] = "Personnel code"
    grid("in/employees.xlsx", lines)
