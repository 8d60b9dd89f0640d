"""simulator - what the simulators of vendors' systems share: a server, faults on command, a journal, a state.

A simulator is a class below Simulator in a program of its own:

    tests/sim/companyiq.py [--settings JSON] [--port N] [--tls CERT KEY]

It listens on 127.0.0.1, says one line of JSON on standard output when it is ready ({"name", "host", "port", "url",
"tls", "pid"}), and lives as long as the process that started it. Below /_sim/ it obeys its test, see README.md.
One request at a time is executed, under a lock; waiting and talking happen outside of it.
"""
import argparse
import datetime
import email.utils
import json
import os
import re
import select
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX = 64 << 20
KINDS = ("429", "5xx", "slow", "cut", "wrong_json", "empty_list", "lost", "refused", "partial", "expired_token",
         "clock", "by_hand")


class Request:
    """What came in, read whole."""

    def __init__(self, method, target, headers, body, tls):
        parts = urllib.parse.urlsplit(target)
        self.method, self.path, self.headers, self.body, self.tls = method, parts.path, headers, body, tls
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True, strict_parsing=False)

    def parameter(self, name):
        """A parameter that stands in the query once; None otherwise."""
        values = self.query.get(name, [])
        return values[0] if len(values) == 1 else None

    def content_type(self):
        return (self.headers.get("Content-Type") or "").split(";")[0].strip().lower()


class Malformed(Exception):
    """No HTTP that can be answered: the connection is closed."""


class Refused(Exception):
    """One of the vendor's codes and, behind its text, what exactly."""

    def __init__(self, code, what="", field=None):
        super().__init__(code, what)
        self.code, self.what, self.field = code, what, field


class Reply:
    """What goes out. `code` is the vendor's own, for the journal; `told` is what the journal keeps of the request."""

    def __init__(self, status, body, code=None, headers=(), operation=None, told=None):
        self.status, self.code, self.headers, self.operation, self.told = status, code, list(headers), operation, told
        self.raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.type = "application/json; charset=utf-8"

    def accepted(self):
        return self.status < 300 and self.code in (None, 0, "OK", "PARTIAL")


class Fault:
    """Something that goes wrong for the next `count` requests whose path contains `where`, of one `method` if it is
    said, after `after` good ones."""

    def __init__(self, said):
        self.said = said
        self.kind, self.where, self.method = said["kind"], said.get("where", ""), said.get("method")
        self.count, self.after = int(said.get("count", 1)), int(said.get("after", 0))

    def fits(self, request):
        other = self.method is not None and self.method != request.method
        if self.where not in request.path or other or self.count == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.count -= 1
        return True


