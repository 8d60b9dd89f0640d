"""daemon - musterd over a thousand organizations with a schedule each: how soon it looks after them, and what it takes
while nothing is due."""
import contextlib
import os
import pathlib
import re
import signal
import statistics
import subprocess
import tempfile
import time

ORGANIZATIONS, IDLE = 1000, 60
FILE = """organization: org-{number:04}
name: Organization {number}
time_zone: {zone}
connections:
  hr:
    connector: sheet
    options: {{ location: "{folder}/in/org-{number:04}-*.xlsx" }}
    streams:
      employees:
        key: Employee Number
        person:
          employee_number: Employee Number
          given_name: First name
          family_name: Surname
          hired_on: {{ from: Start date, date: DD-MM-YYYY }}
        employment: {{ title: Job title, department: {{ unit: department, name: Department }} }}
    triggers: [ {{ at: "2099-01-01 {hour:02}:{minute:02}" }}, {{ schedule: "{minute} {hour} 29 2 *" }} ]
"""
ZONES = ("Europe/Amsterdam", "Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Sydney")


def write(folder, organizations):
    (folder / "organizations").mkdir()
    (folder / "muster.yaml").write_text(f"state: {folder}/state\n", encoding="utf-8")
    for number in range(organizations):
        text = FILE.format(number=number, zone=ZONES[number % len(ZONES)], folder=folder, hour=number % 24,
                           minute=number % 60)  # fmt: skip
        (folder / "organizations" / f"org-{number:04}.yaml").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def running(program, folder, organizations):
    """(process, seconds until it looked after all of them)"""
    log = folder / "log"
    log.unlink(missing_ok=True)
    began = time.perf_counter()
    with open(log, "w", encoding="utf-8") as said:
        child = subprocess.Popen([program, "-c", folder], stdin=subprocess.DEVNULL, stderr=said)
    try:
        while f"looking after {organizations} organizations" not in log.read_text(encoding="utf-8"):
            if child.poll() is not None or time.perf_counter() - began > 120:
                raise RuntimeError(log.read_text(encoding="utf-8")[-2000:])
            time.sleep(0.005)
        yield child, time.perf_counter() - began
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


def processor(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def idle(pid, seconds):
    """Bytes that are its own, and the part of one processor that it took."""
    time.sleep(2)
    before, began = processor(pid), time.perf_counter()
    time.sleep(seconds)
    used = (processor(pid) - before) / (time.perf_counter() - began)
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) << 10, used


def measure(program, rounds, organizations=ORGANIZATIONS, seconds=IDLE):
    """What it takes to start, for the first time and after that (the median), and while it is idle."""
    with tempfile.TemporaryDirectory(prefix="muster-bench.") as name:
        folder = pathlib.Path(name)
        write(folder, organizations)
        with running(program, folder, organizations) as (_, first):
            pass
        again = []
        for _ in range(rounds):
            with running(program, folder, organizations) as (_, took):
                again.append(took)
        with running(program, folder, organizations) as (child, _):
            memory, used = idle(child.pid, seconds)
    return {"first": first, "again": (statistics.median(again), min(again), max(again)), "memory": memory, "used": used}
