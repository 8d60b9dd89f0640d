import os

from book import PEOPLE, changed, write


def dated(path, rows, seconds):
    write(path, rows)
    os.utime(path, (seconds, seconds))


def first():
    dated("in/employees-2.xlsx", PEOPLE, 1_772_400_000)


def older():
    dated("in/employees-1.xlsx", changed(PEOPLE[:8], "1002", Job_title="Old title"), 1_772_000_000)
