"""claim - for script tests in Python: functions whose names are claims; prints a TAP line for each."""
import difflib
import sys
import traceback


class Skip(Exception):
    """Raised by a claim that cannot be tried here; says why."""


def main(*claims):
    """Runs the functions in order; each passes unless it raises. Ends the program: 1 when one failed."""
    failed = 0
    for number, claim in enumerate(claims, 1):
        name = claim.__name__.replace("_", " ")
        try:
            claim()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # noqa: BLE001 - anything that goes wrong is a failed claim
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)


def equal(found, expected):
    if found != expected and isinstance(found, str) and "\n" in found and isinstance(expected, str):
        lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", lineterm="", n=1)
        raise AssertionError("\n".join(lines))
    if found != expected:
        raise AssertionError(f"expected {expected!r}\n   found {found!r}")
