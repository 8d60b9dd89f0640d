import pathlib

from book import PEOPLE, changed, write

FILE = pathlib.Path("organizations/acme.yaml")


def first():
    write("in/employees.xlsx", PEOPLE)


def moved():
    write("in/employees.xlsx", changed(PEOPLE, "1006", Department="Shop", Dept_no="20"))


def named(text):
    FILE.write_text(FILE.read_text().replace("list-{week}-{date}.csv", text))


def pattern():
    named("list-*.csv")


def wrong():
    FILE.write_text(FILE.read_text().replace("list-*.csv", "list-{dat}.csv"))


def monthly():
    FILE.write_text(FILE.read_text().replace("list-{dat}.csv", "list-{month}-{run}.csv"))
