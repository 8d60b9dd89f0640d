"""lint - tests/lint/*.py: each is run over the source, and over its own planted violations."""
import sys

from harness.job import Fresh, Outcome, ending, run, shortened

SECONDS = 300


class Lint:
    weight = 60  # some take long

    def __init__(self, program):
        self.name = f"lint/{program.stem}"
        self.program = program

    def run(self, place):
        return [self.one(place, self.name, []), self.one(place, f"{self.name}: finds what is planted", ["--prove"])]

    def one(self, place, name, words):
        with Fresh() as folder:
            argv = [sys.executable, str(self.program), *words]
            ran = run(argv, place.source, place.environment(folder), SECONDS)
        if ran.code == 0 and not ran.late:
            return Outcome(name, "passed")
        return Outcome(name, "failed", f"{shortened(ran.output)}\n{ending(ran, SECONDS)}")


def jobs(place):
    folder = place.source / "tests" / "lint"
    return [Lint(program) for program in sorted(folder.glob("*.py")) if program.name != "tree.py"]
