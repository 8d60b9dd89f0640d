"""books - the workbooks of the benchmark: employees with names of many languages, real dates, some empty cells.

The same rows each time (fixed seed). `shared` keeps texts in the shared table, as Excel does; `inline` keeps them in
their cells, as streaming writers do.
"""
import datetime
import random

import xlsxwriter

HEADER = [
    "Employee Number", "First name", "Surname", "E-mail", "Status", "Start date", "End date", "Birth date", "Mobile",
    "Job title", "Dept no", "Department", "Manager", "Site", "Hours",
]  # fmt: skip
FIRST = """Anna Bram Chloé Daan Eva Françoise Grzegorz Hélène Ömer Ingrid Jürgen Łukasz María Noor Søren Zoë Иван
李""".split()
LAST = """de Vries|van den Berg|Jansen|Kjærgård|O'Brien|Wójcik|Yılmaz|Nguyễn|Петров|Müller|García López|Åkesson|Smith
|Hernández|Öztürk|van 't Hof|Kowalska|Dupont""".replace("\n", "").split("|")
TITLES = ["Cashier", "Baker", "Shift leader", "Store manager", "Clerk", "Driver", "Buyer", "Analyst", "Nurse", "Guard"]
EPOCH = datetime.date(1955, 1, 1)


def people(count, seed=1):
    """Rows of 15 cells; about one cell in fifteen is empty."""
    chance = random.Random(seed)
    for number in range(1, count + 1):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        department = chance.randrange(1, 61)
        started = EPOCH + datetime.timedelta(days=chance.randrange(13000, 26000))
        left = started + datetime.timedelta(days=chance.randrange(100, 9000)) if chance.random() < 0.04 else None
        yield [
            f"{number:07d}",
            first,
            last,
            f"e{number}@acme.example",
            chance.choices(["Active", "Vacation"], [95, 5])[0],
            started,
            left,
            EPOCH + datetime.timedelta(days=chance.randrange(0, 18000)),
            f"+31 6 {chance.randrange(10**7, 10**8)}" if chance.random() < 0.9 else None,
            chance.choice(TITLES),
            f"{department:03d}",
            f"Department {department}",
            f"{chance.randrange(1, count // 20 + 2):07d}" if chance.random() < 0.98 else None,
            f"{chance.randrange(1, 200)}",
            chance.choice(["40", "36", "32", "24", "16"]),
        ]


def write(path, count, inline, edited=False, title=None):
    """`edited`: every hundredth has moved to another site. `title`: the first one's job."""
    options = {"constant_memory": inline, "in_memory": False, "default_date_format": "yyyy-mm-dd"}
    book = xlsxwriter.Workbook(path, options)
    page = book.add_worksheet("Employees")
    page.write_row(0, 0, HEADER)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for line, row in enumerate(people(count), 1):
        if edited and line % 100 == 0:
            row[HEADER.index("Site")] = "999"
        if title and line == 1:
            row[HEADER.index("Job title")] = title
        for column, value in enumerate(row):
            if isinstance(value, datetime.date):
                page.write_datetime(line, column, datetime.datetime(value.year, value.month, value.day), day)
            elif value is not None:
                page.write_string(line, column, value)
    book.close()
