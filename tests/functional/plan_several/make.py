from book import PEOPLE, grid, write


def both():
    write("in/employees.xlsx", PEOPLE[:3])
    badges("w.devries@acme.example")


def badges(email):
    lines = [["Number", "E-mail", "Phone"], ["1001", email, "020 123"], ["1002"], ["9999", "x@acme.example", ""]]
    grid("in/badges.xlsx", lines, "Badges")


def badges_change():
    badges("wil@acme.example")
