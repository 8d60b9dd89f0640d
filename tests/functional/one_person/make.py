HEAD = "Number,First,Last,Hired,Title\n"


def first():
    write("1001,Ann,Bakker,2020-01-01,Clerk\n1002,Bo,Jansen,2020-01-01,Clerk\n")
    with open("in/leave.csv", "w", encoding="utf-8") as out:
        out.write("Id,Who,From,To\nl1,1001,2026-03-09,2026-03-13\n")


# 1001 has another name, 1002 is not named any more, 1003 is new, 1004 has a day that is none.
def second():
    write("1001,Anna,Bakker,2020-01-01,Clerk\n1003,Cy,Ray,2026-03-01,Guard\n1004,Di,Lux,soon,Guard\n")
    with open("in/leave.csv", "w", encoding="utf-8") as out:
        out.write("Id,Who,From,To\nl2,1003,2026-04-06,2026-04-10\nl3,1001,2026-05-04,2026-05-08\n")


def write(rows):
    with open("in/employees.csv", "w", encoding="utf-8") as out:
        out.write(HEAD + rows)
