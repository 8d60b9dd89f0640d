"""staff - eight people of HR and two of an agency, as text, for cases about who is who."""
import os

HR = [
    "1001,Anna,de Boer,anna@acme.example,1980-01-01,Manager,2024-01-01",
    "1002,Bram,Kok,bram@acme.example,1980-01-02,Cook,2024-01-01",
    "1003,Cees,Smit,cees@acme.example,1980-01-03,Cook,2024-01-01",
    "1004,Dirk,Vos,dirk@acme.example,1980-01-04,Porter,2024-01-01",
    "1005,Eva,Blom,eva@acme.example,1980-01-05,Porter,2024-01-01",
    "1006,Fatma,Kaya,fatma@acme.example,1980-01-06,Porter,2024-01-01",
    "1007,Guus,Bos,guus@acme.example,1980-01-07,Waiter,2024-01-01",
    "1008,Hanna,Prins,hanna@acme.example,1980-01-08,Waiter,2024-01-01",
]
AGENCY = [
    "B1,Ingrid,Berg,ingrid@acme.example,0611,Guard,2024-01-01",
    "B2,Jan,Mol,jan@acme.example,0622,Guard,2024-01-01",
]


def put(hr, agency=AGENCY):
    os.makedirs("in", exist_ok=True)
    for name, head, rows in (
        ("hr.csv", "Number,First name,Surname,E-mail,Born,Job title,Start", hr),
        ("agency.csv", "Badge,First name,Surname,E-mail,Mobile,Function,Start", agency),
    ):
        with open("in/" + name, "w", encoding="utf-8") as out:
            out.write("\n".join([head, *rows]) + "\n")


def without(number):
    return [row for row in HR if not row.startswith(number)]
