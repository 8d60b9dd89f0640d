#!/usr/bin/env python3
"""mock - stands for the real system while the connector is tested: prints its address, then answers until killed."""
import http.server
import json
import re
import sys

PEOPLE = [{"id": str(n), "number": f"{n:05}", "first": first, "last": last, "email": f"{first.lower()}@acme.example",
           "active": n != 4} for n, (first, last) in enumerate([("Annabel", "Jansen"), ("Bertram", "de Vries"),
                                                                ("Cassius", "Bakker"), ("Dorothea", "Visser")], 1)]
PAGE = 2


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def said(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def found(self):
        name = re.fullmatch(r"/people/([^/]+)", self.path)
        return next((person for person in PEOPLE if name and person["id"] == name[1]), None)

    def allowed(self):
        if self.headers.get("Authorization", "").startswith("Bearer "):
            return True
        self.said()
        self.answer(401)
        return False

    def do_GET(self):
        page = re.fullmatch(r"/people\?page=(\d+)", self.path)
        if not self.allowed():
            return
        if not page:
            person = self.found()
            self.answer(200 if person else 404, person)
            return
        begin = (int(page[1]) - 1) * PAGE
        more = f"/people?page={int(page[1]) + 1}" if begin + PAGE < len(PEOPLE) else None
        self.answer(200, {"people": PEOPLE[begin:begin + PAGE], "next": more})

    def do_POST(self):
        if not self.allowed():
            return
        person = self.said()
        if any(other["number"] == person.get("number") for other in PEOPLE):
            self.answer(409, {"message": f"number {person['number']} is there already"})
            return
        person |= {"id": str(max((int(other["id"]) for other in PEOPLE), default=0) + 1), "active": True}
        PEOPLE.append(person)
        self.answer(201, {"id": person["id"]})

    def do_PATCH(self):
        if not self.allowed():
            return
        said, person = self.said(), self.found()
        if person:
            person |= said
        self.answer(200 if person else 404, person and {"id": person["id"]})

    def do_DELETE(self):
        if not self.allowed():
            return
        person = self.found()
        if person:
            PEOPLE.remove(person)
        self.answer(204 if person else 404)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
