"""script - any program in tests/script, and in tests/package with --all.

It runs in a folder of its own, with SOURCE and BUILD in the environment. Exit status 0 passes, 77 skips (its last
line says why), others fail. One that prints TAP lines (`ok 1 - claim`, `not ok 2 - claim`) has each of them counted.
"""
import os
import re

from harness.job import Fresh, Outcome, ending, promises, run, shortened

SECONDS = 900
LONG = ("disturbed", "reading", "receiver", "daemon", "powercut", "delivered")  # begin first, not last
LINE = re.compile(r"^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$")


class Script:
    def __init__(self, program, weight):
        self.name = f"{program.parent.name}/{program.stem}"
        self.weight = weight
        self.program = program
        self.promises = promises(program)

    def run(self, place):
        with Fresh() as folder:
            ran = run([str(self.program)], folder, place.environment(folder), SECONDS)
        return outcomes(self.name, ran)


def outcomes(name, ran):
    counted, said = [], []
    for line in ran.output.splitlines():
        found = LINE.match(line)
        if not found:
            said.append(line)
            continue
        state = "failed" if found[1] else "skipped" if found[3] is not None else "passed"
        counted.append(Outcome(f"{name}: {found[2]}", state, found[3] or shortened("\n".join(said))))
        said = []
    wrong = any(outcome.state == "failed" for outcome in counted)
    if ran.code == 0 and not ran.late:
        return counted or [Outcome(name, "passed")]
    if ran.code == 77 and not counted:
        return [Outcome(name, "skipped", said[-1] if said else "it skipped itself")]
    if not wrong:
        text = f"{ending(ran, SECONDS)}\n{shortened(chr(10).join(said))}"
        counted.append(Outcome(f"{name}: its end" if counted else name, "failed", text))
    return counted


def programs(folder):
    return [path for path in sorted(folder.glob("*")) if path.is_file() and os.access(path, os.X_OK)]


def jobs(place, packages):
    scripts = programs(place.source / "tests" / "script")
    found = [Script(program, 100 if program.stem in LONG else 50) for program in scripts]
    if packages:
        found += [Script(program, 1000) for program in programs(place.source / "tests" / "package")]
    return found
