import datetime
import pathlib

from book import PEOPLE, changed, write

FILE = pathlib.Path("organizations/acme.yaml")


def first():
    write("in/employees.xlsx", PEOPLE)


def married():
    write("in/employees.xlsx", changed(PEOPLE, "1003", Surname="Peeters"))


def began(day):
    rows = changed(PEOPLE, "1003", Surname="Peeters")
    write("in/employees.xlsx", changed(rows, "1004", Start_date=datetime.date(2022, 1, day)))


def began_later():
    began(3)


def began_later_still():
    began(4)


def title():
    rows = changed(PEOPLE, "1003", Surname="Peeters", Job_title="Baker")
    write("in/employees.xlsx", changed(rows, "1004", Start_date=datetime.date(2022, 1, 4)))


def refuses(text, what):
    FILE.write_text(FILE.read_text().replace(text, what))


def likes():
    refuses('refuse: "Zoë", refuse_as: data', "unreachable: false")


def gone():
    refuses("unreachable: false", 'refuse: "Baker", refuse_as: gone')


def there_again():
    refuses('refuse: "Baker", refuse_as: gone', "unreachable: false")


def busy():
    refuses("unreachable: false", 'refuse: "Petrov", refuse_as: retry')


def petrov():
    rows = changed(PEOPLE, "1003", Surname="Peeters", Job_title="Baker")
    rows = changed(rows, "1007", Surname="Petrov")
    write("in/employees.xlsx", changed(rows, "1004", Start_date=datetime.date(2022, 1, 4)))


def likes_again():
    refuses('refuse: "Petrov", refuse_as: retry', "unreachable: false")
