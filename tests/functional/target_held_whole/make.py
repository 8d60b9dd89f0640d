from book import PEOPLE, changed, person, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def two_leave():
    write("in/employees.xlsx", without(PEOPLE, "1005", "1007"))


def one_comes():
    write("in/employees.xlsx", without([*PEOPLE, person("1011", "Noor", "van Dijk")], "1005", "1007"))


def renamed():
    rows = [*changed(PEOPLE, "1009", Surname="Lee"), person("1011", "Noor", "van Dijk")]
    for number in ("1002", "1003", "1004", "1008"):
        rows = changed(rows, number, Department="Store")
    rows = [row | {"E-mail": "zoe@acme.example"} if row["Employee Number"] == "1003" else row for row in rows]
    write("in/employees.xlsx", without(rows, "1005", "1007"))
