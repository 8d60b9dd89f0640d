import datetime
import os

NAMES = {"1001": "Ann,Bakker", "1002": "Bo,Jansen", "1003": "Cas,Smit", "1004": "Dia,Visser"}


def give(name, *numbers, day=1, start="2021-05-01", more=()):
    """A file as it lay there since that day of February."""
    path = f"in/{name}"
    lines = ["Number,First,Last,Start", *[f"{number},{NAMES[number]},{start}" for number in numbers], *more]
    with open(path, "w", encoding="utf-8") as out:
        out.write("".join(f"{line}\n" for line in lines))
    then = datetime.datetime(2026, 2, day, 6, 0, tzinfo=datetime.timezone.utc).timestamp()
    os.utime(path, (then, then))


def first():
    give("employees.csv", "1001", "1002")


def unfinished():
    give("employees.csv.part", "1001")
    give("~$employees.csv", "1001")
    give(".employees.csv", "1001")
