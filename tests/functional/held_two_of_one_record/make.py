from book import PEOPLE, write

SLIPPED = ("1002", "1003", "1004", "1005", "1007", "1008")


def first():
    write("in/employees.xlsx", PEOPLE)


def slipped():
    """Of six people both the address and the manager are another."""
    write("in/employees.xlsx", [
        row | {"E-mail": f"{row['Employee Number']}@new.example", "Manager": "1009"} if row["Employee Number"] in SLIPPED else row
        for row in PEOPLE
    ])
