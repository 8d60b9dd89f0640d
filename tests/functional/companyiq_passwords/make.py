import csv
import json
import pathlib
import subprocess

from book import PEOPLE, person, write


def first():
    path = pathlib.Path("secrets/companyiq")
    path.write_text("test-secret-please-change")
    path.chmod(0o600)
    pathlib.Path("printed").mkdir()
    write("in/employees.xlsx", PEOPLE)


def one_more():
    write("in/employees.xlsx", [*PEOPLE, person("1011", "=Noor", 'van "Dijk"')])


def two_more():
    write("in/employees.xlsx", [*PEOPLE, person("1011", "=Noor", 'van "Dijk"'), person("1012", "Omar", "Haddad")])


def three_more():
    write("in/employees.xlsx", [*PEOPLE, *(person(f"10{n}", "Omar", f"Haddad {n}") for n in (11, 12, 13))])


def other_titles():
    write("in/employees.xlsx", [row | {"Job title": "Clerk"} for row in PEOPLE])


def printed():
    """{number: password} of all files, where HR would look."""
    found = {}
    for path in sorted(pathlib.Path("printed").glob("passwords-*.csv")):
        for row in csv.DictReader(path.open(encoding="utf-8-sig", newline="")):
            assert found.setdefault(row["employeeId"], row["password"]) == row["password"], "a second password"
    return found


def compare():
    """What HR prints is what the platform was told; it stands nowhere else, and no two are alike."""
    said = subprocess.run(["companyiq", "state", "users"], capture_output=True, text=True, check=True).stdout
    there = {number: user["password"] for number, user in json.loads(said).items()}
    assert there == printed(), (sorted(there), sorted(printed()))
    assert len(set(there.values())) == len(there)
    assert all(len(word) == 10 and word.isalnum() and not set("Il1O0o") & set(word) for word in there.values()), there
    kept = b"".join(path.read_bytes() for path in pathlib.Path("state").rglob("*") if path.is_file())
    assert not any(word.encode() in kept for word in there.values())
    print(len(there), "passwords, each printed, none kept")
