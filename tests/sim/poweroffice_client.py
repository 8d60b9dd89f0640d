"""poweroffice_client - one client company of PowerOffice Go: its objects and privileges, and what its screens do."""
import datetime
import json
import random
import uuid

from poweroffice_objects import FIELDS, Problem, blank, check, invalid, patched, ticks

OF = {"Salaries": "SalaryCount", "FtePercentages": "FtePercentageCount", "FixedSalaries": "FixedSalaryCount",
      "Leaves": "LeaveCount", "Layoffs": "LayoffCount"}
SEPARATE = {"MailAddress", "ContactGroupIds"}  # lists of their own: an employee's LastChanged does not know of them
ALL = ["Employee_Full", "Employment_Full", "EmploymentSalary_Full", "EmploymentFtePercentage_Full",
       "EmploymentFixedSalary_Full", "EmploymentLeave_Full", "EmploymentLayoff_Full", "Department_Full",
       "Location_Full", "Enterprises"]
FIRST = ["Ola", "Kari", "Åse", "Bjørn", "Ingrid", "Øystein", "Sigrid", "Håkon", "Zoë", "Łukasz"]
LAST = ["Nordmann", "Hansen", "Øvrebø", "Åkesson", "Lie", "Dahl", "O'Brien", "Wójcik"]


