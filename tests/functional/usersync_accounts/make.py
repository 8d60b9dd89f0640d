import csv
import pathlib

HEADER = ["Nr", "First name", "Surname", "E-mail", "Store", "Store name", "Function", "Function name", "Role", "Until"]
STORES = {"101": "Centrum", "102": "Noord"}
FUNCTIONS = {"14": "Kassa", "15": "AGF"}
ROWS = [("1", "Ann", "Bakker", "ann@acme.example", "101", "14", "Medewerker"),
        ("2", "Ann", "Bakker", "ann@acme.example", "101", "15", "Stagiair"),
        ("3", "Bob", "Jansen", "bob@acme.example", "102", "15", "Medewerker")]


def write(rows, until=""):
    token = pathlib.Path("secrets/token")
    token.write_text("usersync-token")
    token.chmod(0o600)
    with open("in/people.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for *said, store, function, role in rows:
            last = until if said[0] == "3" else ""
            out.writerow([*said, store, STORES[store], function, FUNCTIONS[function], role, last])


def first():
    write(ROWS)


def no_intern():
    write([ROWS[0], ROWS[2]])


def married():
    write([(*ROWS[0][:2], "Bakker-Smit", *ROWS[0][3:]), ROWS[2]])


def back():
    write([(*ROWS[0][:2], "Bakker-Smit", *ROWS[0][3:]), (*ROWS[1][:2], "Bakker-Smit", *ROWS[1][3:]), ROWS[2]])


def until():
    write([(*ROWS[0][:2], "Bakker-Smit", *ROWS[0][3:]), ROWS[2]], "2026-03-20")
