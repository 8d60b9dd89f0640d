import os

HEAD = "Number,First name,Status,Mobile,Job title,Start,Manager"
ROWS = [
    "1001,Anna,Active,0611,Manager,2024-01-01,",
    "1002,Bram,Active,0622,Cook,2024-02-01,1001",
    "1003,Cees,Active,0633,Porter,2024-03-01,1001",
    "1004,Dirk,Active,0644,Porter,2024-04-01,1001",
    "1005,Eva,Active,0655,Cook,2024-06-01,1001",
]


def put(rows):
    os.makedirs("in", exist_ok=True)
    with open("in/hr.csv", "w", encoding="utf-8") as out:
        out.write("\n".join([HEAD, *rows]) + "\n")


def first():
    put(ROWS)


def other_rows(bram, cees):
    put([ROWS[0], bram, cees, *ROWS[3:]])


def agreed():
    other_rows("1002,Bram,Active,0699,Cook,2024-02-01,1004", "1003,Cees,Leave,,Porter,2024-03-01,1001")


def moved():
    other_rows("1002,Bram,Active,0600,Cook,2024-02-01,1001", "1003,Cees,Active,0633,Porter,2024-03-01,1001")
