#!/usr/bin/python3
"""poweroffice - simulates PowerOffice Go's API v2: employees, employments and what hangs on them, for several clients.

Paths, names, rules and codes are those of the vendor's OpenAPI document; what is assumed stands in README.md. Reads
requests, keeps everything in memory, answers GET /_sim/state with what it has."""
import base64
import binascii
import json
import re
import secrets
import urllib.parse

import simulator
from poweroffice_client import Client
from poweroffice_objects import Problem, stamp, ticks
from simulator import Reply

LISTS = {"Salaries": "EmploymentSalary", "FtePercentages": "EmploymentFtePercentage",
         "FixedSalaries": "EmploymentFixedSalary", "Leaves": "EmploymentLeave", "Layoffs": "EmploymentLayoff"}
PLAIN = {"Employees": "Employee", "Departments": "Department", "Locations": "Location", "Enterprises": "Enterprises"}
PRIVILEGES = [*PLAIN.values(), "Employment", *LISTS.values()]
PAGING = {"pagenumber", "pagesize", "orderby", "fields"}
PATCH, MOST = "application/json-patch+json", 20000


class PowerOffice(simulator.Simulator):
    NAME = "poweroffice"
    SETTINGS = {
        "base": "/v2", "token": "/OAuth/Token",
        "application_key": "app-key", "primary": "sub-primary", "secondary": "sub-secondary",
        "revoked": [],  # subscription keys that are refused, with `revoked_status`
        "revoked_status": 401,
        "clients": None,  # key: {"name", "privileges": [...], "people": N}; None: one, whose key is client-key
        "expires_in": 1200,
        "limit": 10, "limit_seconds": 1.0,  # of requests, per subscription key
        "retry_after": True,  # 429 says how long
        "pagination": "full",  # of the X-Pagination header: full, link (only nextPageLink), none
        "page_default": 5000,
        "page_most": None,  # a page never has more rows, whatever is asked
        "zone": "Z",  # how timestamps end: Z, +00:00, +02:00, or "" for none
    }

    def __init__(self, settings, tls):
        super().__init__(settings, tls)
        clients = self.settings["clients"] or {"client-key": {}}
        self.clients = {key: Client(self, key, said) for key, said in clients.items()}
        self.tokens, self.calls, self.peak = {}, [], 0

    # Who asks.

    def answer(self, request):
        try:
            return self.routed(request)
        except Problem as problem:
            return Reply(problem.status, problem.body(), code=problem.title, operation=problem.operation)

    def routed(self, request):
        self.subscription(request)
        path = request.path.rstrip("/")
        if path.lower() == self.settings["token"].lower():
            return self.token(request)
        base = self.settings["base"].lower()
        if not path.lower().startswith(base + "/"):
            raise Problem(404, gateway="Resource not found")
        client = self.client(request)
        return self.go(client, request, path[len(base) + 1:].split("/"))

    def subscription(self, request):
        """The key of the product at the gateway, and its limit: 429 before anything else is looked at."""
        key = request.headers.get("Ocp-Apim-Subscription-Key")
        if not key:
            raise Problem(401, gateway="Access denied due to missing subscription key. Make sure to include "
                          "subscription key when making requests to an API.")
        if key not in (self.settings["primary"], self.settings["secondary"]) or key in self.settings["revoked"]:
            raise Problem(self.settings["revoked_status"], gateway="Access denied due to invalid subscription key. "
                          "Make sure to provide a valid key for an active subscription.")
        now, span = self.clock(), self.settings["limit_seconds"]
        self.calls = [at for at in self.calls if at > now - span]
        if len(self.calls) >= self.settings["limit"]:
            raise Problem(429, gateway="Rate limit is exceeded. Try again in 1 seconds.", limited=True)
        self.calls.append(now)
        self.peak = max(self.peak, len(self.calls))

    def token(self, request):
        """RFC 6749, 4.4: the application's key and the client's as user and password."""
        if request.method != "POST" or request.content_type() != "application/x-www-form-urlencoded":
            return self.refused("invalid_request")
        form = urllib.parse.parse_qs(request.body.decode("utf-8", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            return self.refused("unsupported_grant_type")
        user, _, password = basic(request.headers.get("Authorization")).partition(":")
        if user != self.settings["application_key"] or password not in self.clients:
            return self.refused("invalid_client")
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (password, self.now() + self.settings["expires_in"])
        body = {"access_token": token, "token_type": "bearer", "expires_in": self.settings["expires_in"]}
        return Reply(200, body, operation="token", told={"client": password})

    @staticmethod
    def refused(error):
        return Reply(400, {"error": error, "error_description": "see RFC 6749"}, code=error, operation="token")

    def client(self, request):
        kind, _, token = (request.headers.get("Authorization") or "").partition(" ")
        key, until = self.tokens.get(token, (None, 0))
        if kind.lower() != "bearer" or key is None or until <= self.now():
            raise Problem(401, gateway="Unauthorized. Access token is missing or invalid.")
        return self.clients[key]

    def expire_tokens(self):
        self.tokens = {}

    # What is asked.

    def go(self, client, request, words):
        names = [word.lower() for word in words]
        method, count = request.method, len(words)
        if names == ["clientintegrationinformation"] and method == "GET":
            if not client.tells:
                raise Problem(403, gateway="Forbidden")
            return self.reply(client.information(), "information")
        if names == ["employees", "employments"] and method == "GET":
            self.need(client, "Employment")
            return self.listed(request, client.light(self.filters(request, "employments")), "light")
        if names[0] == "employees" and count > 2 and names[1] == "employments":
            return self.sub_list(client, request, words)
        if names[0] == "employees" and count > 2 and names[2] == "employments":
            return self.employments(client, request, words)
        kind = next((name for name in PLAIN if name.lower() == names[0]), None)
        if kind is None or count > 2:
            raise Problem(404, gateway="Resource not found")
        self.need(client, PLAIN[kind], method)
        if kind == "Enterprises" and (method != "GET" or count > 1):
            raise Problem(405, gateway="Method not allowed")
        return self.objects(client, request, kind, words[1:], {})

    def employments(self, client, request, words):
        """Employees/{id}/Employments[/{id}]"""
        self.need(client, "Employment", request.method)
        employee = client.find("Employees", number(words[1]))
        return self.objects(client, request, "Employments", words[3:], {"EmployeeId": employee["Id"]})

    def sub_list(self, client, request, words):
        """Employees/Employments/{id}/LIST[/{id}]"""
        kind = next((name for name in LISTS if len(words) > 3 and name.lower() == words[3].lower()), None)
        if kind is None:
            raise Problem(404, gateway="Resource not found")
        self.need(client, LISTS[kind], request.method)
        employment = client.find("Employments", number(words[2]))
        within = {"EmploymentId": employment["Id"], "EmployeeId": employment["EmployeeId"]}
        return self.objects(client, request, kind, words[4:], within)

    def objects(self, client, request, kind, words, within):
        """The usual five, below a list."""
        method = request.method
        if len(words) > 1:
            raise Problem(404, gateway="Resource not found")
        if not words and method == "GET":
            return self.listed(request, client.rows(kind, within, self.filters(request, kind.lower())), kind)
        if not words and method == "POST":
            made = client.create(kind, within, body(request, "application/json"))
            return self.reply(client.shown(kind, made), kind, 201)
        if not words or method not in ("GET", "PATCH", "DELETE"):
            raise Problem(405, gateway="Method not allowed")
        one = client.find(kind, words[0], within)
        if method == "PATCH":
            patch = body(request, PATCH)
            client.patch(kind, one, patch)
            return self.reply(client.shown(kind, one), kind, told=patch)
        if method == "DELETE":
            client.delete(kind, one)
            return Reply(200, b"", operation=f"DELETE {kind}")
        return self.reply(client.shown(kind, one), kind)

    @staticmethod
    def need(client, privilege, method="GET"):
        if f"{privilege}_Full" in client.privileges or (method == "GET" and privilege in client.privileges):
            return
        raise Problem(403, gateway=f"Missing privilege {privilege}{'' if method == 'GET' else '_Full'}",
                      operation=privilege)

    def filters(self, request, kind):
        """{name in lower case: text}; a name that the list does not have is refused, and so is one of OData."""
        known = {
            "employees": {"employeenos", "externalnos", "externalimportreference", "contactgroupids",
                          "lastchangeddatetimeoffsetgreaterthan", "employeecreateddatetimeoffsetgreaterthan"},
            "employments": {"activeemployments", "employmentform", "lastchangeddatetimeoffsetgreaterthan"},
            "departments": {"codes", "name", "isactive", "manageremployeeno", "lastchangeddatetimeoffsetgreaterthan",
                            "createddatetimeoffsetgreaterthan"},
            "enterprises": {"enterprisenos", "lastchangeddatetimeoffsetgreaterthan",
                            "createddatetimeoffsetgreaterthan"},
            "locations": {"codes", "name", "isactive", "lastchangeddatetimeoffsetgreaterthan",
                          "createddatetimeoffsetgreaterthan"},
        }.get(kind, set())
        found = {}
        for name, values in request.query.items():
            if name.lower() not in known | PAGING or len(values) != 1:
                raise Problem(400, "Invalid resourceParameter", f"{name} is no parameter of this list")
            if name.lower() in known:
                found[name.lower()] = values[0]
            if name.lower().endswith("greaterthan") and ticks(values[0]) is None:
                raise Problem(400, "Invalid resourceParameter", f"{name} is no timestamp")
        return found

    # What is answered.

    def listed(self, request, rows, operation):
        said = {name.lower(): values[0] for name, values in request.query.items() if name.lower() in PAGING}
        page = whole(said.get("pagenumber", "1"), 1, 1 << 30)
        size = whole(said.get("pagesize", str(self.settings["page_default"])), 1, MOST)
        size = min(size, self.settings["page_most"] or size)
        order = (said.get("orderby") or "Id").split()
        try:
            rows = sorted(rows, key=lambda row: (row[order[0]] is None, row[order[0]]),
                          reverse=[word.lower() for word in order[1:]] == ["desc"])
        except (KeyError, TypeError, IndexError):
            raise Problem(400, "Invalid resourceParameter", "OrderBy") from None
        part = rows[(page - 1) * size: page * size]
        if said.get("fields"):
            part = [{name: row[name] for name in said["fields"].split(",") if name in row} for row in part]
        reply = Reply(200, self.dressed(part), operation=operation, told={"page": page, "rows": len(part)})
        if not part:
            reply = Reply(204, b"", operation=operation, told={"page": page, "rows": 0})
        if self.settings["pagination"] != "none":
            reply.headers.append(("X-Pagination", json.dumps(self.pagination(request, page, size, len(rows)))))
        return reply

    def pagination(self, request, page, size, count):
        pages = -(-count // size)

        def link(to):
            if not 1 <= to <= pages:
                return None
            query = {name: values[0] for name, values in request.query.items() if name.lower() != "pagenumber"}
            return f"https://elsewhere.example{request.path}?" + urllib.parse.urlencode({**query, "PageNumber": to})

        if self.settings["pagination"] == "link":
            return {"nextPageLink": link(page + 1)} if link(page + 1) else {}
        return {"totalCount": count, "pageSize": size, "currentPage": page, "totalPages": pages,
                "previousPageLink": link(page - 1), "nextPageLink": link(page + 1)}

    def reply(self, said, operation, status=200, told=None):
        return Reply(status, self.dressed(said), operation=operation, told=told)

    def dressed(self, said):
        """Timestamps, which are ticks of 100 ns inside, as texts."""
        if isinstance(said, list):
            return [self.dressed(one) for one in said]
        if not isinstance(said, dict):
            return said
        return {name: stamp(value, self.settings["zone"]) if name.endswith("DateTimeOffset") and value is not None
                else self.dressed(value) for name, value in said.items()}

    def trouble(self, status):
        return {"statusCode": status, "message": "Rate limit is exceeded. Try again in 1 seconds." if status == 429
                else "The service is unavailable."}

    def handle(self, request):
        reply, kinds = super().handle(request)
        if reply.status == 429 and "429" not in kinds and self.settings["retry_after"]:
            reply.headers.append(("Retry-After", "1"))
        return reply, kinds

    @staticmethod
    def clock():
        return simulator.time.monotonic()

    # The test's.

    def of(self, said):
        return self.clients[said.get("client") or next(iter(self.clients))]

    def by_hand(self, said):
        """{"client", "list": "Employees", "Id", "set": {…}} or "delete": true or "create": {…}; "ticks": when."""
        return self.of(said).by_hand(said)

    def control(self, request):
        if (request.method, request.path) == ("POST", "/_sim/people"):
            said = json.loads(request.body)
            self.of(said).populate(int(said["count"]), said.get("seed", 1))
            return Reply(200, {"ok": True})
        if (request.method, request.path) == ("POST", "/_sim/privileges"):
            said = json.loads(request.body)
            self.of(said).privileges, self.of(said).tells = said["names"], said.get("told", True)
            return Reply(200, {"ok": True})
        return None

    def contents(self):
        return {"clients": {key: self.dressed(client.state()) for key, client in self.clients.items()},
                "peak": self.peak, "tokens": len(self.tokens)}


def basic(header):
    kind, _, text = (header or "").partition(" ")
    try:
        return base64.b64decode(text, validate=True).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def number(text):
    if not re.fullmatch("[0-9]{1,18}", text):
        raise Problem(400, "Unable to cast object(s)", f"{text} is no number")
    return int(text)


def whole(text, least, most):
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise Problem(400, "Invalid resourceParameter", f"{text} is not between {least} and {most}")
    return int(text)


def body(request, wanted):
    if request.content_type() != wanted:
        raise Problem(415, gateway=f"Unsupported media type: {wanted} is wanted")
    try:
        return json.loads(request.body)
    except ValueError:
        raise Problem(400, "Unable to cast object(s)", "this is no JSON") from None


if __name__ == "__main__":
    simulator.main(PowerOffice)
