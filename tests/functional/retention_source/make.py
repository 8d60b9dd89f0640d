import os
import zipfile

STAYS = "1001,de Boer,KASSA-77,123456782 of 1985"
LEAVERS = ["1002,Quispel,KOK-12,111222333 of 1990", "1003,Nachtegaal,VAK-9,"]


def put(name, *rows):
    os.makedirs("in", exist_ok=True)
    with open(f"in/{name}.csv", "w", encoding="utf-8") as out:
        out.write("\n".join(["Number,Surname,Function,Citizen number", *rows]) + "\n")


def first():
    put("hr-1", STAYS, *LEAVERS)


def left():
    put("hr-2", STAYS)


def back():
    put("hr-3", STAYS, *LEAVERS)


def words():
    """What a copy of the store has of what rows said; free pages are not in it."""
    os.spawnlp(os.P_WAIT, "muster", "muster", "backup", "acme", "copy.zip", "--quiet")
    with zipfile.ZipFile("copy.zip") as copy:
        data = copy.read(next(name for name in copy.namelist() if name.endswith("data.mdb")))
    os.remove("copy.zip")
    print(*(word for word in ("KASSA-77", "KOK-12", "VAK-9") if word.encode() in data))
