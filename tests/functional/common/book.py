"""book - writes workbooks for the cases: ten people, and the little differences that a case is about."""
import datetime
import os

import openpyxl

HEADER = [
    "Employee Number", "First name", "Surname", "E-mail", "Status", "Start date", "End date", "Mobile",
    "Job title", "Dept no", "Department", "Manager",
]  # fmt: skip


def person(number, first, last, title="Cashier", dept=("20", "Shop"), manager="1001", **other):
    """One row. Dates are real date cells, numbers of people are text: leading zeros count."""
    row = {
        "Employee Number": number,
        "First name": first,
        "Surname": last,
        "E-mail": f"{first}.{last}@acme.example".replace(" ", ""),
        "Status": "Active",
        "Start date": datetime.date(2021, 5, int(number[-2:]) % 28 + 1),
        "Job title": title,
        "Dept no": dept[0],
        "Department": dept[1],
        "Manager": manager,
    }
    return row | {name.replace("_", " "): value for name, value in other.items()}


PEOPLE = [
    person("1001", "Wilhelmina", "de Vries", "Director", ("10", "Board"), None),
    person("1002", "Søren", "Kjærgård", "Store manager"),
    person("1003", "Zoë", "O'Brien", manager="1002"),
    person("1004", "Łukasz", "Wójcik", manager="1002"),
    person("1005", "Ayşe", "Yılmaz", "Baker", ("30", "Bakery")),
    person("1006", "Nguyễn", "Thị Hạnh", "Baker", ("30", "Bakery"), "1005"),
    person("1007", "Иван", "Петров", manager="1002"),
    person("1008", "María José", "Núñez", manager="1002", Status="Vacation"),
    person("1009", "李", "小龍", "Clerk", ("40", "Office")),
    person("0010", "Bjørn", "Åkesson", "Clerk", ("40", "Office"), Mobile="+31 6 1234 5678"),
]


def changed(rows, number, **columns):
    """The rows, with columns of one person set anew (`Job_title` is "Job title")."""
    anew = {name.replace("_", " "): value for name, value in columns.items()}
    return [row | anew if row["Employee Number"] == number else row for row in rows]


def without(rows, *numbers):
    return [row for row in rows if row["Employee Number"] not in numbers]


def cells(rows, header=None):
    names = header or HEADER
    return [list(names), *[[row.get(name) for name in names] for row in rows]]


def write(path, rows, header=None, sheet="Employees"):
    """Rows are dicts by column, under the header."""
    grid(path, cells(rows, header), sheet)


def grid(path, lines, sheet="Employees"):
    """Lines are lists of cells, as they are."""
    book = openpyxl.Workbook()
    book.properties.description = os.environ.get("MUSTER_NOW", "")  # another day, another file
    page = book.active
    page.title = sheet
    for line in lines:
        page.append(line)
    book.save(path)
