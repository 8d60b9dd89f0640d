"""delivery - what it costs to tell a target: muster's CompanyIQ connector beside a bare libcurl loop that posts the
very same bodies, nginx on the other side; and how soon a committed change is on the wire."""
import contextlib
import datetime
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import measure

GOOD = b'{"code":0,"msg":"ok","data":{"total":0,"created":0,"updated":0,"failed":0,"errors":[]}}'
NGINX = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.errors;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  client_max_body_size 20m;
  keepalive_requests 1000000;
  default_type application/json;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{good}'; }} }}
}}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def nginx(folder):
    """The port of an nginx that says yes to everything."""
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, good=GOOD.decode()), encoding="utf-8")
    words = ["/usr/sbin/nginx", "-p", str(folder), "-e", str(folder / "nginx.errors"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(words) as child:
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                if child.poll() is not None:
                    raise RuntimeError((folder / "nginx.errors").read_text())
                time.sleep(0.02)
            yield port
        finally:
            child.terminate()


class Recorder(http.server.BaseHTTPRequestHandler):
    """Says yes to everything, and keeps what came and when its first bytes were here."""

    protocol_version = "HTTP/1.1"
    bodies, instants = [], []

    def parse_request(self):
        self.instants.append(time.time())
        return super().parse_request()

    def do_POST(self):
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(GOOD)))
        self.end_headers()
        self.wfile.write(GOOD)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def recorder():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class Site:
    """A folder with one organization: a workbook, and the accounts that follow it."""

    def __init__(self, here, muster, folder, workbook):
        self.here, self.program, self.folder = here, str(muster), folder
        (folder / "organizations").mkdir()
        (folder / "secret").write_text("test-secret-please-change", encoding="utf-8")
        (folder / "secret").chmod(0o600)
        (folder / "muster.yaml").write_text(f"state: {folder}/state\n", encoding="utf-8")
        shutil.copy(workbook, folder / "employees.xlsx")
        self.before = folder / "before"

    def tell(self, port):
        """From now on the accounts are there."""
        text = (self.here / "acme-delivery.yaml").read_text(encoding="utf-8").replace("@DIR@", str(self.folder))
        text = text.replace("@URL@", f"http://127.0.0.1:{port}")
        (self.folder / "organizations" / "acme.yaml").write_text(text, encoding="utf-8")

    def muster(self, *words):
        return [self.program, "-c", str(self.folder), *words, "--json"]

    def sync(self, *words):
        return lambda: measure.seconds(self.muster("sync", "acme", *words))

    def forget(self):
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def again(self):
        """The store as it was kept."""
        self.forget()
        shutil.copytree(self.before, self.folder / "state")


def nothing():
    pass


def told(here, muster, post, workbook, rounds):
    """Import, first telling and nothing to tell, beside the loop: name → (median, least, most)."""
    with tempfile.TemporaryDirectory(prefix="muster-bench.") as name, nginx(pathlib.Path(name)) as port:
        folder = pathlib.Path(name)
        site = Site(here, muster, folder, workbook)
        Recorder.bodies.clear()
        with recorder() as heard:
            site.tell(heard)
            site.sync("hr")()
            shutil.copytree(folder / "state", site.before)
            site.sync("accounts")()
        files = []
        for number, body in enumerate(Recorder.bodies):
            files.append(folder / f"body-{number:04d}")
            files[-1].write_bytes(body)
        site.tell(port)
        loop = [str(post), f"http://127.0.0.1:{port}/", *map(str, files)]
        times = measure.round_robin(
            {
                "import": (site.forget, site.sync("hr")),
                "told": (site.again, site.sync("accounts")),
                "nothing": (nothing, site.sync("accounts")),
                "looked": (nothing, site.sync("accounts", "--full")),
                "loop": (nothing, lambda: measure.seconds(loop)),
            },
            rounds,
        )
        return times, len(files), sum(path.stat().st_size for path in files)


def soon(here, muster, edit, workbook, rounds):
    """Seconds from the commit of a run that changed one person to the first byte of the call that tells it.
    `edit(path, n)` writes the workbook of the nth round. The run's own time ends before its commit begins."""
    with tempfile.TemporaryDirectory(prefix="muster-bench.") as name, recorder() as port:
        site = Site(here, muster, pathlib.Path(name), workbook)
        site.tell(port)
        site.sync()()
        took = []
        for number in range(rounds + 1):
            edit(str(site.folder / "employees.xlsx"), number)
            Recorder.instants.clear()
            site.sync()()
            ran = subprocess.run(site.muster("runs", "acme"), check=True, capture_output=True, text=True).stdout
            run = next(line for line in map(json.loads, ran.splitlines()) if line["connection"] == "hr")
            started = datetime.datetime.fromisoformat(run["started"].replace("Z", "+00:00")).timestamp()
            took.append(Recorder.instants[0] - started - run["seconds"])
        return measure.summary(took[1:])
