#!/usr/bin/python3
"""companyiq - simulates CompanyIQ's Open Platform: user import, lookup upload, four signature schemes.

The vendor's rules for users and files are those of its help page; paths, signatures, codes and shapes are assumed, see
README.md. Reads requests, keeps everything in memory, answers GET /_sim/state with what it has."""
import base64
import datetime
import hashlib
import hmac
import json
import secrets
import urllib.parse

import simulator
from companyiq_lookups import Lookups
from companyiq_users import Users
from simulator import Refused, Reply, only

TEXTS = {
    0: "ok", 40001: "bad JSON", 40101: "unknown corpId", 40102: "bad sign", 40103: "timestamp out of range",
    40104: "nonce reused", 40301: "docking switched off", 41001: "mandatory field empty",
    41002: "field not updatable", 41003: "resigned employee locked", 41004: "employee not found",
    42001: "module not found", 42002: "file too large", 42003: "file type", 42004: "file header mismatch",
    42901: "rate", 50000: "internal",
}
STATUS = {40101: 401, 40102: 401, 40103: 401, 40104: 401, 40301: 403, 42901: 429, 50000: 500}  # others: 200
NONCE = "[A-Za-z0-9]{8,32}"


class CompanyIQ(simulator.Simulator):
    NAME = "companyiq"
    SETTINGS = {
        "corpId": "C100001", "secret": "test-secret-please-change", "docking": True,
        "scheme": "hmac",  # hmac, md5-sorted, token, plain
        "place": None,  # of corpId and the rest: header, query, or body (plain only); None: header for hmac, else query
        "plain_over_http": False,
        "headers": {"corpId": "X-Corp-Id", "timestamp": "X-Timestamp", "nonce": "X-Nonce", "sign": "X-Sign",
                    "secret": "X-Secret"},
        "parameters": {"corpId": "corpId", "timestamp": "timestamp", "nonce": "nonce", "sign": "sign",
                       "secret": "secret"},
        "timestamp_unit": "ms",  # or s
        "sign_encoding": None,  # hex, HEX, base64; None: hex for hmac, HEX for md5-sorted
        "tolerance": 300, "token_seconds": 7200,
        "paths": {"token": "/openapi/v1/token", "import": "/openapi/v1/users/import",
                  "query": "/openapi/v1/users/query", "upload": "/openapi/v1/lookup/upload",
                  "batches": "/openapi/v1/lookup/batches/"},
        "names": {"code": "code", "msg": "msg", "data": "data", "errors": "errors"},
        "success": 0, "query": False,
        **Users.SETTINGS, **Lookups.SETTINGS,
    }

    def __init__(self, settings, tls):
        super().__init__(settings, tls)
        self.nonces, self.tokens, self.corp_secret = {}, {}, None
        self.users, self.lookups = Users(self), Lookups(self)

    def answer(self, request):
        paths = self.settings["paths"]
        if (request.method, request.path) == ("POST", paths["token"]) and self.settings["scheme"] == "token":
            return self.reply("token", self.token, request, told={"corpId": self.settings["corpId"], "secret": "***"})
        if (request.method, request.path) == ("POST", paths["import"]):
            return self.reply("import", self.imported, request)
        if (request.method, request.path) == ("POST", paths["query"]) and self.settings["query"]:
            return self.reply("query", self.queried, request)
        if (request.method, request.path) == ("POST", paths["upload"]):
            return self.reply("upload", self.uploaded, request)
        if request.method == "GET" and request.path.startswith(paths["batches"]):
            return self.reply("batch", self.batch, request)
        return Reply(404, b"not found", code=404)

    def reply(self, operation, act, request, told=None):
        """Executes and dresses the outcome; `act` gives (data, what the journal shall keep of the request)."""
        try:
            data, told = act(request) if told is None else (act(request), told)
            code, what = 0, ""
        except Refused as refused:
            code, what, data = refused.code, refused.what, None
        return Reply(STATUS.get(code, 200), self.dressed(code, what, data), code, operation=operation, told=told)

    def dressed(self, code, what, data):
        names = self.settings["names"]
        body = {names["code"]: self.settings["success"] if code == 0 else code,
                names["msg"]: TEXTS[code] + (f": {what}" if what else ""), "requestId": secrets.token_hex(8)}
        return body | ({names["data"]: data} if data is not None else {})

    def trouble(self, status):
        return self.dressed(42901 if status == 429 else 50000, "", None)

    # Who asks.

    def place(self):
        scheme = self.settings["scheme"]
        return self.settings["place"] or {"hmac": "header"}.get(scheme, "query")

    def said(self, request, name):
        """A parameter of the signature, from where the scheme has it."""
        if self.place() == "header":
            return request.headers.get(self.settings["headers"][name]) or ""
        name = self.settings["parameters"][name]
        if self.place() == "query" or request.method == "GET" or request.content_type() == "multipart/form-data":
            return request.parameter(name) or ""
        document = document_of(request)
        return document.get(name) or "" if isinstance(document.get(name), str) else ""

    def check(self, request, signed):
        """Is this caller who it says, and may it? `signed`: the bytes that a signature is over."""
        {"hmac": self.check_sign, "md5-sorted": self.check_sign, "token": self.check_token,
         "plain": self.check_plain}[self.settings["scheme"]](request, signed)
        if not self.settings["docking"]:
            raise Refused(40301)

    def check_corp(self, corp):
        if corp != self.settings["corpId"]:
            raise Refused(40101)

    def check_sign(self, request, signed):
        corp, stamp, nonce = (self.said(request, name) for name in ("corpId", "timestamp", "nonce"))
        self.check_corp(corp)
        unit, tolerance = {"ms": 1000, "s": 1}[self.settings["timestamp_unit"]], self.settings["tolerance"]
        if not only("[0-9]{1,16}", stamp) or abs(self.now() - int(stamp) / unit) > tolerance:
            raise Refused(40103)
        if not only(NONCE, nonce):
            raise Refused(40102, "nonce")
        make = self.hmac_sign if self.settings["scheme"] == "hmac" else self.md5_sign
        wanted = make(request, corp, stamp, nonce, signed)
        if not hmac.compare_digest(wanted.encode(), self.said(request, "sign").encode()):
            raise Refused(40102)
        self.nonces = {old: until for old, until in self.nonces.items() if until >= self.now()}
        if nonce in self.nonces:
            raise Refused(40104)
        self.nonces[nonce] = int(stamp) / unit + tolerance

    def hmac_sign(self, request, corp, stamp, nonce, signed):
        """Over method, path, corpId, time, nonce and the digest of the body, or of the file in an upload."""
        text = "\n".join([request.method, request.path, corp, stamp, nonce, hashlib.sha256(signed).hexdigest()])
        return self.encoded(hmac.new(self.settings["secret"].encode(), text.encode(), hashlib.sha256).digest(), "hex")

    def md5_sign(self, request, corp, stamp, nonce, signed):
        """Over k=v sorted by name, then the secret; the body is a parameter like others."""
        names = self.settings["parameters"]
        pairs = {names["corpId"]: corp.encode(), names["timestamp"]: stamp.encode(), names["nonce"]: nonce.encode(),
                 "body": signed}
        text = b"&".join(name.encode() + b"=" + pairs[name] for name in sorted(pairs))
        return self.encoded(hashlib.md5(text + b"&key=" + self.settings["secret"].encode()).digest(), "HEX")

    def encoded(self, digest, default):
        form = self.settings["sign_encoding"] or default
        return {"hex": digest.hex(), "HEX": digest.hex().upper(), "base64": base64.b64encode(digest).decode()}[form]

    def check_token(self, request, _):
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer" or self.tokens.get(token, 0) < self.now():
            raise Refused(40102, "token unknown or expired")

    def check_plain(self, request, _):
        if not request.tls and not self.settings["plain_over_http"]:
            raise Refused(40102, "only over TLS")
        self.check_corp(self.said(request, "corpId"))
        if not hmac.compare_digest(self.said(request, "secret").encode(), self.settings["secret"].encode()):
            raise Refused(40102)

    def token(self, request):
        document = document_of(request)
        self.check_corp(document.get("corpId"))
        if document.get("secret") != self.settings["secret"]:
            raise Refused(40102)
        token, seconds = secrets.token_urlsafe(24), self.settings["token_seconds"]
        self.tokens[token] = self.now() + seconds
        return {"accessToken": token, "expiresIn": seconds}

    def expire_tokens(self):
        self.tokens = {}

    # What it is asked for.

    def imported(self, request):
        self.check(request, request.body)
        document = document_of(request)
        return self.users.imported(document), {"users": document.get("users")}

    def queried(self, request):
        self.check(request, request.body)
        document = document_of(request)
        return self.users.queried(document), {"employeeIds": document.get("employeeIds")}

    def uploaded(self, request):
        parts = parts_of(request)
        self.check(request, parts.get("file", (None, b""))[1])
        return self.lookups.uploaded(parts)

    def batch(self, request):
        self.check(request, request.body)
        name = urllib.parse.unquote(request.path.removeprefix(self.settings["paths"]["batches"]))
        return self.lookups.batch(name), {"batchId": name}

    # What the test asks for.

    def today(self):
        return datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc).date()

    def by_hand(self, said):
        return self.users.by_hand(said)

    def contents(self):
        return {"docking": self.settings["docking"], "users": self.users.all, "resigned": self.users.resigned(),
                "lookups": self.lookups.all, "batches": self.lookups.batches}


