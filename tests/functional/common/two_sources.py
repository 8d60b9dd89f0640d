"""two_sources - three people of HR, and what a store knows of them, as text, for cases about who is who."""
import os

HR = """Number,First name,Surname,E-mail,Job title,Start
1001,Anna,de Boer,anna@acme.example,Manager,2024-01-01
1002,Bram,Kok,team@acme.example,Cook,2024-02-01
1003,Cees,Kok,cees@acme.example,Cook,2024-03-01
"""

STORE = """Id,First name,Surname,E-mail,Mobile,Function
u1,Anna,de Boer,anna@acme.example,0611,Baker
u2,Bram,Kok,team@acme.example,0622,Chef
u3,C.,Kok,,0633,Porter
"""


def put(name, text):
    os.makedirs("in", exist_ok=True)
    with open("in/" + name, "w", encoding="utf-8") as out:
        out.write(text)


def both():
    put("hr.csv", HR)
    put("store.csv", STORE)


def mailbox():
    """Bram's mailbox is shared: the store's Bram is somebody else, and a new record has it too."""
    put("store.csv", STORE + "u4,Bram,Kok,team@acme.example,0644,Waiter\n")


def corrected():
    put("hr.csv", HR.replace("Kok,cees@", "Kok-Smit,cees@"))
