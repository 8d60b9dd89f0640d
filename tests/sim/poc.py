#!/usr/bin/python3
"""poc - simulates the P.O.C system's data management interface: real-time upsert, periodic whole file, workstations.

The fields, which of them must be there and the flows are those of the vendor's page; paths, keys, codes and shapes are
assumed, see README.md. Reads requests and, when told to, a folder that both sides share; keeps everything in memory."""
import base64
import hashlib
import hmac
import json
import urllib.parse

import simulator
from poc_employees import Employees
from poc_files import from_json, from_xml, synchronize
from simulator import Refused, Reply, only

STATUS = {"E101": 400, "E102": 400, "E201": 401, "E301": 404, "E302": 404, "E303": 409}


class POC(simulator.Simulator):
    NAME = "poc"
    SETTINGS = {
        "shared_key": "poc-shared-key", "auth": "key",  # or hmac
        "headers": {"key": "X-POC-Key", "timestamp": "X-POC-Timestamp", "signature": "X-POC-Signature"},
        "tolerance": 300,
        "paths": {"employee": "/api/v1/employees", "batch": "/api/v1/employees/batch",
                  "workstation": "/api/v1/employees/{EmployeeNumber}/workstation",
                  "workstations": "/api/v1/workstations"},
        "list_member": "",  # the rows of a site are a bare array, or a member of this name
        "all_sites": False,  # who names no site gets the rows of all
        "file_pattern": r"employees_\d{8}_\d{6}\.(xlsx|csv|xml|json)", "sheet": None,
        "columns": None,  # of a file: the header in this order; None: any order
        **Employees.SETTINGS,
    }

    def __init__(self, settings, tls):
        super().__init__(settings, tls)
        self.employees, self.files = Employees(self), []

    def answer(self, request):
        paths, asked = self.settings["paths"], (request.method, request.path)
        before, _, after = paths["workstation"].partition("{EmployeeNumber}")
        if asked == ("POST", paths["employee"]):
            return self.reply("employee", self.employee, request)
        if asked == ("POST", paths["batch"]):
            return self.reply("batch", self.batch, request)
        if asked == ("GET", paths["workstations"]):
            return self.reply("workstations", self.workstations, request)
        if request.method == "GET" and request.path.startswith(before) and request.path.endswith(after):
            who = urllib.parse.unquote(request.path[len(before) : len(request.path) - len(after)])
            return self.reply("workstation", lambda said: self.workstation(said, who), request)
        return Reply(404, b"not found", code="404")

    def reply(self, operation, act, request):
        told = []
        try:
            self.check(request)
            document, told = act(request)
            code = document.get("Status", "OK") if isinstance(document, dict) else "OK"
            return Reply(200, document, code, operation=operation, told=told)
        except Refused as refused:
            body = {"Status": "ERROR", "Code": refused.code, "Message": refused.what, "Field": refused.field or ""}
            return Reply(STATUS[refused.code], body, refused.code, operation=operation, told=told or None)

    def trouble(self, status):
        code = "E201" if status == STATUS["E201"] else f"E{status}"
        return {"Status": "ERROR", "Code": code, "Message": "later"}

    def check(self, request):
        headers, key = self.settings["headers"], self.settings["shared_key"].encode()
        if self.settings["auth"] == "key":
            good = hmac.compare_digest((request.headers.get(headers["key"]) or "").encode(), key)
        else:
            stamp = request.headers.get(headers["timestamp"]) or ""
            text = f"{stamp}.{request.method}.{request.path}.".encode() + request.body
            wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest())
            good = hmac.compare_digest((request.headers.get(headers["signature"]) or "").encode(), wanted)
            if not only("[0-9]{1,12}", stamp) or abs(self.now() - int(stamp)) > self.settings["tolerance"]:
                raise Refused("E201", "the timestamp is out of range")
        if not good:
            raise Refused("E201", "the key is not the shared one")

    # What it is asked for. Each gives (the reply's document, what the journal keeps of the request).

    def employee(self, request):
        if request.content_type() != "application/json":
            raise Refused("E102", "the Content-Type is not application/json")
        said = from_json(request.body)
        if not isinstance(said, dict):
            raise Refused("E102", "an employee is an object")
        action, seat = self.employees.take(said)
        return {"Status": "OK", "Action": action, "WorkstationNumber": seat}, said

    def batch(self, request):
        kind = request.content_type()
        if kind == "application/json":
            said = from_json(request.body)
            if not isinstance(said, dict) or set(said) != {"Employees", "Mode"}:
                raise Refused("E102", "a batch has Employees and Mode")
            rows, mode = said["Employees"], said["Mode"]
        elif kind in ("application/xml", "text/xml"):
            rows, mode = from_xml(request.body)
        else:
            raise Refused("E102", "the Content-Type is neither JSON nor XML")
        return self.employees.batch(rows, mode), {"Employees": rows, "Mode": mode}

    def site(self, request):
        site = request.parameter("siteNumber")
        if not site:
            raise Refused("E101", "siteNumber is missing", "SiteNumber")
        return site

    def workstation(self, request, who):
        site = self.site(request)
        return self.employees.seat_of(site, who), {"SiteNumber": site, "EmployeeNumber": who}

    def workstations(self, request):
        everything = self.settings["all_sites"] and not request.query
        site, member = None if everything else self.site(request), self.settings["list_member"]
        rows = self.employees.seats_of(site)
        return {member: rows} if member else rows, {"SiteNumber": site}

    # What the test asks for.

    def control(self, request):
        if (request.method, request.path) != ("POST", "/_sim/autosync"):
            return None
        said = json.loads(request.body)
        return Reply(200, synchronize(self, said["in"], said["out"], said.get("format", "xlsx")))

    def by_hand(self, said):
        return self.employees.by_hand(said)

    def contents(self):
        return {"employees": self.employees.shown(), "files": self.files}


if __name__ == "__main__":
    simulator.main(POC)
