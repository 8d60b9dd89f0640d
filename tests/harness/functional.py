"""functional - cases as folders: tests/functional/NAME with a `case` of steps and what is expected of them.

A case runs in a folder of its own: muster.yaml, organizations/acme.yaml (the case's own, else the common one), in/ for
files that come from outside, secrets/, state/, and bin/ in front of PATH. `@DIR@` in a YAML file is that folder.

    # What the case claims.
    now 2026-03-02T06:30:00Z        from here on this is the time
    env MUSTER_FAULT=store:3        from here on; `env MUSTER_FAULT=` ends it
    server                          an SFTP server until the end; in YAML files @SFTP@ is sftp://USER@HOST:PORT, @FILES@
                                    its folder, @HOST_KEY@ its fingerprint, @KEY@ a private key that it lets in, @USER@
                                    and @PASSWORD@ somebody with a password (the case is skipped where none can be made)
    simulator poc {"auth": "hmac"}  a simulator of tests/sim with these settings until the end; in YAML files @POC@ is
                                    its URL, and it is told what to do by the program `poc` (harness/simulator.py). Its
                                    clock is the case's
    web                             a web server (tests/sim/httpd.py) until the end; in YAML files @WEB@ is its address;
                                    what it gives and what it wants lies in web/
    $ book first                    calls first() of the case's make.py, which writes into in/
    $ muster sync acme --json       a line for /bin/sh
    ? created 10                    of the JSON document that the last step printed
    ? exit 3                        its exit status; without such a line it must be 0
    ? says no file matches          its output, standard error included, has these words

The `?` lines are written by hand: they are what must be true. `expected` holds the whole transcript, and store.jsonl
every entity at the end; both are compared as text, and rewritten by `tests/run --accept NAME` (the `?` lines must hold
also then). What differs from run to run is made the same in harness/normal.py.
"""
import contextlib
import difflib
import json
import pathlib
import shlex
import shutil
import sys

from harness import installed, server, simulator
from harness.job import Fresh, Outcome, ending, run, shortened
from harness.normal import normal

SECONDS = 120
START = "2026-03-02T06:30:00Z"
KINDS = ("person", "employment", "org_unit", "membership", "absence", "pay")
SANITIZER = ("AddressSanitizer", "LeakSanitizer", "runtime error:")


class Case:
    weight = 20

    def __init__(self, folder):
        self.folder = folder
        self.name = f"functional/{folder.name}"

    def run(self, place):
        if not installed.muster(place):
            return [Outcome(self.name, "skipped", "muster is not built here")]
        with Fresh() as folder:
            room = Room(self.folder, place, folder)
            steps = Steps(room)
            with room.opened:
                try:
                    for number, line in enumerate((self.folder / "case").read_text(encoding="utf-8").splitlines(), 1):
                        steps.take(number, line)
                except NotHere as why:
                    return [Outcome(self.name, "skipped", str(why))]
            steps.check_exit()
            complaints = steps.complaints
            if complaints:
                said = "\n".join([*complaints, "the transcript:", *steps.transcript])
                return [Outcome(self.name, "failed", shortened(said))]
            text = "\n".join(steps.transcript) + "\n"
            diff = [*self.compare(place, "expected", text), *self.compare(place, "store.jsonl", room.store())]
        if diff:
            return [Outcome(self.name, "failed", shortened("\n".join(diff)))]
        return [Outcome(self.name, "passed")]

    def compare(self, place, file, text):
        path = self.folder / file
        if place.accept:
            path.write_text(text, encoding="utf-8")
            return []
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        names = (f"{self.name}/{file}", "now")
        return list(difflib.unified_diff(old.splitlines(), text.splitlines(), *names, lineterm=""))


class NotHere(Exception):
    """A case cannot be run on this machine; says why."""


