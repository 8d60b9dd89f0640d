from book import HEADER, PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def two_new():
    rows = [
        row | {"E-mail 2": f"p{row['Employee Number']}@home.example", "Login": f"{row['Employee Number']}@acme.example"}
        for row in PEOPLE
    ]
    write("in/employees.xlsx", rows, [*[name for name in HEADER if name != "E-mail"], "E-mail 2", "Login"])
