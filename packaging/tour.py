"""tour - what packaging/demo shows once muster is built: `tour.py MUSTER FOLDER`.

Starts an SFTP server on the loopback address for as long as the tour lasts, puts a workbook of 500 employees there,
and runs the commands that a newcomer would, with a line or two between. Writes below FOLDER only.
"""
import datetime
import os
import pathlib
import random
import subprocess
import sys
import textwrap

import openpyxl

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from harness import server  # noqa: E402

FIRST = """Anna Bram Chloé Daan Eva Fatima Grzegorz Hélène Ömer Ingrid Jürgen Kübra Łukasz María Noor Olivier Søren
Zoë Иван 小龍""".split()
LAST = """de Vries|van den Berg|Jansen|Kjærgård|O'Brien|Wójcik|Yılmaz|Nguyễn|Петров|Müller|García López|Åkesson|
El Amrani|Hernández|Öztürk|van 't Hof|Kowalska|李""".replace("\n", "").split("|")
DEPARTMENTS = {"100": "Store Utrecht", "110": "Store Delft", "120": "Bakery", "130": "Warehouse", "140": "Head office"}
TITLES = ["Cashier", "Baker", "Shift leader", "Driver", "Buyer", "Clerk"]
HEADER = [
    "Employee Number", "First name", "Surname", "E-mail", "Status", "Start date", "End date", "Mobile", "Job title",
    "Dept no", "Department", "Manager",
]  # fmt: skip

ORGANIZATION = """\
organization: acme
name: Acme Retail B.V.
time_zone: Europe/Amsterdam
connections:
  hr-workbook:
    connector: sheet
    options:
      location: {location}/employees-*.xlsx
      host_key: {host_key}
      private_key: !secret file:{private_key}
      sheet: Employees
    streams:
      employees:
        key: Employee Number
        person:
          employee_number: Employee Number
          given_name: First name
          family_name: Surname
          work_email: {{ from: E-mail, lower: true }}
          status: {{ from: Status, table: {{ Active: active, Vacation: on_leave }}, otherwise: reject }}
          hired_on: {{ from: Start date, date: [DD-MM-YYYY, YYYY-MM-DD] }}
          terminated_on: {{ from: End date, date: [DD-MM-YYYY, YYYY-MM-DD], on_empty: clear }}
          mobile_phone: {{ from: Mobile, on_empty: clear }}
        employment:
          title: Job title
          department: {{ unit: department, code: Dept no, name: Department }}
          manager: {{ person: employee_number, from: Manager }}
        require: [employee_number, given_name]
"""


def employees():
    """500 rows as HR keeps them: dates as dates and as two kinds of text, and four rows that cannot be right."""
    chance = random.Random(7)
    rows = []
    for number in range(1, 501):
        start = datetime.date(2008, 1, 1) + datetime.timedelta(days=chance.randrange(6600))
        code = chance.choice(list(DEPARTMENTS))
        first, last = chance.choice(FIRST), chance.choice(LAST)
        written = chance.choice([start, start.strftime("%d-%m-%Y"), start.isoformat()])
        mobile = f"+31 6 {chance.randrange(10**7, 10**8)}" if chance.random() < 0.8 else None
        boss = f"{chance.randrange(1, 26):05d}" if number > 25 else "00001" if number > 1 else None
        status = "Vacation" if chance.random() < 0.04 else "Active"
        rows.append(
            [f"{number:05d}", first, last, f"e{number:05d}@acme.example", status, written, None, mobile,
             chance.choice(TITLES), code, DEPARTMENTS[code], boss]
        )  # fmt: skip
    rows[41][5] = "31-02-2024"
    rows[137][4] = "Sabbatical"
    rows[256][1] = None
    rows[402][5] = "next month"
    return rows


def edited(rows):
    """A week later: a rename, a promotion, somebody new, somebody gone, one of the bad dates mended."""
    later = [list(row) for row in rows]
    later[2][2] = "Jansen-de Wit"
    later[2][8] = "Store manager"
    later[2][9:11] = "110", DEPARTMENTS["110"]
    later[41][5] = "28-02-2024"
    later[499] = [
        "00501", "Saoirse", "Ní Bhriain", "e00501@acme.example", "Active", datetime.date(2026, 3, 9), None, None,
        "Cashier", "110", DEPARTMENTS["110"], "00003",
    ]  # fmt: skip
    return later


def write(path, rows):
    book = openpyxl.Workbook()
    book.active.title = "Employees"
    for row in [HEADER, *rows]:
        book.active.append(row)
    book.save(path)


def say(text):
    print("\n" + textwrap.fill(" ".join(text.split()), 100), flush=True)


class Tour:
    def __init__(self, muster, folder):
        self.muster, self.folder = muster, folder
        self.today = "2026-03-02T06:30:00Z"

    def show(self, *words, expected=(0,), lines=24):
        """Runs a command as a person would type it and prints what it says, long output shortened."""
        print(f"\n  $ muster {' '.join(words)}", flush=True)
        argv = [self.muster, "-c", str(self.folder / "config"), *words]
        env = os.environ | {"MUSTER_NOW": self.today}
        ran = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        said = ran.stdout.rstrip().splitlines()
        for line in said[:lines]:
            print(f"  {line}")
        if len(said) > lines:
            print(f"  … {len(said) - lines} more lines")
        if ran.returncode not in expected:
            sys.exit(f"tour: exit status {ran.returncode}, expected {expected}")


def main():
    folder = pathlib.Path(sys.argv[2])
    tour = Tour(sys.argv[1], folder)
    outgoing = folder / "outgoing"
    (folder / "config" / "organizations").mkdir(parents=True)
    outgoing.mkdir()
    rows = employees()
    write(outgoing / "employees-2026-03-02.xlsx", rows)
    with server.running(folder / "server", "--no-password", "--host-keys", "ed25519") as about:
        text = ORGANIZATION.format(
            location=server.url(about, outgoing),
            host_key=about["host_keys"]["ed25519"],
            private_key=about["keys"]["ed25519-openssh"],
        )
        (folder / "config" / "muster.yaml").write_text(f"state: {folder}/state\n", encoding="utf-8")
        (folder / "config" / "organizations" / "acme.yaml").write_text(text, encoding="utf-8")
        walk(tour, outgoing, rows)


def walk(tour, outgoing, rows):
    say("""An SFTP server on this machine has the HR workbook of Acme, 500 employees. One YAML file says where it is and
        which column is what. First: is that file right, and can we log in?""")
    tour.show("check", "acme", "--connect")
    say("What is in the workbook? (Samples are masked.)")
    tour.show("discover", "acme", "hr-workbook", lines=18)
    say("""Now fetch it, map it, store it. Four cells cannot be right; each is put aside with its place and reason, and
        the rest goes on: 499 people are in, one row has no name and waits.""")
    tour.show("sync", "acme", expected=(3,))
    say("The same rows again: nothing changes, and nothing is written to the people's tables.")
    tour.show("sync", "acme", "--full", expected=(0, 3))
    say("""A week later HR delivers an edited workbook: one employee has a new surname and was promoted, one bad date
        was mended, one employee is new and one is no longer there.""")
    write(outgoing / "employees-2026-03-09.xlsx", edited(rows))
    tour.today = "2026-03-09T06:30:00Z"
    tour.show("sync", "acme", expected=(3,))
    say("Exactly that was changed. Every change says what it was before, when, and by which run:")
    tour.show("history", "acme", "00003")
    tour.show("status", "acme", expected=(0, 3, 4))
    say("That was it. The server is stopped and the folder removed; nothing is left behind.")


if __name__ == "__main__":
    main()
