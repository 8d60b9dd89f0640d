import csv
import pathlib

HEADER = ["Nr", "First name", "Surname", "E-mail", "Born", "Store", "Store name", "Function", "Function name"]
PLACE = ["101", "Centrum", "14", "Kassa"]


def write(count):
    with open("in/people.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for nth in range(1, count + 1):
            out.writerow([nth, f"P{nth}", "Bakker", f"p{nth}@acme.example", "1990-05-17", *PLACE])


def key():
    pathlib.Path("secrets/token").write_text("usersync-token")
    pathlib.Path("secrets/token").chmod(0o600)


def wrong_key():
    pathlib.Path("secrets/token").write_text("another")


def first():
    key()
    write(3)


def one_more():
    with open("in/people.csv", encoding="utf-8") as file:
        write(len(file.readlines()))
