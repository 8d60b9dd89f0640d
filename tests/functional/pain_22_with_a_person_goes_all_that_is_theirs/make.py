import os


def put(name, head, *rows):
    os.makedirs("in", exist_ok=True)
    with open(f"in/{name}.csv", "w", encoding="utf-8") as out:
        out.write("\n".join([head, *rows]) + "\n")


def hr(left="", title="Guard"):
    put("hr", "Number,Surname,E-mail,Left,Job title", "1001,de Boer,anna@acme.example,,Manager",
        f"1003,Quispel,z.quispel@acme.example,{left},{title}")


def agency(left=""):
    put("agency", "Worker,Name,Left,Task", f"AG-70007,Quispel-Nachtegaal,{left},Door", f"AG-80008,Smit,{left},Gate")


def clock(*more):
    put("clock", "Id,Who,Way,At,Note",
        "P1,1003,in,2026-03-01 08:00,south gate", "P2,1003,out,2026-03-01 16:00,south gate",
        "P3,1001,in,2026-03-01 09:00,office", "P4,1001,out,2026-03-01 17:00,office", *more)


def first():
    hr()
    agency()
    clock("P5,AG-70007,in,2026-02-27 08:00,cellar", "P6,1003,in,2026-03-02 06:00,cellar")


def later():
    hr("2026-03-05", "Guard of the cellar")
    agency("2026-03-05")
    clock("P6,1003,in,2026-03-02 06:00,cellar")


def tomorrow():
    later()
    clock("P6,1003,in,2026-03-02 06:00,cellar", "P7,1003,out,2026-03-02 14:00,attic")
