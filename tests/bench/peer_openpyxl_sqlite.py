#!/usr/bin/python3
"""peer - what an integrator writes today: openpyxl reads the workbook, SQLite takes an upsert of every row.

Written as well as it can be: read-only mode, rows as plain tuples, one prepared statement, one transaction, WAL with
full durability; rows stream from the reader into executemany and are never all in memory.

    peer_openpyxl_sqlite.py WORKBOOK DATABASE
"""
import datetime
import sqlite3
import sys

COLUMNS = """employee_number given_name family_name work_email status hired_on terminated_on date_of_birth mobile_phone
title department_code department manager site hours""".split()
STATUS = {"Active": "active", "Vacation": "on_leave", "Left": "terminated"}


def rows(path):
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    lines = book["Employees"].iter_rows(min_row=2, max_col=15, values_only=True)
    for number, first, last, email, status, *rest in lines:
        if not number:
            continue
        for place in (0, 1, 2):
            if isinstance(rest[place], datetime.datetime):
                rest[place] = rest[place].date().isoformat()
        email = email.strip().lower() if email else None
        yield (number.strip(), first, last, email, STATUS[status], *rest)


def store(database, people):
    """Returns how many there are then."""
    found = sqlite3.connect(database, isolation_level=None)
    found.execute("PRAGMA journal_mode = WAL")
    found.execute("PRAGMA synchronous = FULL")
    found.execute(
        f"CREATE TABLE IF NOT EXISTS person ({COLUMNS[0]} TEXT PRIMARY KEY, {', '.join(COLUMNS[1:])}) WITHOUT ROWID"
    )
    marks = ", ".join("?" * len(COLUMNS))
    updates = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    found.execute("BEGIN IMMEDIATE")
    found.executemany(
        f"INSERT INTO person VALUES ({marks}) ON CONFLICT ({COLUMNS[0]}) DO UPDATE SET {updates}", people
    )
    found.execute("COMMIT")
    count = found.execute("SELECT count(*) FROM person").fetchone()[0]
    found.close()
    return count


if __name__ == "__main__":
    print(f"{store(sys.argv[2], rows(sys.argv[1]))} people")
