from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def moved(domain="new.example"):
    write("in/employees.xlsx", [row | {"E-mail": row["Employee Number"] + "@" + domain} for row in PEOPLE])


def moved_again():
    moved("newer.example")
