"""poc_employees - who sits where in a simulated P.O.C system.

An employee is known by site and employee number; site, employee number and first name must be there, surname and
department should. The system gives the seats; whose employment has ended has none and is not found any more."""
import datetime
import re

from simulator import Refused

FIELDS = ("SiteNumber", "EmployeeNumber", "FirstName", "Surname", "Department", "Team", "Hierarchies", "EmployeeType",
          "JobConfiguration", "JobTitle", "EmployeeStatus", "MobileNumber", "Extension", "Email", "WorkstationNumber",
          "TerminationDate")
RECOMMENDED = ("Surname", "Department")
TEXT_MAX = 255
FORMS = {"YYYY-MM-DD": "%Y-%m-%d", "DD/MM/YYYY": "%d/%m/%Y", "YYYYMMDD": "%Y%m%d"}


class Employees:
    SETTINGS = {
        "mandatory": ["SiteNumber", "EmployeeNumber", "FirstName"],
        "names": {},  # what a field is called on the wire, where it is not its own name
        "date_format": "YYYY-MM-DD",
        "values": {},  # {"EmployeeStatus": ["Active", …]}: nothing else is taken; the page's lists are open
        "seats": None,  # {"site": ["12-034", …]}: the only ones there are; None: any, numbered as they are needed
        "assign": True,  # an employee without a seat gets one
        "none": "-",  # what frees a seat
        "batch_max": None,
        "employees": [],  # who is there from the start, as an update would say it
    }

    def __init__(self, simulator):
        self.simulator, self.all = simulator, {}
        self.sitting, self.numbers = {}, {}  # (site, seat): who; site: how many seats were numbered
        for row in simulator.settings["employees"]:
            self.take(row)

    def batch(self, rows, mode):
        most = self.simulator.settings["batch_max"]
        if mode not in ("delta", "full"):
            raise Refused("E102", "Mode is neither delta nor full", "Mode")
        if not isinstance(rows, list) or most and len(rows) > most:
            raise Refused("E102", f"Employees is no list, or has more than {most}", "Employees")
        count, errors = {"created": 0, "updated": 0, "unchanged": 0}, []
        there = {key for key in self.all if not self.is_gone(key)}
        for index, row in enumerate(rows):
            try:
                forced = self.simulator.forced_row(index)
                if forced:
                    raise Refused(forced.get("code", "E102"), "by command")
                count[self.take(row)[0]] += 1
            except Refused as refused:
                who = row.get(self.wire("EmployeeNumber")) if isinstance(row, dict) else None
                errors.append({"Index": index, "EmployeeNumber": who, "Code": refused.code, "Message": refused.what})
        ended = sum(self.is_gone(key) for key in there)
        return {"Status": "PARTIAL" if errors else "OK", "Total": len(rows), "Created": count["created"],
                "Updated": count["updated"], "Terminated": ended, "Errors": errors}

    def take(self, row):
        """One employee: (action, seat)."""
        said = self.understood(row)
        key = (said["SiteNumber"], said["EmployeeNumber"])
        old = self.all.get(key)
        was_gone = old is not None and self.is_gone(key)
        new = {**({name: "" for name in FIELDS} if old is None else old["said"]), **said}
        seat = self.seat(key, said.get("WorkstationNumber", ""), "" if old is None or was_gone else old["seat"])
        new["WorkstationNumber"] = ""
        if self.ended(new):
            seat = ""
        elif (old is None or was_gone) and not said.get("WorkstationNumber") and self.simulator.settings["assign"]:
            seat = self.free_seat(key[0])
        if old and old["seat"] != seat:
            self.sitting.pop((key[0], old["seat"]), None)
        if seat:
            self.sitting[key[0], seat] = key[1]
        action = "created" if old is None else "unchanged" if (new, seat) == (old["said"], old["seat"]) else "updated"
        writes = (old["writes"] if old else 0) + (action != "unchanged")
        self.all[key] = {"said": new, "seat": seat, "writes": writes}
        return action, seat

    def understood(self, row):
        if not isinstance(row, dict):
            raise Refused("E102", "an employee is an object")
        names = {self.wire(name): name for name in FIELDS}
        for wire in row:
            if wire not in names:
                raise Refused("E102", f"no field is called {wire}", wire)
        said = {names[wire]: self.value(names[wire], value) for wire, value in row.items()}
        for name in self.simulator.settings["mandatory"]:
            if not said.get(name):
                raise Refused("E101", f"{name} is missing", name)
        return said

    def value(self, name, value):
        if name == "Hierarchies":
            return hierarchies(value)
        if value is None or value == "":
            return ""
        plain = isinstance(value, str) and value == value.strip() and not re.search("[\0-\x1f]", value)
        if not plain or len(value) > TEXT_MAX:
            raise Refused("E102", f"{name} is no plain text", name)
        allowed = self.simulator.settings["values"].get(name)
        if allowed and value not in allowed:
            raise Refused("E102", f"{name} is none of {', '.join(allowed)}", name)
        if name == "Email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            raise Refused("E102", f"{name} is no address", name)
        return self.day(name, value) if name == "TerminationDate" else value

    def day(self, name, value):
        form = FORMS[self.simulator.settings["date_format"]]
        try:
            found = datetime.datetime.strptime(value, form)
        except ValueError:
            found = None
        if not found or found.strftime(form).zfill(len(value)) != value:
            raise Refused("E102", f"{name} is no {self.simulator.settings['date_format']}", name)
        return found.date().isoformat()

    # Seats.

    def none(self):
        return self.simulator.settings["none"]

    def seat(self, key, wanted, present):
        """The seat after a row that says `wanted`: nothing keeps the present one, the none value frees it."""
        if not wanted:
            return present
        if wanted == self.none():
            return ""
        seats = self.simulator.settings["seats"]
        if seats is not None and wanted not in seats.get(key[0], []):
            raise Refused("E302", f"the site has no workstation {wanted}", "WorkstationNumber")
        if not self.is_free(key[0], wanted) and self.sitting[key[0], wanted] != key[1]:
            raise Refused("E303", f"workstation {wanted} is taken", "WorkstationNumber")
        return wanted

    def is_free(self, site, seat):
        who = self.sitting.get((site, seat))
        return who is None or (site, who) not in self.all or self.is_gone((site, who))

    def free_seat(self, site):
        seats = self.simulator.settings["seats"]
        if seats is not None:
            return next((seat for seat in seats.get(site, []) if self.is_free(site, seat)), "")
        while True:
            number = self.numbers[site] = self.numbers.get(site, 0) + 1
            seat = f"{number // 1000 + 1:02}-{number % 1000:03}"
            if self.is_free(site, seat):
                return seat

    def ended(self, said):
        if not said["TerminationDate"]:
            return False
        today = datetime.datetime.fromtimestamp(self.simulator.now(), datetime.timezone.utc).date().isoformat()
        return said["TerminationDate"] <= today

    def is_gone(self, key):
        return self.ended(self.all[key]["said"])

    def row(self, key):
        said = self.all[key]["said"]
        return {"SiteNumber": key[0], "EmployeeNumber": key[1], "WorkstationNumber": self.all[key]["seat"],
                "EmployeeName": " ".join(part for part in (said["FirstName"], said["Surname"]) if part)}

    def seat_of(self, site, who):
        if (site, who) not in self.all or self.is_gone((site, who)):
            raise Refused("E301", f"the site has no employee {who}", "EmployeeNumber")
        return self.row((site, who))

    def seats_of(self, site):
        """Of one site, or, where it is None, of all."""
        return [self.row(key) for key in sorted(self.all) if site in (None, key[0]) and not self.is_gone(key)]

    def wire(self, name):
        return self.simulator.settings["names"].get(name, name)

    # The test's.

    def by_hand(self, said):
        """Somebody moves, changes or deletes an employee in the system's own screens."""
        key = (said["SiteNumber"], said["EmployeeNumber"])
        if key not in self.all:
            return "the site has no such employee"
        if said.get("delete"):
            del self.all[key]
            return None
        change = dict(said.get("set", {}))
        seat = change.pop("WorkstationNumber", self.all[key]["seat"])
        if seat and not self.is_free(key[0], seat) and self.sitting[key[0], seat] != key[1]:
            return f"workstation {seat} is taken"
        self.sitting.pop((key[0], self.all[key]["seat"]), None)
        if seat:
            self.sitting[key[0], seat] = key[1]
        self.all[key]["seat"] = seat
        self.all[key]["said"] |= change
        return None

    def shown(self):
        shown = {}
        for (site, who), at in sorted(self.all.items()):
            gone = self.is_gone((site, who))
            shown.setdefault(site, {})[who] = {
                **{name: value for name, value in at["said"].items() if value},
                "WorkstationNumber": "" if gone else at["seat"], "gone": gone, "writes": at["writes"],
                "not_said": [name for name in RECOMMENDED if not at["said"][name]],
            }
        return shown


def hierarchies(value):
    """[{"Level": 1, "Name": "…"}], each level once."""
    if value in (None, "", []):
        return ""
    good = isinstance(value, list) and all(
        isinstance(one, dict) and set(one) == {"Level", "Name"} and isinstance(one["Level"], int) and one["Level"] > 0
        and isinstance(one["Name"], str) and one["Name"] for one in value)
    if not good or len({one["Level"] for one in value}) != len(value):
        raise Refused("E102", "Hierarchies is no list of levels with names", "Hierarchies")
    return sorted(value, key=lambda one: one["Level"])
