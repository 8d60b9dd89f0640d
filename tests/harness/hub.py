"""hub - a folder with organizations, and musterd over it as others call it: started, heard, asked with curl, killed."""
import atexit
import json
import re
import signal
import subprocess
import time

from harness import installed
from harness.claim import equal
from harness.functional import SANITIZER


class Hub:
    def __init__(self, place, folder, organization, settings=""):
        self.place, self.folder, self.organization = place, folder.absolute(), organization
        for name in ("organizations", "secrets", "state"):
            (self.folder / name).mkdir(parents=True)
        self.env = installed.environment(place, self.folder)
        folders = [*installed.connectors(place), place.build / "tests" / "connectors" / ".libs"]
        connectors = "[" + ", ".join(map(str, folders)) + "]"
        (self.folder / "muster.yaml").write_text(
            f"state: {self.folder}/state\nconnectors: {connectors}\nlisten: 127.0.0.1:0\n{settings}")
        self.daemon, self.log, self.starts = None, self.folder / "log", 0

    def secret(self, name, text):
        path = self.folder / "secrets" / name
        path.write_text(text)
        path.chmod(0o600)

    def write_file(self, text):
        (self.folder / "organizations" / f"{self.organization}.yaml").write_text(text)

    def start(self):
        self.daemon = subprocess.Popen([str(installed.musterd(self.place)), "-c", str(self.folder)], env=self.env,
                                       stderr=open(self.log, "a"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        atexit.register(self.daemon.kill)
        self.starts += 1
        self.wait("looking after 1 organization", self.starts)

    def said(self):
        text = self.log.read_text()
        assert not any(word in text for word in SANITIZER), text
        return text

    def wait(self, text, count=1):
        self.until(lambda: self.said().count(text) >= count, f"'{text}' was not said {count} times")

    def until(self, true, what):
        end = time.monotonic() + 120
        while not true():
            assert time.monotonic() < end, f"{what}:\n{self.said()}"
            assert self.daemon.poll() is None, f"musterd has ended:\n{self.said()}"
            time.sleep(0.05)

    def reload(self, count=1):
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("read again: 1 organization", count)

    def port(self):
        return int(re.findall(r"listening on 127\.0\.0\.1:(\d+)", self.said())[-1])

    def stop(self, number=signal.SIGTERM):
        self.daemon.send_signal(number)
        code = self.daemon.wait(120)
        equal(code, 0 if number != signal.SIGKILL else -9)

    def muster(self, *words, codes=(0,)):
        ran = subprocess.run([str(installed.muster(self.place)), "-c", str(self.folder), *words], env=self.env,
                             capture_output=True, text=True, check=False)  # fmt: skip
        assert ran.returncode in codes, f"{words}: exit status {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def export(self, kind):
        return [json.loads(line) for line in self.muster("export", self.organization, kind).splitlines()]

    def curl(self, *words, scheme="http"):
        """(status, headers in small letters, body)."""
        url, *rest = words
        # Who sends a body after a second without an answer may be cut off in it, and never sees why.
        words = ["curl", "-sS", "-i", "--max-time", "120", "--expect100-timeout", "60", *rest]
        ran = subprocess.run([*words, f"{scheme}://127.0.0.1:{self.port()}{url}"], capture_output=True, check=True)
        while True:
            head, _, body = ran.stdout.partition(b"\r\n\r\n")
            status = int(head.split()[1])
            if status != 100:
                return status, head.decode().lower(), body
            ran.stdout = body
