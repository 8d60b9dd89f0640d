from book import PEOPLE, changed, grid, write


def first():
    write("in/employees.xlsx", PEOPLE[:3])
    badges()


def edited():
    rows = changed(PEOPLE[:4], "1002", **{"E-mail": "soren@acme.example"})
    write("in/employees.xlsx", changed(rows, "1003", Surname="O'Brien-Peeters"))


def badges(*more):
    lines = [["Number", "E-mail", "Phone"], ["1001", "w.devries@acme.example", "020 123"], *more]
    grid("in/badges.xlsx", lines, "Badges")


def badge_of_1002():
    badges(["1002", "desk@acme.example", "020 124"])
