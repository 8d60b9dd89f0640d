"""pmt_store - one store of PMT: its departments, people, shifts and who is logged in, and what its screens do."""
import datetime
import random
import secrets
import zoneinfo

ZONE = zoneinfo.ZoneInfo("Europe/Amsterdam")
USER = ("id", "username", "email", "department", "first_name", "last_name", "cell_phone_number", "home_phone_number",
        "date_of_birth", "rolename", "scope", "active")
DEPARTMENTS = [("14", "Kassa", "KAS"), ("15", "Aardappelen, groente en fruit", "AGF"), ("16", "Vulploeg", "VUL"),
               ("17", "Brood", "BRD")]
FIRST = ["Anouk", "Bram", "Daan", "Eva", "Fenna", "Joris", "Lieke", "Noor", "Sem", "Zoë", "Youssef", "Maryam"]
LAST = ["de Vries", "Jansen", "van den Berg", "Bakker", "El Idrissi", "Visser", "'t Hart", "Smit", "Öztürk"]
SHIFT_TIME = "%d-%m-%Y %H:%M:%S"


class Store:
    def __init__(self, simulator, chain, number, said):
        self.simulator, self.chain = simulator, chain
        self.id = int(said.get("id", number))
        self.name = said.get("name", f"{chain} {self.id}")
        self.slug = said.get("slug", slug(self.name))
        self.address = said.get("address", f"Dorpsstraat {self.id}")
        self.zip, self.city = said.get("zip", f"{1000 + self.id % 9000} AB"), said.get("city", "Ons Dorp")
        self.url = said.get("url")  # another one than the simulator's own
        self.departments = {str(row[0]): tuple(row) for row in said.get("departments", DEPARTMENTS)}
        self.users, self.shifts, self.tokens, self.requests = {}, {}, {}, {}
        # Ids start again in every store: only together with the store they name somebody.
        self.next = {"user": 1048789, "shift": 27362216, "request": 501}
        self.listed = True  # in the chain's list of stores
        for row in said.get("users", []):
            self.add(row)
        self.populate(int(said.get("people", 0)), self.id)
        for row in said.get("shifts", []):
            self.plan(row)

    def number(self, what):
        self.next[what] += 1
        return str(self.next[what] - 1)

    # People.

    def add(self, said):
        """Somebody with what `said` has of the fields; all others as the screens fill them in."""
        unknown = set(said) - set(USER) - {"personnel_number", "max_contract_hours"}
        if unknown:
            raise ValueError(f"a user has no {', '.join(sorted(unknown))}")
        one = str(said.get("id") or self.number("user"))
        department = said.get("department", next(iter(self.departments)))
        user = {"id": one, "username": f"user{one}", "email": f"user{one}@{self.slug}.example",
                "department": department, "first_name": "", "last_name": "Doe", "cell_phone_number": "",
                "home_phone_number": "", "date_of_birth": "1970-01-01", "rolename": "Medewerker",
                "scope": [{"department": department}] if department else None, "active": True,
                "personnel_number": one[-5:], "max_contract_hours": 38}
        self.users[one] = user | said | {"id": one}
        return one

    def populate(self, count, seed):
        """So many people; from the fourth on some are as the recorded answers have them."""
        chance, codes = random.Random(seed), list(self.departments)
        for nth in range(count):
            one = self.number("user")
            department = chance.choice(codes)
            said = {"id": one, "first_name": FIRST[nth % len(FIRST)], "last_name": chance.choice(LAST),
                    "username": f"{FIRST[nth % len(FIRST)].lower()}.{one}", "email": f"u{one}@{self.slug}.example",
                    "department": department, "cell_phone_number": f"6{chance.randrange(10 ** 8):08}",
                    "date_of_birth": f"{chance.randrange(1965, 2006)}-{nth % 12 + 1:02}-{nth % 28 + 1:02}"}
            self.add(said | self.odd(nth % 20, said))

    def odd(self, nth, said):
        before = self.users.get(str(int(said["id"]) - 1), {})
        return {0: {"rolename": "admin"}, 3: {"scope": None}, 4: {"scope": None, "department": None},
                5: {"first_name": ""}, 6: {"date_of_birth": "0000-00-00"}, 7: {"email": before.get("email", "")},
                8: {"active": False}, 9: {"cell_phone_number": "0" + said["cell_phone_number"]},
                10: {"scope": [{"department": code} for code in self.departments]},
                11: {"date_of_birth": "2009-05-17"}, 12: {"home_phone_number": "0201234567"}}.get(nth, {})

    def shown(self, user):
        return {name: user[name] for name in USER}

    def works_in(self, user):
        """The departments that somebody works in."""
        if user["scope"] is not None:
            return [part["department"] for part in user["scope"]]
        return [user["department"]] if user["department"] else []

    # Who is logged in.

    def log_in(self, username, password):
        """A new token, or None."""
        wanted = self.simulator.settings["password"].replace("{username}", username)
        user = next((user for user in self.users.values() if user["username"] == username), None)
        if user is None or not user["active"] or password != wanted:
            return None, None
        token, life = secrets.token_hex(20), self.simulator.settings["token_seconds"]
        self.tokens[token] = (user["id"], self.simulator.now() + life if life else None)
        return user, token

    def logged_in(self, token):
        """Who has that token; None: it is not known, or its time is over."""
        one, until = self.tokens.get(token, (None, None))
        if until is not None and until <= self.simulator.now():
            return None
        return self.users.get(one)

    # Shifts. Times are local: what a clock on the store's wall says.

    def plan(self, said):
        """{"user", "day": "2016-09-13", "from": "10:00", "to": "21:00"}; more: department, break, id."""
        user = self.users[str(said["user"])]
        one = str(said.get("id") or self.number("shift"))
        begin = datetime.datetime.fromisoformat(f"{said['day']} {said['from']}")
        end = datetime.datetime.fromisoformat(f"{said['day']} {said['to']}")
        if end <= begin:
            end += datetime.timedelta(days=1)
        self.shifts[one] = {
            "id": one, "user": user["id"], "begin": begin, "end": end, "break": said.get("break", "00:00:00"),
            "department": str(said.get("department") or (self.works_in(user) or [""])[0]),
            "interested": [], "not_interested": []}
        return one

    def shift_shown(self, shift):
        return {"id": shift["id"], "start_time": shift["begin"].strftime(SHIFT_TIME),
                "end_time": shift["end"].strftime(SHIFT_TIME), "break": shift["break"],
                "department": shift["department"], "store": None}

    def shifts_between(self, first, last, user=None):
        """Those that begin on these days, the last one included."""
        found = [shift for shift in self.shifts.values() if first <= shift["begin"].date() <= last
                 and (user is None or shift["user"] == user["id"])]
        return sorted(found, key=lambda shift: (shift["begin"], shift["id"]))

    def today(self):
        return datetime.datetime.fromtimestamp(self.simulator.now(), ZONE)

    def begun(self, shift):
        return shift["begin"].replace(tzinfo=ZONE) <= self.today()

    def why_not(self, user, shift):
        """[(code, sentence)]: what stands against somebody taking over a shift; the rules can be switched off."""
        if shift["department"] and shift["department"] not in self.works_in(user):
            return [("department", "Werkt niet op deze afdeling")]
        if not self.simulator.settings["rules"]:
            return []
        reasons = []
        if any(one["user"] == user["id"] and one["begin"] < shift["end"] and shift["begin"] < one["end"]
               for one in self.shifts.values()):
            reasons.append(("scheduled", "Is op dat moment al ingepland"))
        seven = shift["begin"].replace(hour=19, minute=0, second=0)
        if minor(user["date_of_birth"], shift["begin"].date()) and shift["end"] > seven:
            reasons.append(("minor_after_19", "Jonger dan 18 en de dienst eindigt na 19:00"))
        hours = (shift["end"] - shift["begin"]).total_seconds() / 3600
        if self.hours(user, shift["begin"]) + hours > user["max_contract_hours"]:
            reasons.append(("contract_hours", "Meer uren dan het contract toelaat"))
        return reasons

    def hours(self, user, when):
        """Planned in that week."""
        week = when.isocalendar()[:2]
        return sum((one["end"] - one["begin"]).total_seconds() / 3600 for one in self.shifts.values()
                   if one["user"] == user["id"] and one["begin"].isocalendar()[:2] == week)

    def colleagues(self, shift):
        return [user for user in self.users.values() if user["active"] and user["id"] != shift["user"]]

    # The test's.

    def by_hand(self, said):
        if "shift" in said:
            return self.shift_by_hand(said)
        if said.get("create"):
            self.add(said.get("set", {}) | ({"id": said["id"]} if "id" in said else {}))
            return None
        user = self.users.get(str(said.get("id")))
        if user is None:
            return f"{self.name} has no user {said.get('id')}"
        if said.get("delete"):
            self.leave(user)
        elif "out" in said:
            user["active"] = not said["out"]
        elif said.get("reset_token"):
            self.tokens = {token: held for token, held in self.tokens.items() if held[0] != user["id"]}
        else:
            user.update(said["set"])
        return None

    def leave(self, user):
        del self.users[user["id"]]
        self.tokens = {token: held for token, held in self.tokens.items() if held[0] != user["id"]}

    def shift_by_hand(self, said):
        if said.get("create"):
            self.plan(said["set"])
            return None
        shift = self.shifts.get(str(said["shift"]))
        if shift is None:
            return f"{self.name} has no shift {said['shift']}"
        if said.get("delete"):
            del self.shifts[shift["id"]]
        else:
            self.plan({"user": shift["user"], "day": shift["begin"].date().isoformat(), "break": shift["break"],
                       "from": shift["begin"].time().isoformat(), "to": shift["end"].time().isoformat(),
                       "department": shift["department"], **said["set"], "id": shift["id"]})
        return None

    def state(self):
        shifts = {one: self.shift_shown(shift) | {"user": shift["user"], "interested": shift["interested"],
                                                  "not_interested": shift["not_interested"]}
                  for one, shift in self.shifts.items()}
        return {"id": self.id, "name": self.name, "chain": self.chain, "users": self.users, "shifts": shifts,
                "requests": self.requests, "logged_in": sorted(held[0] for held in self.tokens.values())}


def slug(name):
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())


def minor(born, day):
    try:
        born = datetime.date.fromisoformat(born)
    except (TypeError, ValueError):
        return False
    return (day.year - born.year) - ((day.month, day.day) < (born.month, born.day)) < 18
