#!/usr/bin/python3
"""usersync - simulates a platform that takes its users from others, as Oneteam's user sync does: accounts by external
id, in communities and function groups.

The rules are those of the vendor's help pages (who is new is invited, who changed is moved, who is missing or out of
service is removed, and only what the sync created may be edited by it); the wire is assumed as a whole, see README.md.
Reads requests, keeps everything in memory, answers GET /_sim/state with what it has."""
import datetime
import hmac
import json

import simulator
from simulator import Refused, Reply, only

FIELDS = ("externalId", "email", "firstName", "lastName", "dateOfBirth", "phone", "communities", "active")
UNIT = ("externalId", "name", "active")
MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"


class UserSync(simulator.Simulator):
    NAME = "usersync"
    SETTINGS = {
        "token": "usersync-token", "header": "Authorization", "value": "Bearer {token}",
        "paths": {"users": "/user-sync/v1/users", "communities": "/user-sync/v1/communities",
                  "functions": "/user-sync/v1/functions"},
        "body": "object",  # {"users": [...]}; list: a bare array; single: one object
        "names": {},  # what fields are called on the wire
        "place": {"externalId": "externalId", "functionExternalId": "functionExternalId"},  # and within communities
        "communities": {}, "functions": {},  # what is there from the start: {external id: name}
        "strict": True,  # users may only be in communities and functions that are there
        "email_unique": False,  # an address that two accounts have is refused; else it is one person with two
        "most": 1000,  # rows in a call
        "errors": {"list": "errors", "id": "externalId", "index": "index", "code": "code", "message": "message"},
    }

    def __init__(self, settings, tls):
        super().__init__(settings, tls)
        self.users, self.by_hand_users, self.invitations, self.next = {}, [], [], 1
        self.units = {kind: {one: {"externalId": one, "name": name, "active": True, "by": "hand"}
                             for one, name in self.settings[kind].items()} for kind in ("communities", "functions")}

    # What is asked.

    def answer(self, request):
        kind = next((kind for kind, path in self.settings["paths"].items() if path == request.path), None)
        if kind is None:
            return Reply(404, {"error": "not_found"}, code="not_found")
        wanted = self.settings["value"].replace("{token}", self.settings["token"])
        if not hmac.compare_digest((request.headers.get(self.settings["header"]) or "").encode(), wanted.encode()):
            return Reply(401, {"error": "unauthorized"}, code="unauthorized", operation=kind)
        if request.method != "POST":
            return Reply(405, {"error": "method_not_allowed"}, code="method_not_allowed", operation=kind)
        try:
            rows, complete = self.rows(request, kind)
        except Refused as refused:
            return Reply(refused.code, {"error": refused.what}, code=refused.what, operation=kind)
        return self.taken(kind, rows, complete)

    def rows(self, request, kind):
        try:
            said = json.loads(request.body) if request.content_type() == "application/json" else None
        except ValueError:
            said = None
        form = self.settings["body"]
        rows = [said] if form == "single" else said
        complete = False
        if form == "object":
            if not isinstance(said, dict) or set(said) - {kind, "complete"} or kind not in said:
                raise Refused(400, "bad_request")
            rows, complete = said[kind], said.get("complete") is True
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(400, "bad_request")
        if len(rows) > self.settings["most"]:
            raise Refused(413, "too_many")
        return rows, complete

    def taken(self, kind, rows, complete):
        """Each row by itself; a refused one does not hold up the others."""
        counts, errors = {"created": 0, "updated": 0, "removed": 0}, []
        names = self.settings["errors"]
        for index, row in enumerate(rows):
            forced = self.forced_row(index)
            try:
                if forced is not None:
                    raise Refused(forced.get("code", "INTERNAL"), "later")
                counts[self.user(row) if kind == "users" else self.unit(kind, row)] += 1
            except Refused as refused:
                errors.append({names["index"]: index, names["id"]: self.read(row, "externalId"),
                               names["code"]: refused.code, names["message"]: refused.what})
        if complete and kind == "users" and not errors:
            there = {self.read(row, "externalId") for row in rows}
            for one in [one for one, user in self.users.items() if one not in there and user["active"]]:
                self.remove(self.users[one])
                counts["removed"] += 1
        code = "PARTIAL" if errors else "OK"
        return Reply(200, {**counts, names["list"]: errors}, code=code, operation=kind, told=rows)

    def read(self, row, name):
        return row.get(self.settings["names"].get(name, name))

    def checked(self, row, fields):
        """{our name: value} of what the row has; a field that does not exist, or has not its form, is refused."""
        known = {self.settings["names"].get(name, name): name for name in fields}
        said = {}
        for name, value in row.items():
            if name not in known:
                raise Refused("UNKNOWN_FIELD", f"{name} is not known")
            said[known[name]] = value
        for name, value in said.items():
            wanted = list if name == "communities" else bool if name == "active" else str
            if value is not None and not isinstance(value, wanted):
                raise Refused("BAD_VALUE", f"{name} has not its form")
        if not said.get("externalId"):
            raise Refused("EXTERNAL_ID_REQUIRED", "externalId is missing")
        return said

    # Users.

    def user(self, row):
        said = self.checked(row, FIELDS)
        old = self.users.get(said["externalId"])
        if said.get("active") is False:
            return self.remove(old)
        made = {name: None for name in FIELDS} | (old or {}) | {name: value or None for name, value in said.items()}
        made["active"] = True
        self.sound(made, old)
        if old is None:
            made |= {"id": self.next, "by": "sync", "writes": 0}
            self.next += 1
        if old is None or not old["active"]:
            self.invite(made)
        elif {**made} == {**old}:
            return "updated"
        made["writes"] += 1
        self.users[said["externalId"]] = made
        return "created" if old is None else "updated"

    def sound(self, made, old):
        mail = made["email"]
        if not mail:
            raise Refused("EMAIL_REQUIRED", "nobody can be invited without an e-mail address")
        if not only(MAIL, mail):
            raise Refused("EMAIL_INVALID", "this is no e-mail address")
        if any(same(user["email"], mail) for user in self.by_hand_users):
            raise Refused("NOT_EDITABLE", "the account was not created by the sync")
        if self.settings["email_unique"] and any(
                same(user["email"], mail) and user is not old and user["active"] for user in self.users.values()):
            raise Refused("EMAIL_TAKEN", "another account has this e-mail address")
        if not made["lastName"]:
            raise Refused("NAME_REQUIRED", "lastName is missing")
        if made["dateOfBirth"]:
            try:
                datetime.date.fromisoformat(made["dateOfBirth"])
            except ValueError:
                raise Refused("BAD_VALUE", "dateOfBirth has not its form") from None
        if not made["communities"]:
            raise Refused("COMMUNITY_REQUIRED", "an account is in a community")
        for place in made["communities"]:
            self.placed(place)

    def placed(self, place):
        names = self.settings["place"]
        if not isinstance(place, dict) or set(place) - set(names.values()):
            raise Refused("BAD_VALUE", "communities has not its form")
        for kind, name in (("communities", "externalId"), ("functions", "functionExternalId")):
            wanted = place.get(names[name])
            if wanted is None and kind == "functions":
                continue
            there = self.units[kind].get(wanted)
            if self.settings["strict"] and (there is None or not there["active"]):
                code = "UNKNOWN_COMMUNITY" if kind == "communities" else "UNKNOWN_FUNCTION"
                raise Refused(code, f"there is no {wanted}")

    def invite(self, made):
        """Once to an address: who has it in two accounts is one person."""
        if not any(same(user["email"], made["email"]) and user["active"] for user in self.users.values()):
            self.invitations.append({"externalId": made["externalId"], "email": made["email"]})

    @staticmethod
    def remove(old):
        """Who is not there is gone already."""
        if old is not None and old["active"]:
            old |= {"active": False, "communities": [], "writes": old["writes"] + 1}
        return "removed"

    # Communities and functions.

    def unit(self, kind, row):
        said, units = self.checked(row, UNIT), self.units[kind]
        old = units.get(said["externalId"])
        if said.get("active") is False:
            name = self.settings["place"]["externalId" if kind == "communities" else "functionExternalId"]
            places = [place for user in self.users.values() for place in user["communities"]]
            if any(place.get(name) == said["externalId"] for place in places):
                raise Refused("IN_USE", "somebody is in it")
            if old:
                old["active"] = False
            return "removed"
        if not said.get("name"):
            raise Refused("NAME_REQUIRED", "name is missing")
        units[said["externalId"]] = {"by": "sync", **(old or {}), **said, "active": True}
        return "updated" if old else "created"

    def trouble(self, status):
        return {"error": "too_many_requests" if status == 429 else "unavailable"}

    # The test's.

    def by_hand(self, said):
        """{"create": {"email"}}: an account that somebody made; {"email", "delete": true} takes it away; {"externalId",
        "set": {…}} or "delete": true, of ours."""
        if "create" in said:
            made = said["create"]
            self.by_hand_users.append({"by": "hand", **(json.loads(made) if isinstance(made, str) else made)})
            return None
        if "email" in said:
            self.by_hand_users = [user for user in self.by_hand_users if not same(user["email"], said["email"])]
            return None
        user = self.users.get(str(said["externalId"]))
        if user is None:
            return f"nobody has {said['externalId']}"
        if said.get("delete"):
            del self.users[str(said["externalId"])]
        else:
            user |= said["set"]
        return None

    def contents(self):
        return {"users": self.users, "by_hand": self.by_hand_users, "invitations": self.invitations, **self.units}


def same(one, other):
    return (one or "").lower() == (other or "").lower()


if __name__ == "__main__":
    simulator.main(UserSync)
