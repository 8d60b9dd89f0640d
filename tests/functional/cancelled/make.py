import os
import pathlib
import subprocess
import time

from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def again():
    write("in/employees.xlsx", PEOPLE[:-1])


def slow():
    """A host that describes its connector and then never says a word: the run waits for it."""
    host, described = pathlib.Path("bin/slow-host"), pathlib.Path("bin/described").resolve()
    real = os.environ["MUSTER_HOST"]
    host.write_text(f'#!/bin/sh\n[ -e {described} ] && exec /bin/sleep 60\n: > {described}\nexec {real} "$@"\n')
    host.chmod(0o755)


def cancel_while_it_runs():
    environment = os.environ | {"MUSTER_HOST": str(pathlib.Path("bin/slow-host").resolve())}
    run = subprocess.Popen(["muster", "sync", "acme", "--full"], env=environment)
    lock = pathlib.Path("state/organizations/acme/run.lock")
    until = time.monotonic() + 20
    while time.monotonic() < until and not (lock.exists() and lock.read_text().strip() == str(run.pid)):
        time.sleep(0.02)
    done = subprocess.run(["muster", "cancel", "acme"], check=False)
    print("cancel", done.returncode, flush=True)
    print("sync", run.wait(30), flush=True)

