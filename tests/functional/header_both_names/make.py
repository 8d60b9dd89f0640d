from book import HEADER, PEOPLE, cells, changed, grid, write


def first():
    write("in/employees.xlsx", PEOPLE)


def put(rows, old, new, again=()):
    """The old column under a new name; `again`: columns behind all others."""
    lines = cells(rows, [*HEADER, *again])
    lines[0][HEADER.index(old)] = new
    grid("in/employees.xlsx", lines)


def renamed():
    put(PEOPLE, "Mobile", "Mobile no")


def both():
    put(changed(PEOPLE, "0010", Mobile="+31 6 9999 9999"), "Mobile", "Mobile no", ["Mobile"])


def other_key():
    put(PEOPLE, "Employee Number", "Employee No")


def both_keys():
    put(PEOPLE, "Employee Number", "Employee No", ["Employee Number"])
