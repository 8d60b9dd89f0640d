"""server - an SFTP server (tests/sshd.py) or a web server (tests/sim/httpd.py) for as long as a block lasts."""
import contextlib
import json
import pathlib
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
SECONDS = 60


def running(root, *words):
    """Gives what sshd.py says of itself, see there; its files are below `root`, and the server ends with the block."""
    return started("SFTP", TESTS / "sshd.py", root, words)


def web(root, *words):
    """The same with httpd.py."""
    return started("web", TESTS / "sim" / "httpd.py", root, words)


@contextlib.contextmanager
def started(kind, program, root, words):
    said = pathlib.Path(root).with_suffix(".json")
    argv = [sys.executable, str(program), "--root", str(root), "--json", str(said), *words]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + SECONDS
        while not said.exists():
            if child.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the {kind} server did not start: {child.stderr.read() if child.poll() else ''}")
            time.sleep(0.02)
        yield json.loads(said.read_text(encoding="utf-8"))
    finally:
        child.stdin.close()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stderr.close()


def url(about, path, user=None):
    return f"sftp://{user or about['user']}@{about['host']}:{about['port']}{path}"
