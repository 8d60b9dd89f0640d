from book import HEADER, PEOPLE, grid, write


def people(*ids):
    rows = [row | {"National id": number} for row, number in zip(PEOPLE[: len(ids)], ids, strict=True)]
    write("in/employees.xlsx", rows, header=[*HEADER, "National id"])


def badges(of_1002, phone_of_1003):
    header = ["Number", "E-mail", "Phone", "National id"]
    lines = [["1002", "desk@acme.example", "020 123", of_1002], ["1003", "z@acme.example", phone_of_1003, None]]
    grid("in/badges.xlsx", [header, *lines], "Badges")


def first():
    people("111222333", None, "100000009")
    badges("555666777", "020 124")


def edited():
    people("123456782", "222333444", "100000009", "987654321")


def meanwhile():
    badges("888999000", "020 125")