class Client:
    def __init__(self, simulator, key, said):
        self.simulator, self.key = simulator, key
        self.name = said.get("name", f"Client {key}")
        self.privileges, self.invalid = list(said.get("privileges", ALL)), list(said.get("invalid_privileges", []))
        self.tells = True  # what its privileges are
        self.all = {kind: {} for kind in FIELDS}
        self.next = {kind: 10000 * nth for nth, kind in enumerate(FIELDS, 3)}
        self.last, self.writes = 0, []
        self.random = random.Random(7)
        for name in ("Enterprises", "Departments", "Locations"):
            for row in said.get(name.lower(), DEFAULT[name]):
                self.store(name, dict(row))
        self.populate(int(said.get("people", 0)), said.get("seed", 1))

    def information(self):
        return {"ClientId": self.key, "ClientName": self.name, "ActiveClientSubscriptions": ["Payroll"],
                "ValidPrivileges": self.privileges, "InvalidPrivileges": self.invalid}

    # Time: no two changes have the same one, and the last digit counts.

    def tick(self):
        self.last = max(int(self.simulator.now() * 10 ** 7), self.last + 1)
        return self.last

    # Reading.

    def find(self, kind, wanted, within=None):
        one = self.all[kind].get(str(wanted).lower())
        if one is None or any(one[name] != value for name, value in (within or {}).items()):
            raise Problem(404, "Object(s) not found" if kind != "Employments" else "Employment not found error(s)",
                          f"there is no {wanted}")
        return one

    def rows(self, kind, within, filters):
        return [self.shown(kind, one) for one in self.all[kind].values()
                if all(one[name] == value for name, value in within.items())
                and all(self.passes(kind, one, name, text) for name, text in filters.items())]

    def light(self, filters):
        names = ["Id", "EmployeeId", "EmploymentForm", "StartDate", "EndDate", "EnterpriseId", "CreatedDateTimeOffset",
                 "LastChangedDateTimeOffset"]
        return [{name: one[name] for name in names} for one in self.rows("Employments", {}, filters)]

    def passes(self, kind, one, name, text):
        if name.endswith("greaterthan"):
            field = {"createddatetimeoffsetgreaterthan": "CreatedDateTimeOffset",
                     "employeecreateddatetimeoffsetgreaterthan": "EmployeeCreatedDateTimeOffset",
                     }.get(name, "LastChangedDateTimeOffset")
            return one[field] > ticks(text)
        if name == "activeemployments":
            active = one["EndDate"] is None or one["EndDate"] > self.today()
            return active == (text.lower() == "true")
        if name in ("employeenos", "externalnos", "codes", "enterprisenos"):
            field = {"employeenos": "Number", "externalnos": "ExternalNumber", "codes": "Code",
                     "enterprisenos": "EnterpriseNo"}[name]
            return any(in_range(one[field], part) for part in text.split(","))
        if name == "isactive":
            return one["IsActive"] == (text.lower() == "true")
        field = next(field for field in FIELDS[kind] if field.lower() == name)
        return str(one[field]) == text

    def today(self):
        return datetime.datetime.fromtimestamp(self.simulator.now(), datetime.timezone.utc).date().isoformat()

    def shown(self, kind, one):
        row = dict(one)
        if kind == "Employees":
            row |= {"DepartmentCode": self.code("Departments", one["DepartmentId"]),
                    "LocationCode": self.code("Locations", one["LocationId"]),
                    "ManagerEmployeeNo": self.number(one["ManagerEmployeeId"])}
            for name in ("NationalIdNumber", "InternationalIdNumber"):
                row[name] = "hidden" if row[name] else None
        elif kind == "Employments":
            row |= {name: sum(line["EmploymentId"] == one["Id"] for line in self.all[lines].values())
                    for lines, name in OF.items()}
        elif kind == "Departments":
            row["ManagerEmployeeNo"] = self.number(one["ManagerEmployeeId"])
        return row

    def code(self, kind, wanted):
        return self.all[kind][str(wanted)]["Code"] if str(wanted) in self.all[kind] else None

    def number(self, wanted):
        return self.all["Employees"][str(wanted)]["Number"] if str(wanted) in self.all["Employees"] else None

    # Writing.

    def store(self, kind, values, at=None):
        one = blank(kind) | values
        if "Id" not in values:
            self.next[kind] += 1
            one["Id"] = self.next[kind]
            if FIELDS[kind]["Id"][0] == "uuid":
                one["Id"] = str(uuid.UUID(int=self.random.getrandbits(128)))
        at = at or self.tick()
        for name, (form, *_) in FIELDS[kind].items():
            if form == "time" and one[name] is None:
                one[name] = at
        if kind == "Employees" and one["Number"] is None:
            one["Number"] = max([row["Number"] for row in self.all[kind].values()], default=0) + 1
        self.all[kind][str(one["Id"]).lower()] = one
        return one

    def create(self, kind, within, said):
        made = check(kind, said, True) | within
        if kind == "Employees":
            self.resolve(made)
            made.setdefault("HiredDate", None)
        whole = blank(kind) | made
        self.sound(kind, whole, None)
        one = self.store(kind, made)
        self.writes.append({"kind": kind, "Id": one["Id"], "op": "create"})
        return one

    def resolve(self, made):
        """Codes and numbers become ids; the id wins."""
        for name, kind, field in (("DepartmentCode", "Departments", "Code"), ("LocationCode", "Locations", "Code"),
                                  ("ManagerEmployeeNo", "Employees", "Number")):
            wanted = made.pop(name, None)
            target = {"ManagerEmployeeNo": "ManagerEmployeeId"}.get(name, name.replace("Code", "Id"))
            if wanted is None or made.get(target) is not None:
                continue
            found = [row["Id"] for row in self.all[kind].values() if row[field] == wanted]
            if not found:
                raise invalid("Employees", f"{name} {wanted} is not known")
            made[target] = found[0]

    def sound(self, kind, one, before):
        """The rules that hold for a whole object."""
        if kind == "Employees":
            for name in ("Number", "ExternalImportReference"):
                if one[name] is not None and any(row[name] == one[name] and row is not before
                                                 for row in self.all[kind].values()):
                    raise Problem(409, "Employee conflict", f"{name} {one[name]} is taken")
            for name, other in (("DepartmentId", "Departments"), ("LocationId", "Locations"),
                                ("ManagerEmployeeId", "Employees")):
                if one[name] is not None and str(one[name]) not in self.all[other]:
                    raise invalid(kind, f"{name} {one[name]} is not known")
        if kind == "Employments":
            if one["EndDate"] and not one["EndDateReason"]:
                raise invalid(kind, "EndDateReason is needed with EndDate")
            if str(one["EnterpriseId"]) not in self.all["Enterprises"]:
                raise invalid(kind, f"EnterpriseId {one['EnterpriseId']} is not known")
            if not one["ProfessionCode"].isdigit() or len(one["ProfessionCode"]) != 7:
                raise invalid(kind, "ProfessionCode has 7 digits")
        if one.get("EndDate") and one.get("StartDate") and one["EndDate"] < one["StartDate"]:
            raise invalid(kind, "EndDate is before StartDate")
        for name in ("FtePercentage", "LeavePercentage", "LayoffPercentage"):
            if name in one and not 0 <= one[name] <= 100:
                raise invalid(kind, f"{name} is not between 0 and 100")

    def patch(self, kind, one, operations):
        made = patched(kind, one, operations)
        changed = {name: value for name, value in made.items() if value != one[name]}
        check(kind, changed, False)
        self.sound(kind, made, one)
        self.writes.append({"kind": kind, "Id": one["Id"], "op": "patch", "fields": sorted(changed)})
        self.change(one, changed)

    def change(self, one, changed, at=None):
        one.update(changed)
        if set(changed) - SEPARATE:
            one["LastChangedDateTimeOffset"] = at or self.tick()

    def delete(self, kind, one, forced=False):
        lines = [row for row in self.all[kind].values() if row.get("EmploymentId") == one.get("EmploymentId")]
        if not forced and kind in ("Salaries", "FtePercentages") and len(lines) == 1:
            raise Problem(409, "Employment conflict error(s)", f"the last of {kind} cannot be deleted")
        if not forced and kind == "Employments" and one["EndedAndReported"]:
            raise Problem(409, "Employment conflict error(s)", "it has been reported")
        hangs = [(other, row) for other in self.all for row in self.all[other].values()
                 if kind == "Employees" and other == "Employments" and row["EmployeeId"] == one["Id"]
                 or kind == "Employments" and row.get("EmploymentId") == one["Id"]]
        if hangs and not forced and kind == "Employees":
            raise Problem(409, "Employee conflict", "the employee is in use")
        for other, row in hangs:
            if str(row["Id"]).lower() in self.all[other]:
                self.delete(other, row, True)
        del self.all[kind][str(one["Id"]).lower()]
        if not forced:
            self.writes.append({"kind": kind, "Id": one["Id"], "op": "delete"})

    # The test's.

    def by_hand(self, said):
        kind, at = said["list"], int(said.get("ticks", 0))
        if kind not in self.all:
            return f"no list is called {kind}"
        if "create" in said:
            made = said["create"]
            self.store(kind, json.loads(made) if isinstance(made, str) else made, at)
            return None
        one = self.all[kind].get(str(said["Id"]).lower())
        if one is None:
            return f"there is no {kind} {said['Id']}"
        if said.get("delete"):
            self.delete(kind, one, True)
        else:
            self.change(one, said.get("set", {}), at)
        return None

    def populate(self, count, seed):
        """So many employees, most with one employment, some with two or none, and what hangs on them."""
        chance = random.Random(seed)
        for nth in range(count):
            number = 1001 + len(self.all["Employees"])
            first, last = FIRST[nth % len(FIRST)], LAST[nth // len(FIRST) % len(LAST)]
            employee = self.store("Employees", {
                "Number": number, "ExternalNumber": number + 50000, "ExternalImportReference": f"ref-{number}",
                "FirstName": first, "LastName": last, "EmailAddress": f"e{number}@client.example",
                "PhoneNumber": f"+47 400 {number:05}", "DateOfBirth": f"{1960 + nth % 40}-02-{nth % 28 + 1:02}",
                "Gender": ["Male", "Female", "Hidden"][nth % 3], "NationalIdNumber": f"{number:011}",
                "JobTitle": "Medarbeider", "HiredDate": "2020-01-01", "StartDate": "2020-01-01",
                "DepartmentId": 10 + nth % 2, "LocationId": 20, "ManagerEmployeeId": self.manager(nth),
                "MailAddress": {"AddressLine1": f"Storgata {nth + 1}", "City": "Oslo", "ZipCode": "0155",
                                "CountryCode": "NO"}})
            for way in range(chance.choice([1, 1, 1, 1, 2, 0])):
                self.employ(employee, way, chance)

    def manager(self, nth):
        return next(iter(self.all["Employees"].values()))["Id"] if nth > 0 and self.all["Employees"] else None

    def employ(self, employee, way, chance):
        one = self.store("Employments", {
            "EmployeeId": employee["Id"], "EnterpriseId": 1 + way, "EmploymentForm": ["Permanent", "Temporary"][way],
            "EmploymentType": "Ordinary", "EmploymentSpecification": "None", "IsDefault": way == 0,
            "StartDate": f"202{way}-01-01", "FullTimeHoursPerWeek": 37.5, "ProfessionCode": "5223101",
            "ProfessionTitle": "BUTIKKMEDARBEIDER", "WorkingHoursArrangement": "NonShift", "TaxRule": "Ordinary",
            "EndedAndReported": False})
        hangs = {"EmployeeId": employee["Id"], "EmploymentId": one["Id"]}
        self.store("Salaries", hangs | {"FromDate": one["StartDate"], "RemunerationType": "FixedWage",
                                        "AnnualSalary": 480000.5 + 1000 * way})
        self.store("FtePercentages", hangs | {"FromDate": one["StartDate"], "FtePercentage": 50 if way else 100})
        if chance.random() < 0.2:
            self.store("FixedSalaries", hangs | {"PayItemId": str(uuid.UUID(int=42)), "Amount": 1500, "IsActive": True,
                                                 "FromDate": "2024-01-01"})
        if chance.random() < 0.2:
            self.store("Leaves", hangs | {"StartDate": "2026-01-05", "EndDate": "2026-12-31", "LeavePercentage": 100,
                                          "TypeOfLeave": "Maternity"})
        if chance.random() < 0.1:
            self.store("Layoffs", hangs | {"StartDate": "2026-02-01", "LayoffPercentage": 50})

    def state(self):
        return {kind: list(rows.values()) for kind, rows in self.all.items()} | {
            "privileges": self.privileges, "writes": self.writes}


def in_range(value, part):
    """One of a comma list: 100, 100-200, 500-; or a code."""
    first, dash, last = part.partition("-")
    if isinstance(value, int) and dash and first.isdigit():
        return int(first) <= value and (not last or value <= int(last))
    return value is not None and str(value) == part


DEFAULT = {
    "Enterprises": [{"Id": 1, "EnterpriseNo": "987654321", "Name": "Klient Oslo", "IsDefault": True},
                    {"Id": 2, "EnterpriseNo": "987654322", "Name": "Klient Bergen", "IsDefault": False}],
    "Departments": [{"Id": 10, "Code": "10", "Name": "Butikk", "IsActive": True},
                    {"Id": 11, "Code": "11", "Name": "Lager", "IsActive": True}],
    "Locations": [{"Id": 20, "Code": "OSL", "Name": "Oslo", "IsActive": True}],
}
