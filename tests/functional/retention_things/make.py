import os


def put(name, head, *rows):
    os.makedirs("in", exist_ok=True)
    with open(f"in/{name}.csv", "w", encoding="utf-8") as out:
        out.write("\n".join([head, *rows]) + "\n")


OLD = ["P0,1001,in,2025-01-15 08:00"]
FIRST = ["P1,1001,in,2026-03-01 08:00", "P2,1001,out,2026-03-01 16:00", "P3,1002,in,2026-03-01 09:00",
         "P4,1002,out,2026-03-01 17:00"]
NIGHT = ["P5,1001,in,2026-03-10 23:00", "P6,1001,out,2026-03-11 07:00"]


def clock(*rows):
    put("clock", "Id,Who,Way,At", *rows)


def first():
    put("hr", "Number,Surname", "1001,de Boer", "1002,Quispel")
    clock(*OLD, *FIRST)
    put("orders", "Number", "100", "200")
    put("notes", "Id,Text,At,Order", "N1,Gate left open,2026-03-01 12:00,100")
    put("slips", "Who,Month", "1001,2026-01", "1001,2026-04")
    put("shifts", "Id,Who,From,To,Offer", "S1,1001,2026-03-01 08:00,2026-03-01 16:00,accepted")


def night():
    clock(*OLD, *FIRST, *NIGHT)


def no_orders():
    put("orders", "Number", "300")


def morning(*more):
    clock(*OLD, *FIRST, *NIGHT, "P7,1001,in,2027-03-11 22:00", "P8,1001,out,2027-03-11 23:00", *more)


def later():
    morning("P9,1001,in,2027-03-11 23:10")
