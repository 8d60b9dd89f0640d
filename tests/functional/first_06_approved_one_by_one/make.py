from book import PEOPLE, changed, without, write

SLIPPED = ("1001", "1002", "1003", "1004", "1005", "1006")


def slip(row, numbers=SLIPPED):
    number = row["Employee Number"]
    return row | {"E-mail": f"{number}@wrong.example"} if number in numbers else row


def first():
    write("in/employees.xlsx", PEOPLE)


def slipped(rows=PEOPLE):
    """The addresses of six people have slipped, and one of them has another title."""
    write("in/employees.xlsx", [slip(row) for row in changed(rows, "1003", Job_title="Chef")])


def two_less():
    slipped(without(PEOPLE, "1007", "1008"))


def settled():
    """What was not approved is right again."""
    rows = changed(without(PEOPLE, "1007", "1008"), "1003", Job_title="Chef")
    write("in/employees.xlsx", [slip(row, ("1003", "1004", "1005")) for row in rows])
