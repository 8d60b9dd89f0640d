"""api - musterd asked by many at once: one person beside nginx with the same bytes in a file; events that are on the
disk before they are answered beside node and a bare epoll loop. wrk asks, for everybody the same."""
import contextlib
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

ORGANIZATION = """organization: acme
name: Acme
time_zone: Europe/Amsterdam
connections:
  hr:
    connector: sheet
    options: {{ location: "{folder}/staff.csv" }}
    streams:
      employees:
        key: Number
        person: {{ employee_number: Number, given_name: First, family_name: Last, work_email: Mail, mobile_phone: Phone,
                  hired_on: Start, city: City }}
        employment: {{ title: Title, start_date: Start }}
  guards:
    connector: wfx
    options: {{ tokens: [ !secret file:token ], time_zones: [ {{ customer: 2, zone: Europe/Amsterdam }} ] }}
"""
NGINX = """worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.errors;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    sendfile on;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; default_type application/json; }}
}}
"""
# Each event is another one, as a store of events has to expect.
POST = """wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer bench-token"
wrk.headers["Content-Type"] = "application/json"
local count, own = 0, 0
function setup(thread) started = (started or 0) + 1; thread:set("own", started) end
function request()
  count = count + 1
  return wrk.format(nil, nil, nil, string.format('{{"PunchId":%d,"ScheduleId":555,"CustomerId":2,"Tenant":"T",' ..
    '"WorkOrderNumber":"T49098.34277.001N","WorkOrderStem":"T49098.34277","PunchType":"In",' ..
    '"PunchDateLocal":"2023-05-16T08:02:11","GuardId":"G-1001","EmployeeNumber":"1001","Source":"IVR"}}',
    {base} + own * 10000000 + count))
end
"""


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wrk(url, connections, seconds, *words):
    """(requests per second, 99th percentile in ms); an answer that is no success is a failure of the bench."""
    load = ["-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    ran = subprocess.run(["wrk", *load, *words, url], check=True, capture_output=True, text=True)
    if "Non-2xx" in ran.stdout or "Socket errors" in ran.stdout:
        raise RuntimeError(ran.stdout)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)[1])
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", ran.stdout)
    return rate, float(late[1]) * {"us": 0.001, "ms": 1, "s": 1000}[late[2]]


@contextlib.contextmanager
def running(words, said=None, **more):
    """A program and what it says first: its port."""
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=said or subprocess.DEVNULL, text=True, **more)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(60)


def until(true, what):
    end = time.monotonic() + 60
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(what())
        time.sleep(0.02)


@contextlib.contextmanager
def nginx(folder, text):
    folder.chmod(0o755)  # as root, its worker is somebody else
    (folder / "www").mkdir()
    (folder / "www" / "person").write_bytes(text)
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    words = ["/usr/sbin/nginx", "-p", str(folder), "-e", str(folder / "nginx.errors"), "-c", str(folder / "nginx.conf")]

    def answers():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/person").read() == text
        except OSError:
            return False

    with running(words):
        until(answers, lambda: (folder / "nginx.errors").read_text()[-2000:])
        yield port


@contextlib.contextmanager
def musterd(programs, folder, people):
    """Its port and a token; with so many people, and a receiver of events."""
    for name in ("organizations", "secrets"):
        (folder / name).mkdir()
    (folder / "secrets" / "token").write_text("bench-token")
    (folder / "secrets" / "token").chmod(0o600)
    (folder / "muster.yaml").write_text(
        f"state: {folder}/state\nlisten: 127.0.0.1:0\nlimits: {{ inbox: 8 GiB, peer_connections: 512 }}\n")
    (folder / "organizations" / "acme.yaml").write_text(ORGANIZATION.format(folder=folder))
    rows = (f"{n},First{n},Last{n},p{n}@acme.example,+3120555{n:05},Baker,2021-05-01,Delft\n" for n in range(people))
    (folder / "staff.csv").write_text("Number,First,Last,Mail,Phone,Title,Start,City\n" + "".join(rows))
    muster = [str(programs / "muster"), "-c", str(folder)]
    subprocess.run([*muster, "sync", "acme", "hr", "-q"], check=True)
    token = subprocess.run([*muster, "token", "create", "bench", "-q"], check=True, capture_output=True, text=True)
    log = folder / "log"
    with open(log, "w") as said, running([str(programs / "musterd"), "-c", str(folder), "-v"], said):
        until(lambda: "looking after" in log.read_text(), log.read_text)
        yield int(re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text())[1]), token.stdout.strip()


def median(pairs):
    """Of rates, and of 99th percentiles, the middle one with the spread."""
    return tuple((statistics.median(all_), min(all_), max(all_)) for all_ in zip(*pairs))


def read(programs, rounds, seconds=5, people=10_000):
    """One person of many, again and again: name → ((rates), (p99 in ms)), and the bytes of the answer."""
    with contextlib.ExitStack() as opened:
        folder = pathlib.Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench.")))
        port, token = opened.enter_context(musterd(programs, folder, people))
        url = f"http://127.0.0.1:{port}/v1/organizations/acme/people/number:{people // 2}"
        asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        text = urllib.request.urlopen(asked).read()
        file = opened.enter_context(nginx(folder, text))
        found = {"muster": [], "nginx": []}
        for number in range(rounds + 1):
            ours = wrk(url, 64, seconds, "-H", f"Authorization: Bearer {token}")
            theirs = wrk(f"http://127.0.0.1:{file}/person", 64, seconds)
            if number:
                found["muster"].append(ours)
                found["nginx"].append(theirs)
        return {name: median(pairs) for name, pairs in found.items()}, len(text)


def ingest(here, programs, bare, rounds, seconds=5):
    """Events at 64 connections: name → ((rates), (p99 in ms)). All files on the same disk."""
    found = {}
    with contextlib.ExitStack() as opened:
        folder = pathlib.Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench.", dir=programs)))
        port, _ = opened.enter_context(musterd(programs, folder, 10))
        urls = {"muster": f"http://127.0.0.1:{port}/in/acme/guards/punches"}
        others = {"epoll": [str(bare), str(folder / "epoll")]}
        if shutil.which("node"):
            for how in ("together", "each"):
                others[f"node, {how}"] = ["node", str(here / "peer_ingest.js"), str(folder / how), how]
        for name, words in others.items():
            child = opened.enter_context(running(words))
            urls[name] = f"http://127.0.0.1:{int(child.stdout.readline())}/"
        for number in range(rounds + 1):
            for name, url in urls.items():
                (folder / "post.lua").write_text(POST.format(base=number * 1_000_000_000))
                got = wrk(url, 64, seconds, "-s", str(folder / "post.lua"))
                if number:
                    found.setdefault(name, []).append(got)
    return {name: median(pairs) for name, pairs in found.items()}
