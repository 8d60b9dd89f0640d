import os

HEAD = "Number,First name,Surname,BSN,Mobile,Contract,Job title,Start,Dept,Manager"
ROWS = [
    "1001,Anna,de Boer,123456782,0611,c1,Manager,2024-01-01,10,",
    "1002,Bram,Kok,111222333,0622,c2,Cook,2024-02-01,10,1001",
    "1003,Cees,Smit,,0633,c3,Porter,2024-03-01,20,1001",
    "1004,Dirk,Vos,,,c4,Porter,2024-04-01,20,1005",
    "1006,Eva,Blom,,,c6,Cook,2024-06-01,20,1001",
]
# Titles and a mobile are wrong, a contract and a person are new, a national number has changed.
WRONG = [
    "1001,Anna,de Boer,123456782,0611,c1,Manager,2024-01-01,10,",
    "1002,Bram,Kok,999888777,0622,c2,Boss,2024-02-01,20,1005",
    "1003,Cees,Smit,,,c3,Boss,2024-03-01,20,1001",
    "1003,Cees,Smit,,,c9,Waiter,2026-03-01,10,1002",
    "1004,Dirk,Vos,,0644,c4,Porter,2024-04-01,20,1005",
    "1005,Nobody,Atall,,0655,c5,Ghost,2026-03-01,30,1001",
    "1006,Eva,Blom,,,c6,Cook,2024-06-01,20,1001",
]
# Of that the title of 1002 and the contract c9 are put right; the name of 1005, too.
RIGHT = [
    row.replace("c2,Boss", "c2,Chef").replace("c9,Waiter", "c9,Head waiter").replace("Nobody,Atall", "Niels,Atall")
    for row in WRONG
]


def put(rows):
    os.makedirs("in", exist_ok=True)
    with open("in/hr.csv", "w", encoding="utf-8") as out:
        out.write("\n".join([HEAD, *rows]) + "\n")


def first():
    put(ROWS)


def wrong():
    put(WRONG)


def right():
    put(RIGHT)
