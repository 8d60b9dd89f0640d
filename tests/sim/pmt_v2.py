"""pmt_v2 - PMT's interface of its own screens (api/v2): employees, shifts, and the whole life of an exchange of shifts.

Paths, headers, envelope and filters were seen in clients; most names within rows were not, see README.md."""
import json
import re

from simulator import Refused, Reply, only

STAMP = "%Y-%m-%d %H:%M:%S"
OPERATORS = {"eq": lambda a, b: a == b, "neq": lambda a, b: a != b, "gt": lambda a, b: a > b,
             "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}
# What a reply makes of a request: from which states, who says it, and what it is then.
MOVES = {"accept": ({"open"}, "substitute", "accepted"), "decline": ({"open", "accepted"}, "substitute", "declined"),
         "approve": ({"accepted"}, "manager", "approved"), "reject": ({"open", "accepted"}, "manager", "rejected"),
         "withdraw": ({"open", "accepted"}, "requester", "withdrawn")}


class Problem(Refused):
    """`code` is the HTTP status; `what` the vendor's own code, `text` its sentence."""

    def __init__(self, status, code, text):
        super().__init__(status, code)
        self.text = text

    def body(self):
        return {"result": [{"code": self.what, "message": self.text}]}


def answer(simulator, store, request, words):
    """`store`: the one whose address was called, or None."""
    if request.headers.get("x-api-context") != simulator.settings["context_key"]:
        raise Problem(403, "context", "The application is not known")
    if words == ["pmtLoginSso"]:
        return log_in(simulator, store, request)
    if store is None:
        raise Problem(404, "not_found", "There is no such environment")
    token = request.headers.get("x-api-user")
    user = store.logged_in(token) if token else None
    if user is None:
        raise Problem(401, "unauthorized", "Log in again" if token else "Log in first")
    return Caller(simulator, store, user, request).go(words)


def log_in(simulator, store, request):
    store = store or simulator.stores.get(request.parameter("subdomain") or "")
    if request.method != "POST" or store is None or request.parameter("subdomain") != store.slug:
        raise Problem(404, "not_found", "There is no such environment")
    said = document(request)
    if not isinstance(said.get("browser_info"), dict):
        raise Problem(400, "browser_info", "browser_info is missing")
    user, token = store.log_in(str(said.get("username")), said.get("password"))
    if user is None:
        raise Problem(401, "credentials", "Incorrect username or password.")
    return Reply(200, {"result": {"user_token": token, "account_id": int(user["id"]), "store_id": store.id}},
                 operation="login")


class Caller:
    """A request of somebody who is logged in."""

    def __init__(self, simulator, store, user, request):
        self.simulator, self.store, self.user, self.request = simulator, store, user, request
        self.manager = user["rolename"] == "admin"

    def go(self, words):
        lists = {
            "me": self.me, "employees": self.employees, "departments": self.departments, "contracts": self.contracts,
            "employeeDepartments": self.employee_departments, "shifts": self.shifts, "schedules": self.schedules,
            "timeRegistrations": lambda: [], "competences": lambda: [], "scheduleSubstituteRequests": self.requests,
        }
        method = self.request.method
        if words == ["scheduleSubstituteRequests"] and method == "POST":
            return self.reply(self.ask(), "ask", 201)
        if len(words) == 2 and words[0] == "scheduleSubstituteRequests" and method == "PATCH":
            return self.reply(self.answered(words[1]), "answer")
        if method != "GET":
            raise Problem(405, "method", "Method not allowed")
        if words[0] == "shifts" and words[2:] == ["scheduleSubstituteRequests", "suggestedSubstitutes"]:
            return self.listed(self.suggested(self.shift(words[1])), set(), "suggested")
        if words == ["stores", str(self.store.id), "employees"]:
            return self.listed(self.employees(), {"week", "exchange"}, "employees")
        if len(words) != 1 or words[0] not in lists:
            raise Problem(404, "not_found", "There is no such resource")
        rows = lists[words[0]]()
        return self.reply(rows, "me") if words == ["me"] else self.listed(rows, KNOWN[words[0]], words[0])

    # What there is.

    def me(self):
        user = self.user
        blank = ("gender", "initials", "date_of_employment", "historical_date_of_employment", "street_name",
                 "address_number", "zipcode", "city", "country")
        names = ("username", "first_name", "last_name", "rolename", "date_of_birth", "email", "home_phone_number",
                 "cell_phone_number")
        return {name: user[name] for name in names} | {"full_name": full(user), "account_id": int(user["id"])} | {
            name: None for name in blank}

    def employees(self):
        more = self.simulator.settings["employee_more"]
        return [self.employee(user, more) for user in self.store.users.values()]

    def employee(self, user, more):
        return named(user) | {
            "account_id": int(user["id"]), "personnel_number": user["personnel_number"],
            "departments": [{"id": int(one)} for one in self.store.works_in(user)],
            "default_department_id": int(user["department"]) if user["department"] else None,
            "store_id": self.store.id, "active": user["active"], **{name: user[name] for name in more}}

    def departments(self):
        return [{"id": int(one), "department_name": name, "department_shortcode": code}
                for one, name, code in self.store.departments.values()]

    def employee_departments(self):
        return [{"account_id": int(user["id"]), "department_id": int(one)} for user in self.store.users.values()
                for one in self.store.works_in(user)]

    def contracts(self):
        return [{"account_id": int(user["id"]), "max_contract_hours": user["max_contract_hours"]}
                for user in self.store.users.values()]

    def shifts(self):
        return [{"id": int(one), "schedule_id": int(one) + SCHEDULE, "shift_instance_id": int(one),
                 "account_id": int(shift["user"]), "department_id": int(shift["department"] or 0),
                 "date": shift["begin"].date().isoformat(), "schedule_time_from": shift["begin"].strftime(STAMP),
                 "schedule_time_to": shift["end"].strftime(STAMP), "break": shift["break"], "status": "published",
                 "type": "normal"} for one, shift in self.store.shifts.items()]

    def schedules(self):
        first, last = self.request.parameter("from_date") or "", self.request.parameter("to_date") or "9999"
        return [{**row, "id": row["schedule_id"]} for row in self.shifts() if first <= row["date"] <= last]

    # An exchange: a row for each colleague who is asked.

    def requests(self):
        mine = int(self.user["id"])
        return [self.told(row) for row in self.store.requests.values()
                if self.manager or mine in (row["requester_id"], row["substitute_id"])]

    def told(self, row):
        return row | {"status": self.simulator.settings["statuses"].get(row["status"], row["status"])}

    def shift(self, one):
        shift = self.store.shifts.get(str(one))
        if shift is None:
            raise Problem(404, "not_found", "Shift not found")
        return shift

    def suggested(self, shift):
        rows = []
        for user in self.store.colleagues(shift):
            reasons = self.store.why_not(user, shift)
            if ("department" not in dict(reasons)):
                rows.append(named(user) | {"account_id": int(user["id"]), "suitable": not reasons, "reasons": [
                    {"code": code, "message": text} for code, text in reasons]})
        return rows

    def ask(self):
        said = document(self.request)
        shift = self.shift(said.get("shift_instance_id"))
        wanted = said.get("account_ids")
        if not isinstance(wanted, list) or not wanted:
            raise Problem(400, "account_ids", "Nobody is asked")
        if shift["user"] != self.user["id"] and not self.manager:
            raise Problem(403, "not_yours", "The shift is somebody else's")
        if self.store.begun(shift):
            raise Problem(409, "shift_started", "The shift has begun")
        fit = {row["account_id"]: row for row in self.suggested(shift)}
        for one in wanted:
            if one not in fit or not fit[one]["suitable"]:
                raise Problem(400, "not_suitable", f"{one} cannot take over this shift")
            if any(row["substitute_id"] == one and row["shift_instance_id"] == int(shift["id"])
                   and row["status"] in ("open", "accepted") for row in self.store.requests.values()):
                raise Problem(409, "asked_already", f"{one} has been asked")
        return [self.told(self.made(shift, one, said.get("remark"))) for one in wanted]

    def made(self, shift, one, remark):
        number, owner = self.store.number("request"), self.store.users[shift["user"]]
        self.store.requests[number] = row = {
            "id": int(number), "schedule_id": int(shift["id"]) + SCHEDULE, "shift_instance_id": int(shift["id"]),
            "schedule_time_from": shift["begin"].strftime(STAMP), "schedule_time_to": shift["end"].strftime(STAMP),
            "requester_id": int(owner["id"]), "requester_name": full(owner), "substitute_id": one,
            "substitute_name": full(self.store.users[str(one)]), "status": "open", "remark": remark}
        return row

    def answered(self, number):
        row = self.store.requests.get(number)
        if row is None:
            raise Problem(404, "not_found", "There is no such request")
        said = document(self.request).get("reply")
        act = next((act for act, word in self.simulator.settings["replies"].items() if word == said), None)
        if act is None:
            raise Problem(400, "reply", "reply is none of " + ", ".join(self.simulator.settings["replies"].values()))
        states, who, then = MOVES[act]
        if not (self.manager if who == "manager" else row[f"{who}_id"] == int(self.user["id"])):
            raise Problem(403, "not_yours", f"Only the {who} may {act}")
        if row["status"] not in states:
            raise Problem(409, "state", f"The request is {row['status']}")
        if act in ("accept", "approve"):
            self.hand_over(row, act)
        row["status"] = then
        return self.told(row)

    def hand_over(self, row, act):
        shift = self.shift(row["shift_instance_id"])
        if self.store.begun(shift):
            raise Problem(409, "shift_started", "The shift has begun")
        if shift["user"] != str(row["requester_id"]) or self.store.why_not(self.store.users[str(row["substitute_id"])],
                                                                           shift):
            raise Problem(409, "not_suitable", "The shift cannot be taken over any more")
        if act == "approve":
            shift["user"] = str(row["substitute_id"])
            for other in self.store.requests.values():
                if other is not row and other["shift_instance_id"] == row["shift_instance_id"] and (
                        other["status"] in ("open", "accepted")):
                    other["status"] = "withdrawn"

    # What is answered.

    def listed(self, rows, known, operation):
        """A page of those that the filters let through."""
        query = {name: values[-1] for name, values in self.request.query.items()}
        page, size = whole(query.pop("page", "1"), 1 << 30), whole(query.pop("limit", "1000"), 10000)
        for name, text in query.items():
            field, _, operator = name.partition("[")
            operator = operator.rstrip("]") or "eq"
            if field not in known or operator not in OPERATORS:
                raise Problem(400, "parameter", f"{name} is no parameter of this list")
            if field == "week" and not only("[0-9]{4}-[0-9]{2}", text):
                raise Problem(400, "parameter", f"{text} is no week")
            rows = [row for row in rows if passes(row, field, operator, text)]
        part = rows[(page - 1) * size: page * size]
        more = page + 1 if page * size < len(rows) else None
        return Reply(200, {"result": part, "metaData": {"pagination": {"next": more}}}, operation=operation,
                     told={"page": page, "rows": len(part)})

    @staticmethod
    def reply(result, operation, status=200):
        return Reply(status, {"result": result, "metaData": {"pagination": {"next": None}}}, operation=operation)


SCHEDULE = 5000000  # what a schedule's id is behind its shift's
KNOWN = {"me": set(), "employees": {"account_id", "date", "active"}, "departments": {"date"},
         "employeeDepartments": {"account_id", "date"}, "contracts": {"account_id", "date"},
         "shifts": {"account_id", "date", "status", "type", "department_id"},
         "schedules": {"account_id", "from_date", "to_date"}, "timeRegistrations": {"date"}, "competences": set(),
         "scheduleSubstituteRequests": {"status", "requester_id", "substitute_id", "shift_instance_id"}}


def passes(row, field, operator, text):
    """What a row does not have (a day, of an employee) lets it through."""
    if field not in row:
        return True
    value = row[field]
    value = str(value).lower() if isinstance(value, bool) else str(value)
    return OPERATORS[operator](value, {"1": "true", "0": "false"}.get(text, text) if field == "active" else text)


def whole(text, most):
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise Problem(400, "parameter", f"{text} is not between 1 and {most}")
    return int(text)


def document(request):
    try:
        said = json.loads(request.body) if request.content_type() == "application/json" else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Problem(400, "body", "This is no JSON object")
    return said


def full(user):
    return " ".join(part for part in (user["first_name"], user["last_name"]) if part)


def named(user):
    """The words in front of a Dutch name by themselves: "van den" Berg."""
    middle = re.match("(?:(?:van|den|de|der|'t|El) )*", user["last_name"])[0]
    return {"employee_first_name": user["first_name"], "employee_middle_name": middle.strip(),
            "employee_last_name": user["last_name"][len(middle):]}