class Room:
    """The folder that a case runs in. `opened` closes what is to end with the case."""

    def __init__(self, case, place, folder):
        common = place.source / "tests" / "functional" / "common"
        if not case.is_dir():
            raise FileNotFoundError(f"there is no case {case}")
        self.case, self.place, self.folder = case, place, folder
        self.opened = contextlib.ExitStack()
        self.simulators = {}
        self.words = {"@DIR@": str(folder), "@CONNECTORS@": '", "'.join(map(str, installed.connectors(place))),
                      "@TEST_CONNECTORS@": str(place.build / "tests" / "connectors" / ".libs")}
        self.env = installed.environment(place, folder) | {
            "MUSTER_NOW": START,
            "SUDO_USER": "sam",
            "TEST_CONNECTORS": self.words["@TEST_CONNECTORS@"],
            "PATH": f"{folder}/bin:{place.environment(folder)['PATH']}",
            "PYTHONPATH": f"{case}:{common}:{place.source}/tests",
        }
        for name in ("in", "bin", "secrets", "organizations"):
            (folder / name).mkdir()
        self.configure(common)
        for path in case.glob("*.csv"):
            shutil.copy(path, folder / "in")
        self.program("muster", f"exec {shlex.quote(str(installed.muster(place)))} -c {folder} \"$@\"")
        python = shlex.quote(sys.executable)
        self.program("untouched", f'exec {python} -m harness.lmdb "$@"')
        self.program("book", f'exec {python} -c "import make, sys; getattr(make, sys.argv[1])()" "$@"')

    def configure(self, common):
        """Writes the case's configuration, or the common one, with the words of this room in it."""
        own = sorted(path for path in self.case.glob("*.yaml") if path.name != "muster.yaml") or [common / "acme.yaml"]
        settings = self.case / "muster.yaml"
        for source in [*own, settings if settings.exists() else common / "muster.yaml"]:
            text = source.read_text(encoding="utf-8")
            for word, value in self.words.items():
                text = text.replace(word, value)
            folder = self.folder if source.name == "muster.yaml" else self.folder / "organizations"
            (folder / source.name).write_text(text, encoding="utf-8")

    def serve(self):
        """Starts the SFTP server; the case's configuration is written again with what is known of it now."""
        self.folder.chmod(0o755)  # the server may let somebody else in than who runs this
        about = self.opened.enter_context(server.running(self.folder / "server"))
        password = about["password"] or {"user": "", "right": ""}
        if not about["password"] and any("@PASSWORD@" in path.read_text() for path in self.case.glob("*.yaml")):
            raise NotHere(about["password_missing_because"])
        self.words |= {
            "@SFTP@": server.url(about, ""),
            "@AT@": f"{about['host']}:{about['port']}",
            "@FILES@": about["files"],
            "@HOST_KEY@": about["host_keys"]["ed25519"],
            "@KEY@": about["keys"]["ed25519-openssh"],
            "@USER@": password["user"],
            "@PASSWORD@": "password",
        }
        (self.folder / "secrets" / "password").write_text(password["right"], encoding="utf-8")
        (self.folder / "secrets" / "password").chmod(0o600)
        self.env["FILES"] = about["files"]
        self.configure(self.place.source / "tests" / "functional" / "common")

    def simulate(self, name, settings):
        """Starts a simulator; the configuration is written again with its address."""
        one = self.opened.enter_context(simulator.running(name, now=self.env["MUSTER_NOW"], **settings))
        self.simulators[name] = one
        self.words[f"@{name.upper()}@"] = one.url
        self.program(name, f'exec {shlex.quote(sys.executable)} -m harness.simulator {one.url} "$@"')
        self.configure(self.place.source / "tests" / "functional" / "common")

    def set_now(self, now):
        self.env["MUSTER_NOW"] = now
        for one in self.simulators.values():
            one.set(now=now)

    def web(self):
        about = self.opened.enter_context(server.web(self.folder / "web"))
        self.words["@WEB@"] = f"http://{about['host']}:{about['http']}"
        self.configure(self.place.source / "tests" / "functional" / "common")

    def program(self, name, body):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def sh(self, line):
        return run(["/bin/sh", "-c", line], self.folder, self.env, SECONDS, apart=True)

    def normal(self, text):
        for word in ("@USER@", "@SFTP@", "@WEB@", *(f"@{name.upper()}@" for name in self.simulators)):
            if self.words.get(word):
                text = text.replace(self.words[word], word.strip("@"))
        return normal(text, [(self.folder, "DIR"), (self.place.build, "BUILD"), (self.place.source, "SOURCE")])

    def store(self):
        """Every entity, one JSON object a line, its kind first."""
        lines = []
        organizations = [path.stem for path in sorted((self.folder / "organizations").glob("*.yaml"))]
        for organization in organizations:
            for kind in KINDS:
                ran = self.sh(f"muster export {organization} {kind}")
                for line in ran.output.splitlines():
                    lines.append(json.dumps({"kind": kind, **json.loads(line)}, ensure_ascii=False))
        return self.normal("".join(f"{line}\n" for line in lines))


