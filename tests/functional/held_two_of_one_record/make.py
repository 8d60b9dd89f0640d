from book import PEOPLE, write

SLIPPED = ("1002", "1003", "1004", "1005", "1007", "1008")


def first():
    write("in/employees.xlsx", PEOPLE)


def slip(row):
    number = row["Employee Number"]
    return row | {"E-mail": f"{number}@new.example", "Manager": "1009"} if number in SLIPPED else row


def slipped():
    """Of six people both the address and the manager are another."""
    write("in/employees.xlsx", [slip(row) for row in PEOPLE])
