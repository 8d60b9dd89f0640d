import os

from harness import lmdb

HEAD = "Number,First name,Surname,E-mail,BSN,Status,Job title,Start,Manager,Salary"
ROWS = [
    "1001,Anna,de Boer,anna@acme.example,111222333,Active,Manager,2024-01-01,,6000.00",
    "1002,Bram,Kok,bram@acme.example,,Active,Cook,2024-02-01,1001,3000.00",
    "1003,Zacharias,Quispel,z.quispel@acme.example,123456782,Active,Porter,2024-03-01,1001,2345.67",
    "1004,Dirk,Vos,dirk@acme.example,,Active,Porter,2024-04-01,1003,2800.00",
]


def put(name, head, rows):
    os.makedirs("in", exist_ok=True)
    with open(f"in/{name}.csv", "w", encoding="utf-8") as out:
        out.write("\n".join([head, *rows]) + "\n")


def first():
    put("hr", HEAD, ROWS)
    put("cards", "Card,Staff,Site", ["C1,1001,1", "C3,1003,2", "C9,1009,2"])


def edited():
    """Another name and title; a start that cannot be read."""
    rows = [row.replace("Quispel,", "Quispel-Nachtegaal,").replace("Porter,2024-03-01", "Doorman,soon") for row in ROWS]
    put("hr", HEAD, rows)


def left(*more):
    """Who has left is still in the file, and somebody's manager no more."""
    rows = [row.replace("Active,Porter,2024-03-01", "Left,Doorman,2024-03-01") for row in ROWS]
    put("hr", HEAD, [*(row.replace(",1003,", ",1001,") for row in rows), *more])


def tomorrow():
    left("1005,Eva,Blom,eva@acme.example,,Active,Cook,2026-03-01,1001,2900.00")
    put("cards", "Card,Staff,Site", ["C1,1001,1", "C3,1003,3", "C9,1009,2"])


def sealed():
    """How many records have protected values that can be read with the key."""
    print(lmdb.entries("state/organizations/acme/data.mdb", "vault"))
