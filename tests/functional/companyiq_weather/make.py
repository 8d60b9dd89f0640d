import pathlib

from book import PEOPLE, changed, person, write

COUNT = pathlib.Path("count")


def key(text="test-secret-please-change"):
    path = pathlib.Path("secrets/companyiq")
    path.write_text(text)
    path.chmod(0o600)


def wrong_key():
    key("not-this-one")


def rows():
    count = int(COUNT.read_text()) if COUNT.exists() else 0
    return [*PEOPLE[:3], *(person(str(2001 + n), "Noor", f"Number {n + 1}", manager=None) for n in range(count))]


def first():
    key()
    write("in/employees.xlsx", rows())


def one_more():
    COUNT.write_text(str(len(rows()) - 2))
    write("in/employees.xlsx", rows())


def three_more():
    COUNT.write_text(str(len(rows()) - 0))
    write("in/employees.xlsx", rows())


def other_titles():
    write("in/employees.xlsx", changed(changed(rows(), "1002", Job_title="Clerk"), "1003", Job_title="Clerk"))
