import pathlib

from book import PEOPLE, person, write

FILE = pathlib.Path("organizations/acme.yaml")


def first():
    write("in/employees.xlsx", PEOPLE)


def more(*numbers):
    write("in/employees.xlsx", [*PEOPLE, *(person(number, "New", "Comer" + number) for number in numbers)])


def one_more():
    more("1011")


def three_more():
    more("1011", "1012", "1013", "1014")


def edit(text, what):
    FILE.write_text(FILE.read_text().replace(text, what))


def off():
    edit("{ create: 20% }", "{ create: { off: { until: 2026-04-01, reason: summer intake } } }")


def no_target():
    edit("deactivate: 100%", "deactivate: 100%, create: 20%")
