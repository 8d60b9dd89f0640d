from book import HEADER, PEOPLE, cells, grid


def wrong():
    lines = cells(PEOPLE, HEADER)
    lines[0][0] = "Personnel no"
    grid("in/employees.xlsx", lines)
