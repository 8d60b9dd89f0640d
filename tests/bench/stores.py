"""stores - many stores with a server each, as PMT has them: what lanes are worth when replies take their time, what a
sync costs beside a bare libcurl loop that fetches and parses the very same bytes, and what it holds in memory."""
import asyncio
import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

import measure
from delivery import NGINX, free_port

KEY = "pmt-partner-key"
FIRST = ["Anouk", "Bram", "Daan", "Eva", "Fenna", "Joris", "Lieke", "Noor", "Sem", "Youssef"]
DEPARTMENTS = [("14", "Kassa", "KAS"), ("15", "Aardappelen, groente en fruit", "AGF"), ("16", "Vulploeg", "VUL")]
STORES, USERS, DELAY = 200, 150, 0.020


def user(chance, store, nth):
    number = 1048789 + nth
    department = chance.choice(DEPARTMENTS)[0]
    name, born = FIRST[nth % 10], f"{chance.randrange(1965, 2006)}-{nth % 12 + 1:02}-{nth % 28 + 1:02}"
    return {"id": str(number), "username": f"{name.lower()}.{number}", "email": f"u{store}.{number}@acme.example",
            "department": department, "first_name": name, "last_name": f"Van den Berg {nth}",
            "cell_phone_number": f"6{chance.randrange(10 ** 8):08}", "home_phone_number": "", "date_of_birth": born,
            "rolename": "Medewerker", "scope": [{"department": department}], "active": True}


def documents(port, stores, users):
    """Path → what is answered."""
    chance = random.Random(7)
    here = f"http://127.0.0.1:{port}/rest.php"
    made = {"/rest.php/chains": {"chains": [{"name": "Acme", "base_url": f"{here}/acme"}]},
            "/rest.php/acme/stores": {"stores": [
                {"id": 101 + n, "name": f"Store {101 + n}", "address": "Dorpsstraat 1", "zip": "1000 AB",
                 "city": "Ons Dorp", "base_store_url": f"{here}/s{101 + n}"} for n in range(stores)]}}
    for n in range(stores):
        made[f"/rest.php/s{101 + n}/departments"] = {"departments": [
            {"department_id": one, "department_name": name, "department_shortcode": code}
            for one, name, code in DEPARTMENTS]}
        made[f"/rest.php/s{101 + n}/users"] = {"data": [user(chance, 101 + n, nth) for nth in range(users)]}
    return {path: json.dumps(said, separators=(",", ":")).encode() for path, said in made.items()}


# ---- who answers ----

async def answer(reader, writer, replies, delay):
    """Kept connections; each reply after `delay`, whatever else goes on."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(delay)
            writer.write(replies[head.split(b" ", 2)[1]])
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def replier(stores, users, delay):
    """The port of one that answers after `delay`, in a process of its own."""
    port = free_port()
    child = os.fork()
    if child == 0:
        replies = {path.encode(): b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                   % (len(body), body) for path, body in documents(port, stores, users).items()}

        async def serve():
            server = await asyncio.start_server(lambda reader, writer: answer(reader, writer, replies, delay),
                                                "127.0.0.1", port)
            await server.serve_forever()

        try:
            asyncio.run(serve())
        finally:
            os._exit(0)
    try:
        wait_for(port)
        yield port
    finally:
        os.kill(child, 15)
        os.waitpid(child, 0)


def wait_for(port):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("nobody answers")


@contextlib.contextmanager
def nginx(folder, stores, users):
    """The port of an nginx that has all of it as files, and the addresses."""
    port = free_port()
    made = documents(port, stores, users)
    folder.chmod(0o755)  # its workers are somebody else
    for path, body in made.items():
        file = folder / "html" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    text = NGINX.format(folder=folder, port=port, good="")
    text = text.replace("location / { return 200 ''; }", f"root {folder}/html;")
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    words = ["/usr/sbin/nginx", "-p", str(folder), "-e", str(folder / "nginx.errors"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(words) as child:
        try:
            wait_for(port)
            yield port, [f"http://127.0.0.1:{port}{path}" for path in made]
        finally:
            child.terminate()


# ---- what is measured ----

class Site:
    """A folder with one organization of stores."""

    def __init__(self, here, muster, folder):
        self.here, self.program, self.folder = here, str(muster), folder
        (folder / "organizations").mkdir()
        (folder / "key").write_text(KEY, encoding="utf-8")
        (folder / "key").chmod(0o600)
        (folder / "muster.yaml").write_text(f"state: {folder}/state\n", encoding="utf-8")

    def ask(self, port, lanes):
        text = (self.here / "acme-stores.yaml").read_text(encoding="utf-8").replace("@DIR@", str(self.folder))
        text = text.replace("@URL@", f"http://127.0.0.1:{port}").replace("@LANES@", str(lanes))
        text = text.replace("chain: Acme", "chain: Acme\n      plain_http: true")
        (self.folder / "organizations" / "acme.yaml").write_text(text, encoding="utf-8")

    def sync(self, *words):
        return [self.program, "-c", str(self.folder), "sync", "acme", "--json", *words]

    def forget(self):
        shutil.rmtree(self.folder / "state", ignore_errors=True)


@contextlib.contextmanager
def site(here, muster):
    with tempfile.TemporaryDirectory(prefix="muster-bench.") as name:
        yield Site(here, muster, pathlib.Path(name))


def lanes(here, muster, rounds, stores=STORES, users=USERS):
    """1 and 4 lanes, replies after DELAY: name → (median, least, most) of the whole sync, a first one."""
    with site(here, muster) as made, replier(stores, users, DELAY) as port:
        def prepare(count):
            def ready():
                made.forget()
                made.ask(port, count)
            return ready

        took = {count: (prepare(count), lambda: measure.seconds(made.sync())) for count in (1, 4)}
        return measure.round_robin(took, rounds)


def cost(here, muster, get, rounds, stores=STORES, users=USERS):
    """CPU seconds of a first sync, of the same again, and of the loop: name → (median, least, most), and the bytes."""
    with site(here, muster) as made, nginx(made.folder, stores, users) as (port, urls):
        made.ask(port, 4)
        listed = made.folder / "urls"
        listed.write_text("".join(f"{url}\n" for url in urls), encoding="utf-8")
        loop = [str(get), f"api-key: {KEY}", str(listed)]
        size = int(subprocess.run(loop, capture_output=True, check=True).stdout.split()[0])
        times = measure.round_robin({
            "first": (made.forget, lambda: measure.processor(made.sync())),
            "again": (lambda: None, lambda: measure.processor(made.sync("--full"))),
            "loop": (lambda: None, lambda: measure.processor(loop)),
        }, rounds)
        return times, size


def memory(here, muster, shapes, rounds):
    """(stores, users) → the most private memory of a first sync, of each round."""
    found = {shape: [] for shape in shapes}
    for _ in range(rounds):
        for stores, users in shapes:
            with site(here, muster) as made, nginx(made.folder, stores, users) as (port, _):
                made.ask(port, 4)
                found[stores, users].append(measure.private_memory(made.sync()))
    return found