def merged(old, new):
    """`new` laid over `old`, member by member."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}


class Bucket:
    """A rate limit: `burst` requests at once, `per_second` in the long run."""

    def __init__(self):
        self.level, self.last = None, 0.0

    def wait(self, rate):
        """Seconds until the next one may come; 0: it may, and is counted."""
        now, burst, speed = time.monotonic(), float(rate.get("burst", 1)), float(rate["per_second"])
        self.level = burst if self.level is None else min(burst, self.level + (now - self.last) * speed)
        self.last = now
        if self.level < 1:
            return (1 - self.level) / speed
        self.level -= 1
        return 0


class Simulator:
    NAME = ""
    SETTINGS = {"rate": None, "now": None}  # now: "2026-03-02T06:30:00Z", where its clock stands; None: it goes

    def __init__(self, settings, tls):
        self.settings = merged(merged(Simulator.SETTINGS, self.SETTINGS), settings)
        for name in settings:
            if name not in self.SETTINGS and name not in Simulator.SETTINGS:
                sys.exit(f"{self.NAME}: no setting is called {name}; there are {', '.join(self.SETTINGS)}")
        self.tls, self.lock, self.bucket = tls, threading.Lock(), Bucket()
        self.faults, self.journal, self.skew, self.forced = [], [], 0.0, None

    # What a vendor's simulator says for itself.

    def answer(self, request):
        """Executes a request: a Reply."""
        raise NotImplementedError

    def trouble(self, status):
        """The body that goes with 429 or 5xx."""
        raise NotImplementedError

    def contents(self):
        """What the vendor's system has in it, for GET /_sim/state."""
        raise NotImplementedError

    def by_hand(self, said):
        """Somebody changes something in the vendor's own screens; a sentence if that cannot be, else None."""
        raise NotImplementedError

    def expire_tokens(self):
        """Those given so far count no more."""

    def started(self, server, url):
        """It listens now, there."""

    def control(self, request):
        """More commands below /_sim/; None: there is none of that name."""

    def now(self):
        now = self.settings["now"]
        return (datetime.datetime.fromisoformat(now).timestamp() if now else time.time()) + self.skew

    # What happens to a request.

    def handle(self, request):
        """(Reply, {kind: what was said} of the faults that it meets)."""
        with self.lock:
            if request.path.startswith("/_sim/"):
                return self.obey(request), {}
            kinds = self.met(request)
            if "by_hand" in kinds:
                self.by_hand(kinds["by_hand"])
            if "expired_token" in kinds:
                self.expire_tokens()
            reply = self.before(kinds) or self.limited()
            self.forced = None if reply else self.met(request, of=("partial",)).get("partial")
            executed = not reply
            reply = reply or self.answer(request)
            self.faults = [fault for fault in self.faults if fault.count != 0]
            self.note(request, reply, executed, sorted(kinds) + (["partial"] if self.forced else []))
        return reply, kinds

    def met(self, request, of=tuple(kind for kind in KINDS if kind != "partial")):
        """{kind: what was said} of the faults that this request meets: of each kind the one that was ordered first."""
        kinds = {}
        for fault in self.faults:
            if fault.kind in of and fault.kind not in kinds and fault.fits(request):
                kinds[fault.kind] = fault.said
        return kinds

    def before(self, kinds):
        """A reply that comes instead of execution, or None."""
        if "429" in kinds:
            said = kinds["429"]
            return Reply(429, self.trouble(429), headers=retry_after(said, self.now()))
        if "5xx" in kinds:
            said = kinds["5xx"]
            status = int(said.get("status", 503))
            headers = retry_after(said, self.now()) if "after_s" in said else []
            return Reply(status, self.trouble(status), headers=headers)
        if "refused" in kinds:
            return Reply(0, b"")
        if "wrong_json" in kinds and not kinds["wrong_json"].get("executed", False):
            return Reply(200, b"{}")
        return None

    def limited(self):
        rate = self.settings["rate"]
        wait = self.bucket.wait(rate) if rate else 0
        if wait == 0:
            return None
        return Reply(429, self.trouble(429), headers=retry_after({"after_s": int(wait) + 1}, self.now()))

    def note(self, request, reply, executed, kinds):
        self.journal.append({
            "number": len(self.journal) + 1, "at": round(self.now(), 3), "method": request.method,
            "path": request.path, "operation": reply.operation, "request": reply.told, "status": reply.status,
            "code": reply.code, "executed": executed, "accepted": executed and reply.accepted(), "faults": kinds,
        })

    # What the test may command.

    def obey(self, request):
        command = (request.method, request.path.removeprefix("/_sim/"))
        try:
            if command == ("GET", "state"):
                return Reply(200, self.state(int(request.parameter("since") or 0)))
            if command == ("POST", "fault"):
                return self.order(json.loads(request.body))
            if command == ("DELETE", "fault"):
                self.faults, self.skew = [], 0.0
                return Reply(200, {"ok": True})
            if command == ("POST", "settings"):
                self.settings = merged(self.settings, json.loads(request.body))
                return Reply(200, {"ok": True})
            return self.control(request) or Reply(404, {"ok": False, "why": f"no command {' '.join(command)}"})
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            return Reply(400, {"ok": False, "why": f"{type(fault).__name__}: {fault}"})

    def order(self, said):
        kind = said["kind"]
        if kind not in KINDS:
            return Reply(400, {"ok": False, "why": f"no kind of fault is called {kind}; there are {', '.join(KINDS)}"})
        if kind == "clock":
            self.skew = float(said.get("seconds", 600))
        elif kind == "expired_token" and "after" not in said:
            self.expire_tokens()
        elif kind == "by_hand" and "after" not in said:
            why = self.by_hand(said)
            if why:
                return Reply(409, {"ok": False, "why": why})
        else:
            self.faults.append(Fault(said))
        return Reply(200, {"ok": True})

    def state(self, since):
        return {
            "name": self.NAME, **self.contents(), "journal": self.journal[since:],
            "counts": {"requests": len(self.journal), "accepted": sum(entry["accepted"] for entry in self.journal)},
            "faults": [fault.said | {"count": fault.count} for fault in self.faults], "skew": self.skew,
        }

    def forced_row(self, index):
        """The said fault if a partial failure of this batch takes its row `index`; nothing else executes it."""
        said = self.forced
        if said is None:
            return None
        rows, every = said.get("rows"), said.get("every")
        if rows is None and every is None:
            rows = [0]
        return said if (rows is not None and index in rows) or (every and index % int(every) == 0) else None


