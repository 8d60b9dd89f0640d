from book import HEADER, PEOPLE, cells, grid, write


def first():
    write("in/employees.xlsx", PEOPLE)


def doubled():
    lines = cells(PEOPLE, [*HEADER, "E-mail"])
    lines[0][-1] = " e-MAIL "
    grid("in/employees.xlsx", lines)
