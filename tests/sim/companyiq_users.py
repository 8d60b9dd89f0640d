"""companyiq_users - the people in a simulated CompanyIQ, under the rules of the vendor's help page.

Created with ID, password, status, onboarding date and name; afterwards only seven fields change; of somebody who
resigned only status and resignation date. Nobody is deleted but by hand, before the first log-in."""
import re

from simulator import Refused

MUST = ("employeeId", "name", "password", "status", "onboardingDate")  # on create
UPDATABLE = ("status", "factory", "department", "onboardingDate", "resignationDate", "position", "laborType")
AFTER_LEAVING = ("status", "resignationDate")
OTHERS = ("gender", "mobile", "email", "idNumber")
FIELDS = tuple(dict.fromkeys(MUST + UPDATABLE + OTHERS))
DATES = ("onboardingDate", "resignationDate")
FORMS = {"YYYY-MM-DD": r"(\d{4})-(\d\d)-(\d\d)", "YYYYMMDD": r"(\d{4})(\d\d)(\d\d)",
         "YYYY/MM/DD": r"(\d{4})/(\d\d)/(\d\d)"}
MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Users:
    SETTINGS = {
        "batch_max": 500,
        "fields": {},  # what a field is called on the wire, where it is not its own name
        "status": {"active": 1, "resigned": 2},
        "date_format": "YYYY-MM-DD",  # or of each field by its name
        "types": {"status": "number"},  # text (default), number, digits (a text of digits), either
        "ignore_locked": False,  # what may not change is then passed over, not refused
    }

    def __init__(self, simulator):
        self.simulator, self.all = simulator, {}

    def imported(self, document):
        rows = document.get("users")
        if not isinstance(rows, list) or not rows or set(document) - {"users", "corpId", "secret"}:
            raise Refused(40001, "users is no list, or not alone")
        if len(rows) > self.simulator.settings["batch_max"]:
            raise Refused(40001, f"more than {self.simulator.settings['batch_max']} users")
        count, errors = {"created": 0, "updated": 0}, []
        for index, row in enumerate(rows):
            try:
                count[self.take(index, row)] += 1
            except Refused as refused:
                who = row.get(self.wire("employeeId")) if isinstance(row, dict) else None
                text = self.simulator.dressed(refused.code, refused.what, None)[self.simulator.settings["names"]["msg"]]
                errors.append({"index": index, "employeeId": who, "code": refused.code, "msg": text})
        errors_name = self.simulator.settings["names"]["errors"]
        return {"total": len(rows), **count, "failed": len(errors), errors_name: errors}

    def take(self, index, row):
        """One row: "created" or "updated"."""
        forced = self.simulator.forced_row(index)
        if forced:
            raise Refused(int(forced.get("code", 50000)), "by command")
        said = self.understood(row)
        who = said.get("employeeId")
        if not who:
            raise Refused(41001, "employeeId")
        if who in self.all:
            self.update(self.all[who], said)
            return "updated"
        if "name" not in said and "password" not in said:
            raise Refused(41004, who)  # nobody creates without them: this was meant for somebody who is there
        missing = [name for name in MUST if not said.get(name)]
        if missing:
            raise Refused(41001, ", ".join(missing))
        self.all[who] = {**said, "activated": False, "passwords": 1, "writes": 1}
        return "created"

    def update(self, user, said):
        changed = {name for name, value in said.items() if value != user.get(name, "")}
        resigned = user["status"] == "resigned"
        locked = changed - set(AFTER_LEAVING if resigned else UPDATABLE)
        if locked and not self.simulator.settings["ignore_locked"]:
            raise Refused(41003 if resigned else 41002, ", ".join(sorted(locked)))
        for name in changed - locked:
            if name in MUST and not said[name]:
                raise Refused(41001, name)
        user.update({name: said[name] for name in changed - locked})
        user["writes"] += 1

    def wire(self, name):
        return self.simulator.settings["fields"].get(name, name)

    def understood(self, row):
        """The row with our names and values: texts, dates as YYYY-MM-DD, status as its word."""
        if not isinstance(row, dict):
            raise Refused(40001, "a user is an object")
        names = {self.wire(name): name for name in FIELDS}
        unknown = set(row) - set(names)
        if unknown:
            raise Refused(40001, f"no field is called {', '.join(sorted(unknown))}")
        return {names[wire]: self.value(names[wire], value) for wire, value in row.items()}

    def value(self, name, value):
        settings = self.simulator.settings
        if value is None or value == "":
            return ""
        kind = settings["types"].get(name, "text")
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not (is_number and kind in ("number", "either") or isinstance(value, str) and kind != "number"):
            raise Refused(40001, f"{name} must be a {'number' if kind == 'number' else 'text'}")
        text = str(value)
        if kind == "digits" and not (text.isascii() and text.isdigit()):
            raise Refused(40001, f"{name} must be digits")
        if name == "status":
            words = {str(code): word for word, code in settings["status"].items()}
            if text not in words:
                raise Refused(40001, f"no status is called {text}")
            return words[text]
        return self.day(name, text) if name in DATES else text

    def day(self, name, text):
        form = self.simulator.settings["date_format"]
        form = form if isinstance(form, str) else form.get(name, "YYYY-MM-DD")
        hit = re.fullmatch(FORMS[form], text, re.ASCII)
        if not hit or not 1 <= int(hit[2]) <= 12 or not 1 <= int(hit[3]) <= MONTHS[int(hit[2]) - 1]:
            raise Refused(40001, f"{name} is no {form}")
        return "-".join(hit.groups())

    def queried(self, document):
        wanted = document.get("employeeIds")
        if not isinstance(wanted, list):
            raise Refused(40001, "employeeIds is no list")
        return {"users": [self.shown(self.all[who]) for who in wanted if who in self.all]}

    def shown(self, user):
        codes = self.simulator.settings["status"]
        told = {name: value for name, value in user.items() if name in FIELDS and name != "password"}
        told = {self.wire(name): codes[value] if name == "status" else value for name, value in told.items()}
        return told | {"activated": user["activated"]}

    def resigned(self):
        return sorted(who for who, user in self.all.items() if user["status"] == "resigned")

    def by_hand(self, said):
        """In the back end every field can be changed; deleted is only who never logged in."""
        user = self.all.get(said["employeeId"])
        if said.get("create"):
            if user:
                return "there already"
            blank = {"name": "", "password": "", "status": "active", "onboardingDate": "", "activated": False}
            self.all[said["employeeId"]] = {"employeeId": said["employeeId"], **blank, "passwords": 1, "writes": 0,
                                            **said.get("set", {})}
            return None
        if not user:
            return "nobody has that employeeId"
        if said.get("delete"):
            if user["activated"]:
                return "who has logged in cannot be deleted any more"
            del self.all[said["employeeId"]]
        user.update(said.get("set", {}))
        return None