class Steps:
    """Takes the lines of a case one after the other; `transcript` and `complaints` are what comes of it."""

    def __init__(self, room):
        self.room = room
        self.transcript, self.complaints = [], []
        self.last, self.where, self.exit_said = None, "", False

    def take(self, number, line):
        word, _, rest = line.partition(" ")
        if word == "now":
            self.room.set_now(rest)
        elif word == "env":
            name, _, value = rest.partition("=")
            self.room.env[name] = value
        elif line == "server":
            self.room.serve()
        elif word == "simulator":
            name, _, settings = rest.partition(" ")
            self.room.simulate(name, json.loads(settings or "{}"))
        elif line == "web":
            self.room.web()
        elif word == "$":
            self.check_exit()
            self.step(f"line {number}: $ {rest}", rest)
        elif word == "?":
            self.question(f"line {number}: {line}", rest)
        elif line and not line.startswith("#"):
            self.complaints.append(f"line {number}: what is {word!r}?")

    def step(self, where, line):
        self.last, self.where, self.exit_said = self.room.sh(line), where, False
        self.transcript.append(f"$ {line}")
        self.transcript += self.room.normal(self.last.output).splitlines()
        self.transcript += [f"! {said}" for said in self.room.normal(self.last.errors).splitlines()]
        if self.last.code:
            self.transcript.append(f"[{self.last.code}]")
        if self.last.late:
            self.complaints.append(f"{where}: {ending(self.last, SECONDS)}")
        if any(word in self.last.errors for word in SANITIZER):
            self.complaints.append(f"{where}: a sanitizer complains")

    def check_exit(self):
        if self.last and not self.exit_said and self.last.code != 0:
            self.complaints.append(f"{self.where}: {ending(self.last, SECONDS)}")

    def question(self, where, text):
        what, _, wanted = text.partition(" ")
        if what == "exit":
            self.exit_said = True
            found = str(self.last.code)
        elif what == "says":
            whole = " ".join(self.room.normal(self.last.output + self.last.errors).split())
            found = wanted if wanted in whole else "not said"
        elif what == "silent":
            whole = self.last.output + self.last.errors
            found = wanted if wanted not in whole else "said"
        else:
            found = self.value(what)
        if found != wanted:
            self.complaints.append(f"{where}, found: {found}")

    def value(self, path):
        """`partitions.0.claim` of the last document that was printed; for several lines, of the last one."""
        try:
            thing = json.loads(self.last.output.strip().splitlines()[-1])
            for part in path.split("."):
                thing = thing[int(part)] if isinstance(thing, list) else thing[part]
        except (ValueError, KeyError, IndexError, TypeError) as fault:
            return f"{type(fault).__name__} {fault}"
        return thing if isinstance(thing, str) else json.dumps(thing, ensure_ascii=False)


def jobs(place):
    folder = place.source / "tests" / "functional"
    return [Case(pathlib.Path(path).parent) for path in sorted(folder.glob("*/case"))]
