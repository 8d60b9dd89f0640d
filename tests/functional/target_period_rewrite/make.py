FIRST = ["a,2026-03-24 08:00,60", "b,2026-03-28 08:00,61", "c,2026-03-29 23:30,62", "d,2026-03-30 00:00,63"]


def write(rows):
    with open("in/hours.csv", "w", encoding="utf-8") as out:
        out.write("\n".join(["Id,In,Minutes", *rows]) + "\n")


def first():
    write(FIRST)


def changed():
    """One is corrected, one is taken back, one came too late."""
    write(["a,2026-03-24 08:00,50", *FIRST[2:], "e,2026-03-25 08:00,64"])


CHANGED = ["a,2026-03-24 08:00,50", FIRST[2], "e,2026-03-25 08:00,64"]


def moved():
    """What was of the week after is of the week before."""
    write([*CHANGED, "d,2026-03-26 00:00,63"])


def april():
    write([*CHANGED, "d,2026-03-26 00:00,63", "f,2026-04-01 00:30,65", "g,2026-03-31 09:00,66"])
