#!/usr/bin/env python3
"""httpd - a web server that behaves as badly as it is told, for tests of calls by HTTP.

    tests/sim/httpd.py --root DIR --json DIR.json [--tls]

Listens on 127.0.0.1, on a port of its own for each way it shows itself, and says in the JSON file where: `http`,
`tls`, `expired` and `other` (certificates: good, expired, for another host), `ca` (who made them), `proxy` (one that
wants a log-in), `wall` (one that lets nobody through), `gate` (one that leads to `other`). It ends when its standard
input does. What came in lies in DIR/seen.jsonl: a line for each request, with headers and body, for tests to look at.

What a path does: /people gives DIR/people.jsonl; /echo gives back what came; the others are faults, see Paths.
"""
import argparse
import base64
import email.utils
import hashlib
import http.server
import json
import pathlib
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

LOCK = threading.Lock()


def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def certificates(folder):
    """ca.pem and, each with its key: good, expired, other."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.cnf").write_text("""[ca]
default_ca = it
[it]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
""", encoding="ascii")
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=Test authority",
            cwd=folder)
    made = {"good": ("localhost", "DNS:localhost,IP:127.0.0.1", "20200101000000Z", "20491231235959Z"),
            "expired": ("localhost", "DNS:localhost,IP:127.0.0.1", "20200101000000Z", "20210101000000Z"),
            "other": ("elsewhere.example", "DNS:elsewhere.example", "20200101000000Z", "20491231235959Z")}
    for name, (subject, names, begin, end) in made.items():
        openssl("req", "-new", *new, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}",
                "-addext", f"subjectAltName={names}", cwd=folder)
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr",
                "-out", f"{name}.pem", "-startdate", begin, "-enddate", end, "-notext", cwd=folder)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *words):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # ---- what came ----

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def note(self, body):
        small = len(body) <= 4096
        line = {"at": time.time(), "method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                "length": len(body), "sha256": hashlib.sha256(body).hexdigest(), "connection": self.client_address[1]}
        if small:
            line["body"] = body.decode("utf-8", "replace")
        with LOCK, open(self.server.root / "seen.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def times(self, what):
        """How often this was asked before."""
        with LOCK:
            self.server.counts[what] = self.server.counts.get(what, 0) + 1
            return self.server.counts[what] - 1

    # ---- what goes ----

    def give(self, status, body=b"", kind="application/json", headers=()):
        if status in (204, 304):
            body = b""
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def work(self):
        body = self.body()
        self.note(body)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.strip("/").split("/")[0].replace("-", "_")
        getattr(Paths, name, Paths.missing)(self, url, query, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = work


class Paths:
    """One function a path; `times=N` in the query: so often, then all is well."""

    @staticmethod
    def missing(it, url, query, body):
        it.give(404, {"error": "nothing here"})

    @staticmethod
    def people(it, url, query, body):
        wanted = (it.server.root / "token")
        if wanted.exists() and it.headers.get("Authorization") != "Bearer " + wanted.read_text().strip():
            it.give(401, {"error": "who are you?"})
            return
        it.give(200, (it.server.root / "people.jsonl").read_bytes(), "application/x-ndjson")

    @staticmethod
    def echo(it, url, query, body):
        it.give(200, body, it.headers.get("Content-Type", "text/plain"), [("X-Seen", it.headers.get("X-Say", ""))])

    @staticmethod
    def headers(it, url, query, body):
        it.give(200, dict(it.headers.items()))

    @staticmethod
    def repeat(it, url, query, body):
        """All that came, again: as it was, in base64, with percent signs, with both slashes."""
        whole = [it.path.encode(), *(value.encode("latin-1") for value in it.headers.values()), body]
        whole += [base64.b64decode(text[6:]) for text in whole if text.startswith(b"Basic ")]
        text = [one.decode("utf-8", "replace") for one in whole]
        it.give(200, {"plain": text, "base64": [base64.b64encode(one).decode() for one in whole],
                      "url": [base64.urlsafe_b64encode(one).decode() for one in whole],
                      "form": [urllib.parse.quote_plus(one) for one in whole],
                      "percent": [urllib.parse.quote(one, safe="") for one in whole]},
                headers=[("X-Plain", it.headers.get("Authorization", "").encode("latin-1").decode("latin-1"))])

    @staticmethod
    def status(it, url, query, body):
        """/status/503?times=2&after=1: so often; after: Retry-After, a number or `date+N`."""
        code = int(url.path.split("/")[2])
        if "times" in query and it.times(it.path) >= int(query["times"]):
            it.give(200, {"ok": True})
            return
        headers = []
        after = query.get("after")
        if after and after.startswith("date"):
            headers = [("Retry-After", email.utils.formatdate(time.time() + int(after[4:]), usegmt=True))]
        elif after:
            headers = [("Retry-After", after)]
        it.give(code, {"error": f"status {code}"}, headers=headers)

    @staticmethod
    def redirect(it, url, query, body):
        """/redirect?to=URL&code=302"""
        it.give(int(query.get("code", "302")), b"", headers=[("Location", query["to"])])

    @staticmethod
    def slow(it, url, query, body):
        time.sleep(float(query.get("seconds", "1")))
        it.give(200, {"ok": True})

    @staticmethod
    def together(it, url, query, body):
        """Answers when `count` such calls are here at once, and not before."""
        with LOCK:
            gate = it.server.gates.setdefault(it.path, threading.Barrier(int(query["count"])))
        try:
            gate.wait(60)
            it.give(200, {"ok": True})
        except threading.BrokenBarrierError:
            it.give(400, {"error": "the others did not come"})

    @staticmethod
    def cut(it, url, query, body):
        """Ends in the middle of its body; with times=N only so often."""
        if "times" in query and it.times(it.path) >= int(query["times"]):
            it.give(200, {"ok": True})
            return
        it.send_response(200)
        it.send_header("Content-Length", "1000")
        it.end_headers()
        it.wfile.write(b"half of")
        it.wfile.flush()
        it.connection.shutdown(socket.SHUT_RDWR)
        it.close_connection = True

    @staticmethod
    def hang_up(it, url, query, body):
        """Takes the request and says nothing."""
        if "times" in query and it.times(it.path) >= int(query["times"]):
            it.give(200, {"ok": True})
            return
        it.connection.shutdown(socket.SHUT_RDWR)
        it.close_connection = True

    @staticmethod
    def close_after(it, url, query, body):
        """Answers, and closes what was promised to stay open."""
        it.give(200, {"ok": True})
        it.wfile.flush()
        it.connection.shutdown(socket.SHUT_RDWR)
        it.close_connection = True

    @staticmethod
    def big(it, url, query, body):
        size = int(query.get("bytes", "1000000"))
        it.send_response(200)
        it.send_header("Content-Length", str(size))
        it.end_headers()
        piece = bytes(range(32, 127)) * 700
        while size > 0:
            it.wfile.write(piece[:size])
            size -= min(size, len(piece))

    @staticmethod
    def nonsense(it, url, query, body):
        it.give(200, '{"people": [')

    @staticmethod
    def token(it, url, query, body):
        """OAuth 2 client credentials by Basic app:key or in the form, or JSON {"corpId","secret"}; see DIR/client."""
        wanted = it.server.root / "client"
        user, secret = wanted.read_text().strip().split(":")
        basic = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        life = int(query.get("life", "1200"))
        said = {}
        if it.headers.get("Content-Type", "").startswith("application/json"):
            said = json.loads(body)
        good = (it.headers.get("Authorization") == basic
                or (form.get("client_id"), form.get("client_secret")) == (user, secret)
                or (said.get("corpId"), said.get("secret")) == (user, secret))
        if not good:
            it.give(400, {"error": "invalid_client", "error_description": "unknown client"})
            return
        value = f"tok-{it.times('token') + 1}-{secrets_of(it)}"
        with LOCK:
            it.server.tokens[value] = time.time() + float(query.get("really", life))
        if said:
            it.give(200, {"code": 0, "data": {"accessToken": value, "expiresIn": life}})
        else:
            it.give(200, {"access_token": value, "token_type": "bearer", "expires_in": life})

    @staticmethod
    def guarded(it, url, query, body):
        """Wants a token that /token gave and that is still good."""
        token = it.headers.get("Authorization", "").removeprefix("Bearer ")
        if it.server.tokens.get(token, 0) < time.time():
            it.give(401, {"error": "expired"})
            return
        it.give(200, {"ok": True, "echo": token})

    @staticmethod
    def revoke(it, url, query, body):
        with LOCK:
            it.server.tokens.clear()
        it.give(200, {"ok": True})

    @staticmethod
    def either(it, url, query, body):
        """The key in X-Key must be what DIR/key says; else 403 (or query code)."""
        if it.headers.get("X-Key") == (it.server.root / "key").read_text().strip():
            it.give(200, {"ok": True})
        else:
            it.give(int(query.get("code", "403")), {"error": "not this key"})

    @staticmethod
    def login(it, url, query, body):
        it.give(200, {"successful": True, "logged_in_user_token": "captured-canary-0123456789", "user_id": 7})

    @staticmethod
    def cookie(it, url, query, body):
        it.give(200, {"ok": True}, headers=[("Set-Cookie", "id=session-of-ours; HttpOnly")])

    @staticmethod
    def mine(it, url, query, body):
        good = it.headers.get("logged-in-user-token") == "captured-canary-0123456789"
        it.give(200 if good else 401, {"ok": good})


def secrets_of(it):
    return hashlib.sha256(str(it.server.server_address).encode()).hexdigest()[:20]


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context = None

    def __init__(self, root, context=None):
        self.root, self.context = root, context
        self.counts, self.tokens, self.gates = {}, {}, {}
        super().__init__(("127.0.0.1", 0), Handler)

    def server_bind(self):  # without asking DNS who we are
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def finish_request(self, request, client_address):
        if self.context:
            try:
                request.settimeout(10)
                request = self.context.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError):
                return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


class Proxy(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """CONNECT: `status` 200 opens the way to `to`, whatever host was asked for; else refuses with it."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, status, to=None):
        self.status, self.to = status, to
        super().__init__(("127.0.0.1", 0), self.Door)

    class Door(socketserver.BaseRequestHandler):
        def handle(self):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = self.request.recv(4096)
                if not piece:
                    return
                head += piece
            if self.server.status != 200:
                self.request.sendall(f"HTTP/1.1 {self.server.status} No\r\nContent-Length: 0\r\n\r\n".encode())
                return
            there = socket.create_connection(self.server.to)
            self.request.sendall(b"HTTP/1.1 200 Go\r\n\r\n")
            while True:
                for one in select.select([self.request, there], [], [])[0]:
                    piece = one.recv(65536)
                    if not piece:
                        there.close()
                        return
                    (there if one is self.request else self.request).sendall(piece)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    root = options.root
    root.mkdir(parents=True, exist_ok=True)
    servers = {"http": Server(root)}
    about = {"host": "127.0.0.1"}
    if options.tls:
        folder = root / "certificates"
        certificates(folder)
        about["ca"] = str(folder / "ca.pem")
        for name, key in (("good", "tls"), ("expired", "expired"), ("other", "other")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
            servers[key] = Server(root, context)
        servers["proxy"] = Proxy(407)
        servers["wall"] = Proxy(403)
        servers["gate"] = Proxy(200, servers["other"].server_address)
    for name, server in servers.items():
        about[name] = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    part = options.json.with_suffix(".part")
    part.write_text(json.dumps(about), encoding="utf-8")
    part.rename(options.json)
    sys.stdin.read()


if __name__ == "__main__":
    main()
