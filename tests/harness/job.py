"""job - one thing that tests/run can run, what comes of it, and how a program is run for it."""
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

OUTPUT_MAX = 20000  # characters of a failing test that are shown
PROMISE = re.compile(r"\b(?:pain|first)_\d\d_\w+")


def promises(program):
    """The tests in its text that are named after a promise (tests/PROMISES.md)."""
    return set(PROMISE.findall(program.read_text(encoding="utf-8")))


@dataclasses.dataclass
class Outcome:
    """One counted test. `state` is passed, failed or skipped; `text` is what a person wants to see of it."""

    name: str
    state: str
    text: str = ""


@dataclasses.dataclass
class Place:
    """Where the source is, where it was built, and whether expectations are rewritten."""

    source: pathlib.Path
    build: pathlib.Path
    accept: bool = False

    def environment(self, folder):
        """What every test sees: nothing of the person who runs it, except the way to the tools."""
        names = ("PATH", "CCACHE_DIR", "CCACHE_BASEDIR", "CI", "TRY_ALL", "SEED", "SEEDS", "STORES")
        keep = {name: os.environ[name] for name in names if name in os.environ}
        return keep | {
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE": str(self.source),
            "BUILD": str(self.build),
            "PYTHONPATH": str(self.source / "tests"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:allocator_may_return_null=1:handle_abort=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }


class Fresh:
    """A folder of its own for one job; gone afterwards, also with folders in it that were made read-only."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="muster-test."))
        self.path.chmod(0o711)  # an SFTP server in it lets somebody else in than who runs this
        return self.path

    def __exit__(self, *_):
        for folder, _, _ in os.walk(self.path):
            with contextlib.suppress(FileNotFoundError):  # what still ends may be tidying up
                os.chmod(folder, 0o700)
        shutil.rmtree(self.path, ignore_errors=True)


@dataclasses.dataclass
class Ran:
    code: int  # negative: the signal that ended it
    output: str
    errors: str = ""
    late: bool = False


def run(argv, cwd, env, seconds, apart=False):
    """Runs a program in a session of its own; when the time is over, all that it started is killed.
    Standard error goes to `errors` when `apart`, else into `output`, in the order it came."""
    child = subprocess.Popen(
        argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT, start_new_session=True,
    )
    late = False
    try:
        output, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        late = True
        kill_session(child.pid)
        output, errors = child.communicate()
    finally:
        kill_session(child.pid)
    text = output.decode("utf-8", "backslashreplace")
    return Ran(child.returncode, text, (errors or b"").decode("utf-8", "backslashreplace"), late)


def kill_session(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def ending(ran, seconds):
    """How a program ended, in words."""
    if ran.late:
        return f"did not end within {seconds} s"
    if ran.code < 0:
        return f"died by {signal.Signals(-ran.code).name}"
    return f"exit status {ran.code}"


def shortened(text):
    if len(text) <= OUTPUT_MAX:
        return text
    half = OUTPUT_MAX // 2
    return f"{text[:half]}\n… {len(text) - OUTPUT_MAX} characters …\n{text[-half:]}"