def document_of(request):
    """The JSON object in the body."""
    try:
        document = json.loads(request.body.decode("utf-8"))
    except ValueError as fault:
        raise Refused(40001, str(fault)) from None
    if request.content_type() != "application/json":
        raise Refused(40001, "the Content-Type is not application/json")
    if not isinstance(document, dict):
        raise Refused(40001, "not an object")
    return document


def parts_of(request):
    """{name: (file name or None, bytes)} of a multipart body."""
    kind = request.headers.get("Content-Type") or ""
    words = [word.strip() for word in kind.split(";")]
    boundary = next((word[9:].strip('"') for word in words if word.startswith("boundary=")), "")
    if request.content_type() != "multipart/form-data" or not boundary:
        raise Refused(40001, "not multipart/form-data")
    between = b"\r\n--" + boundary.encode()
    pieces = (b"\r\n" + request.body).split(between)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise Refused(40001, "the last boundary is missing")
    parts = {}
    for piece in pieces[1:-1]:
        head, gap, body = piece.partition(b"\r\n\r\n")
        said = dict(line.partition(": ")[::2] for line in head.decode("utf-8", "replace").split("\r\n") if line)
        said = {name.lower(): value for name, value in said.items()}
        words = dict(word.strip().partition("=")[::2] for word in said.get("content-disposition", "").split(";")[1:])
        name, file = words.get("name", "").strip('"'), words.get("filename")
        if not gap or not name or name in parts:
            raise Refused(40001, "a part without a name, or twice")
        parts[name] = (file.strip('"') if file is not None else None, body)
    return parts


if __name__ == "__main__":
    simulator.main(CompanyIQ)
