#!/usr/bin/python3
"""pmt - simulates PMT: a partner's key that sees every customer's chain, hundreds of stores with a server each, in one
process; the partner interface and that of the vendor's own screens.

Paths, names, codes and sentences are those that were recorded; what is assumed stands in README.md. Reads requests,
keeps everything in memory, answers GET /_sim/state with what it has."""
import json
import re
import selectors
import socket
import threading
import time
import urllib.parse

import pmt_partner
import pmt_v2
import simulator
from pmt_store import Store, slug
from simulator import Refused, Reply


class PMT(simulator.Simulator):
    NAME = "pmt"
    SETTINGS = {
        "api_keys": ["pmt-partner-key"], "context_key": "pmt-app-context",
        "root": "/rest.php",
        "chains": None,  # {name: [{"id", "name", "people": N, "users": [USER]}] or a number of stores}
        "people": 12,  # of a store that does not say how many
        "shared": 0,  # so many people of a store work in the next one of its chain as well: the same e-mail, another id
        "address": "path",  # of a store: ROOT/STORE, `host` (host_pattern), or `port`: a server of its own for each
        "host_pattern": "{store}.personeelstool.nl",
        "chain_scheme": "",  # what stands before a chain's base_url: nothing, as it was recorded
        "password": "welkom-{username}", "token_seconds": None,
        "span_days": 6,  # how far me/shifts looks
        "store_shifts": "off",  # of GET shifts, everybody's: off, key, or token (of somebody who is admin)
        "rules": True,  # about hours, minors, one shift at a time
        "trouble": "html",  # what is in the body of a 5xx: html, json, none
        "delay_ms": 0,  # how long each reply takes
        "employee_more": [],  # of api/v2/employees: further fields of a user, as email
        "replies": {act: act for act in pmt_v2.MOVES},
        "statuses": {},  # what a request's open, accepted … are called
    }

    def __init__(self, settings, tls):
        super().__init__(settings, tls)
        self.chains, self.stores = {}, {}  # by what they are called in addresses
        self.flying, self.peak, self.gate = {}, {}, threading.Lock()
        self.url, self.servers, self.doors = "", {}, selectors.DefaultSelector()
        self.kept = {}  # of stores that are down: their ports, which nobody else shall have meanwhile
        number = 101
        for name, said in (self.settings["chains"] or {"Van de Berg": 2, "Ander Bedrijf": 1}).items():
            self.chains[slug(name)] = name
            for row in [{}] * said if isinstance(said, int) else said:
                self.open_store(name, number, {"people": 0 if "users" in row else self.settings["people"], **row})
                number += 1
            self.share(name)

    def share(self, chain):
        stores = [store for store in self.stores.values() if store.chain == chain]
        for store, other in zip(stores, stores[1:]):
            for one in list(store.users)[1 : 1 + self.settings["shared"]]:
                self.move(store, other, {"id": one, "stay": True})

    def open_store(self, chain, number, said):
        store = Store(self, chain, number, said)
        if store.slug in self.stores or store.slug in self.chains:
            raise ValueError(f"there is another {store.slug}")
        self.stores[store.slug] = store
        if self.url and self.settings["address"] == "port":
            self.serve(store)

    # Where things are.

    def started(self, server, url):
        """Says where it listens; a store may have a server of its own."""
        self.url, self.server = url, server
        if self.settings["address"] == "port":
            for store in self.stores.values():
                self.serve(store)
            threading.Thread(target=self.listen, daemon=True).start()

    def serve(self, store, port=0):
        own = simulator.Server(self, port, self.server.context)
        own.path = f"{self.settings['root']}/{store.slug}"  # what stands before every path that it is asked for
        self.servers[store.slug] = own
        own.socket.setblocking(False)
        self.doors.register(own, selectors.EVENT_READ)

    def listen(self):
        """One thread lets in for all stores."""
        while True:
            for door, _ in self.doors.select():
                try:
                    door.fileobj.process_request(*door.fileobj.get_request())
                except OSError:  # they went away again, or it is being shut
                    pass

    def address(self, name, scheme):
        """Of a store or, without a scheme, a chain."""
        http = self.url.partition("://")[0]
        if self.settings["address"] == "host":
            found = self.settings["host_pattern"].replace("{store}", name)
        elif name in self.servers:
            found = f"127.0.0.1:{self.servers[name].server_address[1]}"
        else:
            found = f"{self.url.partition('://')[2]}{self.settings['root']}/{name}"
        return f"{http}://{found}" if scheme else self.settings["chain_scheme"] + found

    def placed(self, request):
        """The request as it comes by path, whichever way it took: what faults and the journal see."""
        before, _, after = self.settings["host_pattern"].partition("{store}")
        host = (request.headers.get("Host") or "").rsplit(":", 1)[0].lower()
        if before + after and host.startswith(before) and host.endswith(after):
            name = host[len(before): len(host) - len(after)]
            if name in self.stores or name in self.chains:
                request.path = f"{self.settings['root']}/{name}{request.path}"
        request.path = re.sub("/{2,}", "/", request.path)
        return request

    # What happens to a request.

    def handle(self, request):
        if request.path.startswith("/_sim/"):
            return super().handle(request)
        name = next((word for word in self.placed(request).path.split("/") if word in self.stores), None)
        self.fly(name, 1)
        try:
            reply, kinds = super().handle(request)
            time.sleep(self.settings["delay_ms"] / 1000)
        finally:
            self.fly(name, -1)
        if reply.raw.startswith(b"<"):
            reply.type = "text/html"
        return reply, kinds

    def fly(self, name, way):
        """How many are under way at once, in all and at one store."""
        with self.gate:
            for one in ("", name):
                self.flying[one] = self.flying.get(one, 0) + way
                self.peak[one] = max(self.peak.get(one, 0), self.flying[one])

    def answer(self, request):
        words = [urllib.parse.unquote(word) for word in request.path.split("/") if word]
        root = [word for word in self.settings["root"].split("/") if word]
        try:
            if words[:len(root)] == root:
                words = words[len(root):]
                if words[1:3] != ["api", "v2"]:
                    return pmt_partner.answer(self, request, words)
            store = self.stores.get(words[0]) if words else None
            words = words[1:] if store else words
            if words[:2] == ["api", "v2"]:
                return pmt_v2.answer(self, store, request, words[2:])
            raise Refused(404, "Not found")
        except pmt_v2.Problem as problem:
            return Reply(problem.code, problem.body(), code=problem.what)
        except Refused as refused:
            return Reply(refused.code, {"error": refused.what}, code=refused.what)

    def trouble(self, status):
        if status == 429 or self.settings["trouble"] == "json":
            return {"error": "Too many requests" if status == 429 else "Internal server error"}
        return b"" if self.settings["trouble"] == "none" else b"<html><body><h1>Server error</h1></body></html>"

    def expire_tokens(self):
        for store in self.stores.values():
            store.tokens = {}

    # The test's.

    def store(self, said):
        """By its number or what it is called in addresses."""
        found = next((store for store in self.stores.values() if said in (store.id, str(store.id), store.slug)), None)
        if found is None:
            raise ValueError(f"there is no store {said}")
        return found

    def by_hand(self, said):
        """What the screens of a store do; besides: a store that opens, is no longer listed, or is down."""
        if "open" in said:
            row = value(said["open"])
            self.open_store(said["chain"], row.get("id", 0), row)
            return None
        store = self.store(said["store"])
        said = {**said, **({"set": value(said["set"])} if "set" in said else {})}
        if "listed" in said:
            store.listed = value(said["listed"])
        elif "down" in said:
            return self.shut(store, value(said["down"]))
        elif "store_set" in said:
            vars(store).update(value(said["store_set"]))
        elif "to" in said:
            return self.move(store, self.store(said["to"]), said)
        else:
            words = ("out", "delete", "create")
            return store.by_hand({**said, **{name: value(said[name]) for name in words if name in said}})
        return None

    def move(self, store, other, said):
        """Somebody goes to another store, and is another user there; `stay`: is in both."""
        user = store.users.get(str(said["id"]))
        if user is None:
            return f"{store.name} has no user {said['id']}"
        row = {name: user[name] for name in user if name != "id"}
        other.add(row | ({"id": said["new_id"]} if "new_id" in said else {}))
        if not value(said.get("stay", False)):
            store.leave(user)
        return None

    def shut(self, store, down):
        """Nobody listens at its address; the lists still name it."""
        own = self.servers.get(store.slug)
        if own is None:
            return 'only a store with "address": "port" can be down'
        if down and store.slug not in self.kept:
            self.doors.unregister(own)
            own.server_close()
            self.kept[store.slug] = kept = socket.socket()
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(own.server_address)  # who is not listened to is refused
        elif not down and store.slug in self.kept:
            self.kept.pop(store.slug).close()
            self.serve(store, own.server_address[1])
        return None

    def control(self, request):
        if request.method != "POST":
            return None
        said = json.loads(request.body)
        if request.path == "/_sim/people":
            self.store(said["store"]).populate(int(said["count"]), int(said.get("seed", 1)))
        elif request.path == "/_sim/shift":
            return Reply(200, {"ok": True, "id": self.store(said.pop("store")).plan(said)})
        else:
            return None
        return Reply(200, {"ok": True})

    def contents(self):
        return {"chains": self.chains, "stores": {name: store.state() for name, store in self.stores.items()},
                "peak": {name: most for name, most in self.peak.items() if name is not None}}


def value(said):
    """JSON that came as a text; other texts as they are."""
    if not isinstance(said, str):
        return said
    try:
        return json.loads(said)
    except ValueError:
        return said


if __name__ == "__main__":
    simulator.main(PMT)
