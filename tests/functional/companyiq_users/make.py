import datetime
import pathlib

from book import PEOPLE, changed, person, write

LAST = datetime.date(2026, 2, 27)


def first():
    path = pathlib.Path("secrets/companyiq")
    path.write_text("test-secret-please-change")
    path.chmod(0o600)
    write("in/employees.xlsx", PEOPLE)


def changed_what_may_be():
    write("in/employees.xlsx", edited())


def edited():
    rows = changed(PEOPLE, "1003", Job_title="Shift leader")
    rows = changed(rows, "1005", Surname="Yılmaz-Kaya", Department="Bread")
    rows = changed(rows, "1006", Department="Bread")
    return changed(rows, "1007", Status="Left", End_date=LAST)


def left_a_day_later():
    write("in/employees.xlsx", changed(edited(), "1007", End_date=LAST + datetime.timedelta(1), Job_title="Clerk"))


def returned():
    return changed(edited(), "1007", Status="Active", End_date=None, Job_title="Clerk")


def back_again():
    write("in/employees.xlsx", returned())


def somebody_without_a_day():
    write("in/employees.xlsx", [*returned(), person("1011", "Noor", "van Dijk"),
                                person("1012", "Omar", "Haddad", Start_date=None)])
