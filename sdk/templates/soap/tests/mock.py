#!/usr/bin/env python3
"""mock - stands for the real service while the connector is tested: prints its address, then answers until killed."""
import http.server

PEOPLE = [("00101", "Annabel", "Jansen", "Active"), ("00102", "Bertram", "de Vries", "Left"),
          ("00103", "Cassius", "Bakker & Zn", "Active")]


def envelope(body):
    return ('<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<s:Body>{body}</s:Body></s:Envelope>")


def people():
    def person(values):
        cells = zip(("Number", "FirstName", "LastName", "Status"), values)
        inside = "".join(f"<{name}>{text.replace('&', '&amp;')}</{name}>" for name, text in cells)
        return f"<Person>{inside}</Person>"
    return f'<People xmlns="urn:people">{"".join(map(person, PEOPLE))}</People>'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        allowed = self.headers.get("Authorization", "").startswith("Basic ")
        text = envelope(people() if b"GetPeople" in asked else '<Pong xmlns="urn:people"/>') if allowed else ""
        body = text.encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/People.svc", flush=True)
    server.serve_forever()
