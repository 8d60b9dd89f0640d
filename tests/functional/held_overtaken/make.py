import datetime
import os

NAMES = {"1001": "Ann,Bakker", "1002": "Bo,Jansen", "1003": "Cas,Smit", "1004": "Dia,Visser"}


def give(day, numbers=tuple(NAMES), domain="acme.example"):
    """The file of a day of February."""
    path = f"in/people-{day}.csv"
    lines = ["Number,First,Last,Mail", *[f"{number},{NAMES[number]},{number}@{domain}" for number in numbers]]
    with open(path, "w", encoding="utf-8") as out:
        out.write("".join(f"{line}\n" for line in lines))
    then = datetime.datetime(2026, 2, day, 6, 0, tzinfo=datetime.timezone.utc).timestamp()
    os.utime(path, (then, then))


def first():
    give(1)


def short():
    give(2, ["1001"])


def mended():
    give(3, domain="acme.example")


def slipped():
    give(4, domain="wrong.example")


def slipped_otherwise():
    give(5, domain="worse.example")