def retry_after(said, now):
    """Both forms that HTTP knows; "form": "none" leaves it out."""
    seconds, form = int(said.get("after_s", 1)), said.get("form", "seconds")
    if form == "none":
        return []
    return [("Retry-After", str(seconds) if form == "seconds" else email.utils.formatdate(now + seconds, usegmt=True))]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "simulator", ""
    timeout = 120
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        if self.server.simulator.tls:
            self.request.do_handshake()

    def log_message(self, *_):
        """The journal has it all."""

    def body(self):
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self.chunks()
        length = number(self.headers.get("Content-Length") or "0", 10)
        body = self.rfile.read(length)
        if len(body) != length:
            raise Malformed("the request was cut")
        return body

    def chunks(self):
        body = b""
        while True:
            length = number(self.rfile.readline(64).split(b";")[0].strip().decode("latin-1"), 16)
            if length == 0:
                break
            body += self.rfile.read(number(str(len(body) + length), 10) - len(body))
            self.rfile.readline(4)
        while self.rfile.readline(1024).strip():
            pass
        return body

    def serve(self):
        simulator = self.server.simulator
        request = Request(self.command, self.path, self.headers, self.body(), simulator.tls)
        request.path = self.server.path + request.path
        self.send(*simulator.handle(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def send(self, reply, kinds):
        if "lost" in kinds or reply.status == 0:
            return self.hang_up()
        slow = kinds.get("slow")
        if slow and not slow.get("drip"):
            time.sleep(float(slow.get("seconds", 5)))
        if "empty_list" in kinds:
            reply = emptied(reply)
        if "wrong_json" in kinds:
            reply = garbled(reply, kinds["wrong_json"].get("form", "half"))
        self.send_response(reply.status)
        for name, value in [("Content-Type", reply.type), *reply.headers, ("Content-Length", str(len(reply.raw)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        if "cut" in kinds:
            self.wfile.write(reply.raw[: len(reply.raw) // 2])
            return self.hang_up()
        if slow and slow.get("drip"):
            pause = float(slow.get("seconds", 5)) / max(1, len(reply.raw))
            for byte in reply.raw:
                self.wfile.write(bytes([byte]))
                time.sleep(pause)
        else:
            self.wfile.write(reply.raw)
        return None

    def hang_up(self):
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def number(text, base):
    """A length that a request may have."""
    if not re.fullmatch("[0-9a-fA-F]{1,9}" if base == 16 else "[0-9]{1,9}", text) or int(text, base) > BODY_MAX:
        raise Malformed("a body of that length")
    return int(text, base)


def garbled(reply, form):
    """Success by its status, and yet no answer: what proxies and hurried servers send."""
    whole = reply.raw if len(reply.raw) > 2 else b'{"code":0,"msg":"ok"}'
    raw = {"half": whole[: len(whole) // 2], "html": b"<html><body>Please wait</body></html>", "empty": b"",
           "array": b"[]", "null": b"null", "utf8": b'{"msg":"\xff\xfe"}'}[form]
    other = Reply(200, raw)
    other.type = "text/html" if form == "html" else other.type
    return other


def emptied(reply):
    """The same answer with nothing in its lists."""
    said = json.loads(reply.raw) if reply.status == 200 and reply.raw else None
    if isinstance(said, list):
        said = []
    elif isinstance(said, dict):
        said = {name: [] if isinstance(rows, list) else rows for name, rows in said.items()}
    else:
        return reply
    return Reply(200, said, reply.code, reply.headers, reply.operation)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    path = ""  # what stands before the path of every request that comes by this server

    def __init__(self, simulator, port, context):
        self.simulator, self.context = simulator, context
        super().__init__(("127.0.0.1", port), Handler)

    def get_request(self):
        connection, address = super().get_request()
        if self.context:  # the handshake is for the connection's own thread
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        """Clients that hang up or refuse a certificate are what tests do; anything else is a fault of ours."""
        if not isinstance(sys.exc_info()[1], (OSError, Malformed)):
            super().handle_error(request, client_address)


def end_with(parent):
    """Ends this process when the one that started it is gone."""

    def watch():
        try:
            died = select.poll()
            died.register(os.pidfd_open(parent), select.POLLIN)
            while os.getppid() == parent and not died.poll():
                pass
        except OSError:  # gone before we looked
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def settings_said(text):
    return json.load(sys.stdin) if text == "-" else json.loads(text)


def main(kind):
    parent = os.getppid()
    parser = argparse.ArgumentParser(description=f"simulates {kind.NAME}, see tests/sim/README.md")
    parser.add_argument("--settings", type=settings_said, default={}, metavar="JSON",
                        help="laid over the default ones; -: from standard input, where many fit")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files: https instead of http")
    parser.add_argument("--address", action="store_true", help="say only where it is, for --mock")
    said = parser.parse_args()
    context = None
    if said.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*said.tls)
    simulator = kind(said.settings, bool(context))
    server = Server(simulator, said.port, context)
    port = server.server_address[1]
    url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
    about = {"name": kind.NAME, "host": "127.0.0.1", "port": port, "url": url, "tls": bool(context), "pid": os.getpid()}
    simulator.started(server, url)
    end_with(parent)
    print(url if said.address else json.dumps(about), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


def only(pattern, text):
    """Is `text` a string that fits the pattern whole?"""
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None
