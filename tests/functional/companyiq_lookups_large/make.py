import json
import pathlib
import re
import subprocess
import sys

FILE = pathlib.Path("organizations/acme.yaml")
COUNT = pathlib.Path("count")


def write(note):
    rows = (f"{1000 + n},2026-02-{n % 28 + 1:02},{n % 9}.50,{note if n == 7 else 'on time'}" for n in range(120))
    pathlib.Path("in/attendance.csv").write_text("".join(f"{row}\n" for row in ("EmpNo,Day,Hours,Note", *rows)))


def first():
    path = pathlib.Path("secrets/companyiq")
    path.write_text("test-secret-please-change", encoding="utf-8")
    path.chmod(0o600)
    write("late")


def changed():
    """Another remark in one of the rows."""
    number = int(COUNT.read_text()) + 1 if COUNT.exists() else 1
    COUNT.write_text(str(number))
    write(f"late {number}")


def options(old, new):
    text = FILE.read_text(encoding="utf-8")
    assert re.search(old, text), text
    FILE.write_text(re.sub(old, new, text), encoding="utf-8")


def split():
    options("zip_above: 1000", "zip_above: 100000\n      file_max: 1500")


def impatient():
    options("file_max: 1500", "file_max: 20000000\n      batch_patience: 1")


def scheme():
    more = "\n      place: body" if sys.argv[2] == "plain" else ""
    options("corp_id: C100001", f"corp_id: C100001\n      scheme: {sys.argv[2]}{more}")
    text = FILE.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    first_one = next(n for n, line in enumerate(lines) if "scheme:" in line)
    FILE.write_text("".join(line for n, line in enumerate(lines) if "scheme:" not in line or n == first_one),
                    encoding="utf-8")


def count():
    """What is there of the month."""
    ask = ["companyiq", "state", "lookups.attendance.2026-02"]
    ran = subprocess.run(ask, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    print(f"{len(rows)} rows, {len({row['Employee ID'] for row in rows})} people")
