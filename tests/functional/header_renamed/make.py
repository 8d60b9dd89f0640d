from book import HEADER, PEOPLE, cells, changed, grid, write


def first():
    write("in/employees.xlsx", PEOPLE)


def renamed():
    lines = cells(changed(PEOPLE, "1002", **{"E-mail": "soren@acme.example"}), HEADER)
    lines[0][3] = "Work mail"
    grid("in/employees.xlsx", lines)
