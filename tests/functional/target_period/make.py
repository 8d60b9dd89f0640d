import csv
import pathlib
import sys

import openpyxl

GUARDS = {"1001": ("Ann", "Lee"), "1002": ("Bo", "Diaz"), "1003": ("Cy", "Fox")}
HOURS = {
    "h01": ("1001", "2026-12-17 08:00", "2026-12-17 16:00"),  # W51: of before the first file
    "h02": ("1001", "2026-12-20 23:30", "2026-12-21 07:30"),  # a Sunday night, W51
    "h03": ("1001", "2026-12-21 00:00", "2026-12-21 08:00"),  # the first minute of W52
    "h04": ("1002", "2026-12-24 08:00", "2026-12-24 12:00"),
    "h05": ("1002", "2026-12-27 23:59", "2026-12-28 04:00"),  # the last one; in UTC it is Monday
    "h06": ("1003", "2026-12-26 08:00", "2026-12-26 09:00"),
    "h07": ("1001", "2026-12-28 00:10", "2026-12-28 05:00"),  # Monday: W53
    "h08": ("1002", "2026-12-25 08:00", None),  # nobody punched out
}


def minutes(start, end):
    days = int(end[8:10]) - int(start[8:10])
    return days % 30 * 1440 + int(end[11:13]) * 60 + int(end[14:]) - int(start[11:13]) * 60 - int(start[14:])


def write(hours, guards=None):
    with open("in/hr.csv", "w", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["Number", "First", "Last"])
        rows.writerows([number, *names] for number, names in (guards or GUARDS).items())
    with open("in/hours.csv", "w", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["Id", "Number", "In", "Out", "Minutes", "State"])
        for name, (number, start, end) in hours.items():
            rows.writerow([name, number, start, end, minutes(start, end) if end else "", "closed" if end else "open"])


def first():
    write(HOURS)


CORRECTED = {
    **{name: hour for name, hour in HOURS.items() if name != "h06"},  # taken back
    "h01": ("1001", "2026-12-17 08:00", "2026-12-17 16:30"),  # of before the first file, and corrected
    "h04": ("1002", "2026-12-24 08:00", "2026-12-24 13:00"),
    "h08": ("1002", "2026-12-25 08:00", "2026-12-25 10:00"),  # it was open on Monday
    "h09": ("1001", "2026-12-22 18:00", "2026-12-22 19:00"),  # it came too late
}


def corrected():
    """Somebody marries, too: nothing of what was sent is another for that."""
    write(CORRECTED, {**GUARDS, "1001": ("Ann", "Lee-Berg")})


LATER = {
    **CORRECTED,
    "h10": ("1001", "2027-01-04 09:00", "2027-01-04 10:00"),  # W01
    "h11": ("1001", "2027-01-23 09:00", "2027-01-23 10:00"),  # W03; nothing happens in W02
}


def later():
    write(LATER, {**GUARDS, "1001": ("Ann", "Lee-Berg")})


KILLED = {
    **LATER,
    "h12": ("1002", "2027-01-26 09:00", "2027-01-26 10:00"),
    "h13": ("1002", "2027-01-31 22:00", "2027-01-31 23:00"),
}


def killed():
    write(KILLED, {**GUARDS, "1001": ("Ann", "Lee-Berg")})


def meanwhile():
    write({**KILLED, "h14": ("1001", "2027-01-27 09:00", "2027-01-27 10:00")}, {**GUARDS, "1001": ("Ann", "Lee-Berg")})


def show():
    book = openpyxl.load_workbook(pathlib.Path("out") / f"hours-{sys.argv[2]}.xlsx")
    for row in book["Hours"].iter_rows(values_only=True):
        print(*("" if cell is None else cell for cell in row), sep=" | ")
