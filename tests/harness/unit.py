"""unit - cmocka programs: each of their tests is counted; a program that dies fails with what it said last."""
import re

from harness.job import Fresh, Outcome, ending, promises, run, shortened

SECONDS = 300
RESULT = re.compile(r"\[ *(RUN|OK|FAILED|ERROR|SKIPPED) *\] (\S+)\s*$")
STATE = {"OK": "passed", "FAILED": "failed", "ERROR": "failed", "SKIPPED": "skipped"}


class Unit:
    def __init__(self, source, program):
        self.name = f"unit/{source.stem}"
        self.weight = source.stat().st_size / 1000
        self.program = program
        self.promises = promises(source)

    def run(self, place):
        if not self.program.exists():
            return [Outcome(self.name, "failed", f"{self.program} is not built: is it in tests/Makefile.inc?")]
        with Fresh() as folder:
            ran = run([str(self.program)], folder, place.environment(folder), SECONDS)
        outcomes, pending, rest = parse(self.name, ran.output)
        wrong = any(outcome.state == "failed" for outcome in outcomes)
        if pending:
            outcomes.append(Outcome(f"{self.name}: {pending}", "failed", f"{ending(ran, SECONDS)}\n{shortened(rest)}"))
        elif ran.code != 0 and not wrong:
            outcomes.append(Outcome(f"{self.name}: its end", "failed", f"{ending(ran, SECONDS)}\n{shortened(rest)}"))
        elif not outcomes:
            outcomes.append(Outcome(self.name, "failed", "it has no test in it"))
        return outcomes


def parse(name, output):
    """The outcomes, the test that had begun when the output ended (or None), and what was said last."""
    outcomes, pending, said = [], None, []
    for line in output.splitlines():
        found = RESULT.search(line)
        if found and found[1] == "RUN":
            pending, said = found[2], []
        elif found and found[2] == pending:
            state = STATE[found[1]]
            text = "\n".join(said) if state == "failed" else "it skipped itself"
            outcomes.append(Outcome(f"{name}: {pending}", state, shortened(text)))
            pending, said = None, []
        else:
            said.append(line)
    return outcomes, pending, "\n".join(said)


def jobs(place):
    folder = place.source / "tests" / "unit"
    return [Unit(source, place.build / "tests" / "unit" / source.stem) for source in sorted(folder.glob("test_*.c"))]
