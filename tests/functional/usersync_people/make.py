import csv
import pathlib

HEADER = ["Nr", "First name", "Surname", "E-mail", "Born", "Store", "Store name", "Function", "Function name"]
STORES = {"101": "Centrum", "102": "Noord", "103": "Zuid"}
FUNCTIONS = {"14": "Kassa", "15": "AGF"}
ANN = ("1", "Ann", "Bakker", "ann@acme.example", "1990-05-17", "101", "14")
ANN_TOO = ("2", "Ann", "Bakker", "Ann@acme.example", "1990-05-17", "102", "15")
BOB = ("3", "Bob", "Jansen", "bob@acme.example", "", "101", "15")
CEM = ("4", "Cem", "Öztürk", "kassa1@acme.example", "2001-02-03", "102", "14")
DEE = ("5", "Dee", "Smit", "dee@acme.example", "1985-12-31", "103", "14")
EVA = ("6", "Eva", "de Vries", "eva@acme.example", "1999-09-09", "103", "15")


def write(*rows):
    token = pathlib.Path("secrets/token")
    if not token.exists():
        token.write_text("usersync-token")
        token.chmod(0o600)
    with open("in/people.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for *said, store, function in rows:
            out.writerow([*said, store, STORES[store], function, FUNCTIONS[function]])


def first():
    write(ANN, ANN_TOO, BOB, CEM, DEE, EVA)


def moved():
    """Bob works in another store now; Cem has an address; Eva has left; Ann works in one store only."""
    write(ANN, (*BOB[:5], "102", "14"), (*CEM[:3], "cem@acme.example", *CEM[4:]), DEE)


def back():
    write(ANN, (*BOB[:5], "102", "14"), (*CEM[:3], "cem@acme.example", *CEM[4:]), DEE, EVA)
