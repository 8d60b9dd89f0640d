"""simulator - a simulator of tests/sim for as long as a block lasts, and what a test asks of it.

In the cases of tests/functional it is a program of the simulator's name:

    poc state employees.1.1001      a part of its state as JSON; of a list in the middle, that of each
    poc fault 429 count=2 where=/employees
    poc hand SiteNumber=1 EmployeeNumber=1001 'set={"Team": "A"}'
    poc set 'values={"EmployeeStatus": ["Active"]}'
    poc mend
    poc tell autosync in=… out=…    something of the vendor's own below /_sim/
"""
import contextlib
import json
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "sim"
SECONDS = 60


class Simulator:
    """One that runs. `url` is where the vendor's system seems to be."""

    def __init__(self, about, context):
        self.about, self.url, self.context = about, about["url"], context
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPSHandler(context=context))

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, bytes). A reply that was cut or never came raises what the client says to it."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with self.opener.open(request, timeout=SECONDS) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as reply:
            with reply:
                return reply.code, reply.headers, reply.read()

    def command(self, method, name, said=None):
        """Something below /_sim/; what it answers."""
        status, _, body = self.ask(method, f"/_sim/{name}", None if said is None else json.dumps(said).encode())
        answer = json.loads(body)
        if status != 200:
            raise AssertionError(f"{method} /_sim/{name}: {answer['why']}")
        return answer

    def state(self):
        return self.command("GET", "state")

    def fault(self, kind, count=1, where="", **more):
        self.command("POST", "fault", {"kind": kind, "count": count, "where": where, **more})

    def set(self, **settings):
        self.command("POST", "settings", settings)

    def mend(self):
        """No fault is left."""
        self.command("DELETE", "fault")


@contextlib.contextmanager
def running(name, tls=None, context=None, **settings):
    """`tls`: (certificate, key); `context`: what this test's own requests trust."""
    argv = [sys.executable, str(FOLDER / f"{name}.py"), "--settings", "-"]
    child = subprocess.Popen(argv + (["--tls", *map(str, tls)] if tls else []), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        with contextlib.suppress(BrokenPipeError), child.stdin:
            json.dump(settings, child.stdin)
        child.stdin = None
        said = child.stdout.readline()
        if not said:
            raise RuntimeError(f"the simulator did not start: {child.stderr.read()}")
        yield Simulator(json.loads(said), context)
    finally:
        child.terminate()
        faults = child.communicate(timeout=20)[1]
    assert not faults, faults


def part(thing, path):
    for at, name in enumerate(path):
        if isinstance(thing, list) and not name.lstrip("-").isdigit():
            return [part(one, path[at:]) for one in thing]
        thing = thing[int(name)] if isinstance(thing, list) else thing[name]
    return thing


def value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def main(url, verb, *words):
    one = Simulator({"url": url}, None)
    said = {name: value(text) if name in ("count", "set", "after") or verb != "hand" else text
            for name, _, text in (word.partition("=") for word in words if "=" in word)}
    if verb == "state":
        found = part(one.state(), [name for word in words for name in word.split(".")])
        for line in found if isinstance(found, list) else [found]:
            print(json.dumps(line, ensure_ascii=False))
    elif verb == "mend":
        one.mend()
    elif verb == "set":
        one.set(**said)
    elif verb == "hand":
        one.fault("by_hand", **said)
    elif verb == "tell":
        one.command("POST", words[0], said)
    else:
        one.fault(words[0], **said)


if __name__ == "__main__":
    main(*sys.argv[1:])
