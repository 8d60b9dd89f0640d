"""reference - what an organization's store must hold, worked out anew in the plainest way from what the documents say.

It knows of one store: the records that sources have given, what people have stated, and, for each person (the program
says which records are one person; check.py judges that apart), the golden values. Nothing here looks at how the engine
does it. Days are numbers of days since 1970, instants milliseconds since then.
"""
import dataclasses
import datetime
import zoneinfo

DAY = 86_400_000
FIELDS = (
    "employee_number", "given_name", "family_name", "work_email", "mobile_phone", "date_of_birth", "status",
    "hired_on", "terminated_on", "site_number",
)  # fmt: skip
# Column of a source, field, what is done with the text, what an empty or null cell means.
COLUMNS = {
    "Number": ("employee_number", "text", "keep"),
    "First": ("given_name", "text", "keep"),
    "Last": ("family_name", "text", "clear"),
    "Mail": ("work_email", "lower", "keep"),
    "Phone": ("mobile_phone", "digits", "clear"),
    "Born": ("date_of_birth", "date", "keep"),
    "Status": ("status", "table", "keep"),
    "Start": ("hired_on", "date", "keep"),
    "End": ("terminated_on", "date", "clear"),
    "Site": ("site_number", "text", "clear"),
}
STATUS = {"A": "active", "V": "on_leave", "L": "terminated"}
CLEARED = "(cleared)"
UNREAD = "(not understood)"


def day_of(ms, zone):
    moment = datetime.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone))
    return moment.date()


def date(text):
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def transformed(how, text):
    """The value, or None and a reason code."""
    text = text.strip()
    if how == "lower":
        return text.lower(), None
    if how == "digits":
        return "".join(c for c in text if c.isdigit()), None
    if how == "date":
        return (text, None) if date(text) else (None, "bad_date")
    if how == "table":
        return (STATUS[text], None) if text in STATUS else (None, "unknown_value")
    return text, None


@dataclasses.dataclass
class Record:
    """One record of a source: what it said last, field by field; a field that was never said is not there."""

    name: str
    connection: str
    order: int  # in which records were first seen
    said: dict
    state: str = "present"  # present, missing (within the grace), gone
    since: int = 0

    def copy(self):
        return dataclasses.replace(self, said=dict(self.said))


@dataclasses.dataclass
class Statement:
    type: str  # pin, approve, reject; others only as muster names them
    record: str = ""  # a pin's: the oldest record of the person
    field: str = ""
    value: str = ""
    reason: str = ""  # of a hold
    until: int = None  # None: for good
    agrees: bool = False  # ends when the sources say the same


class Reference:
    def __init__(self, config):
        self.config = config
        self.records = {}
        self.waits = {}  # (connection, partition) → set of (type, record, reason)
        self.quiet = {}  # the same, of what somebody has rejected: it waits again when that does not stand any more
        self.statements = {}  # number → Statement of a person's that stands
        self.now = 0
        self.orders = 0

    def connection(self, name):
        return next(one for one in self.config["connections"] if one["name"] == name)

    def grace(self, connection):
        if connection.get("grace") is not None:
            return connection["grace"]
        return DAY if len(connection["partitions"]) > 1 else 0

    # --- what a source says ---

    def sync(self, step):
        """Takes what a sync of one connection brings. Which partitions ended how: {name: claim or "failed"}."""
        self.now = step["now"]
        connection = self.connection(step["connection"])
        ended = {}
        for name, pull in step["pulls"].items():
            ended[name] = self.pull(connection, name, pull)
        self.ask_again()
        return ended

    def pull(self, connection, partition, pull):
        if pull["end"] == "fail":
            return "failed"
        key = connection["key"]
        if key not in pull["columns"] and (pull["form"] == "table" or pull["rows"]):
            if pull["form"] == "table":
                return "failed"  # without its key nothing is read
        rows, waits, without_id = {}, set(), 0
        twice, quiet = set(), self.quiet.setdefault((connection["name"], partition), set())
        for row in pull["rows"]:
            cells = dict(zip(pull["columns"], row))
            id = cells.get(key)
            if not isinstance(id, str) or not id.strip():
                without_id += 1
                waits.add(("d", f"{connection['name']}/{partition}/people", "empty_key"))
                continue
            id = id.strip()
            said, dead = self.meaning(connection, pull, cells)
            waits |= {("d", f"{connection['name']}/{partition}/people/{id}", reason) for reason in dead}
            if id in rows and self.heard(connection, pull, rows[id]) != self.heard(connection, pull, cells):
                twice.add(id)
            rows.setdefault(id, cells)
        prefix = f"{connection['name']}/{partition}/people/"
        for id in sorted(rows, key=lambda text: text.encode()):
            if id in twice:
                waits.add(("d", prefix + id, "duplicate_key"))
                continue
            self.take(connection, prefix + id, self.meaning(connection, pull, rows[id])[0])
        seen = {item for item in quiet if item[1].removeprefix(prefix) in rows}
        quiet.difference_update(seen if pull["end"] != "complete" else [*quiet])
        if pull["end"] == "complete":
            self.missing(connection, prefix, rows, without_id, waits, quiet)
        else:  # what waited because of who is missing waits on: nothing is known of that
            waits |= {item for item in self.waits.get((connection["name"], partition), set())
                      if item[1].removeprefix(prefix) not in rows}
        self.waits[connection["name"], partition] = waits
        return pull["end"]

    def heard(self, connection, pull, cells):
        """Field → a value; ["empty"], ["null"]; or ["dead", reason]. What is absent is not there."""
        heard = {}
        for column in connection["columns"]:
            field, how, _ = COLUMNS[column]
            cell = cells.get(column, ["absent"])
            if cell == ["absent"] and pull["form"] == "table" and column in cells:
                cell = ["empty"]
            if isinstance(cell, str):
                value, reason = transformed(how, cell)
                cell = ["dead", reason] if reason else value or ["empty"]
            if cell != ["absent"]:
                heard[field] = cell
        return heard

    def meaning(self, connection, pull, cells):
        """What a row says: {field: value or CLEARED}, and the dead letters in it as a set of reasons."""
        said, dead = {}, set()
        blanks = {field: blank for field, _, blank in COLUMNS.values()}
        for field, value in self.heard(connection, pull, cells).items():
            if isinstance(value, str):
                said[field] = value
            elif value[0] == "dead":
                dead.add(value[1])
                if field in ("status", "terminated_on"):
                    said[field] = UNREAD
            elif blanks[field] == "clear":
                said[field] = CLEARED
        return said, dead

    def take(self, connection, name, said):
        record = self.records.get(name)
        if not record:
            self.orders += 1
            record = self.records[name] = Record(name, connection["name"], self.orders, {}, "new")
        if record.state not in ("new", "gone"):  # what nobody understood leaves what is known of who is there
            said = {field: value for field, value in said.items()
                    if value != UNREAD or record.said.get(field) == UNREAD}
        record.said |= said  # what is absent, or kept, stays as it was said before
        if record.state != "present":
            record.state, record.since = "present", self.now

    def missing(self, connection, prefix, seen, without_id, waits, quiet):
        reason = "row_without_id" if without_id else "empty_partition" if not seen else None
        for name, record in self.records.items():
            if not name.startswith(prefix) or name.removeprefix(prefix) in seen or record.state == "gone":
                continue
            grace = self.grace(connection)
            if record.state == "missing" and self.now - record.since < grace:
                continue
            if reason and not self.stands("approve", name, reason):
                (quiet if self.stands("reject", name, reason) else waits).add(("h", name, reason))
            elif record.state == "present" and grace > 0:
                record.state, record.since = "missing", self.now
            else:
                record.state, record.since = "gone", self.now

    # --- what people state ---

    def standing(self):
        return {number: one for number, one in self.statements.items() if one.until is None or self.now < one.until}

    def stands(self, type, record, reason):
        return any((one.type, one.record, one.reason) == (type, record, reason) for one in self.standing().values())

    def pinned(self, names):
        """Field → value, for a person of these records; the latest word counts."""
        return {one.field: one.value for _, one in sorted(self.standing().items())
                if one.type == "pin" and one.record in names}

    def reject(self, name, reason):
        """Nobody is asked about it while that stands."""
        for place, waits in self.waits.items():
            if ("h", name, reason) in waits:
                waits.discard(("h", name, reason))
                self.quiet[place].add(("h", name, reason))

    def ask_again(self):
        """Whichever connection was read, and whatever was decided: the question was put off, not answered."""
        for place, quiet in self.quiet.items():
            lapsed = {item for item in quiet if not self.stands("reject", item[1], item[2])}
            quiet -= lapsed
            self.waits[place] |= lapsed

    def approve(self, name, reason):
        """A held removal is carried out."""
        record = self.records[name]
        waits = record.state == "present" and self.grace(self.connection(record.connection)) > 0
        record.state, record.since = "missing" if waits else "gone", self.now
        for waits in self.waits.values():
            waits.discard(("h", name, reason))

    # --- who is who ---

    def rules(self):
        return self.config["match"] or [["employee_number"]]

    def owner(self, name):
        who = self.config["authority"].get("exists")
        return not who or self.records[name].connection in who

    @staticmethod
    def key(rule, said):
        key = tuple(said.get(field, CLEARED).casefold() for field in rule)
        return None if CLEARED in key else key

    def matches(self, name, others, golden):
        """Whether some rule finds the record like one of the others, or like what was held to be true of them."""
        said = [self.records[other].said for other in others] + ([golden] if golden else [])
        return any(self.key(rule, self.records[name].said) in [self.key(rule, one) for one in said]
                   for rule in self.rules() if self.key(rule, self.records[name].said))

    def only_match(self, name, clusters, people):
        """The person whom the new record should have joined beyond doubt: the only one that any record or golden value
        puts under the key of the first rule that finds anybody, unchanged by this run, and of another partition."""
        record = self.records[name]
        for rule in self.rules():
            key = self.key(rule, record.said)
            if not key:
                continue
            found = {id for id, names in clusters.items()
                     if any(self.key(rule, said) == key for said in [self.records[other].said for other in names])
                     or self.key(rule, people[id]) == key}
            found |= {other for other, one in self.records.items() if other != name and self.key(rule, one.said) == key
                      and not any(other in names for names in clusters.values())}
            if not found:
                continue
            if len(found) > 1:
                return None
            id = found.pop()
            partition = name.rsplit("/", 2)[0]
            if id not in clusters or any(other.startswith(partition) for other in clusters[id]):
                return None
            now = self.golden(clusters[id])
            alike = [other for other in clusters[id] if self.records[other].state != "gone"
                     and self.key(rule, self.records[other].said) == key]
            return id if alike and self.key(rule, now) == self.key(rule, people[id]) == key else None
        return None

    # --- what is true of a person ---

    def authority(self, field):
        said = self.config["authority"]
        names = said.get(field) or said.get("default") or [one["name"] for one in self.config["connections"]]
        return {name: rank for rank, name in enumerate(names)}

    def exists(self, records):
        who = self.config["authority"].get("exists") or [one["name"] for one in self.config["connections"]]
        return any(record.state != "gone" and record.connection in who for record in records)

    def golden(self, names):
        """Field → value of the person whose records these are; a field without a value is not there."""
        records = [self.records[name] for name in names]
        found = {}
        for field in FIELDS:
            rank = self.authority(field)
            heard = [record for record in records if record.connection in rank
                     and record.said.get(field, UNREAD) != UNREAD]
            heard.sort(key=lambda record: (record.state == "gone", rank[record.connection],
                                           record.said.get("status") in ("inactive", "terminated"), record.order))
            if heard and heard[0].said[field] != CLEARED:
                found[field] = heard[0].said[field]
        pinned = self.pinned(names)
        unread = self.unread("status", records) or (
            "status" not in found and "terminated_on" not in pinned and self.unread("terminated_on", records))
        found["status"] = self.status(found | {field: value for field, value in pinned.items() if field != "status"},
                                      self.exists(records), unread)
        return {field: value for field, value in (found | pinned).items() if value}

    def unread(self, field, records):
        """Whether somebody said something of it that was not understood, and nobody says or knows better."""
        rank = self.authority(field)
        there = [record for record in records if record.state != "gone"]
        if any(record.connection in rank and record.said.get(field, UNREAD) != UNREAD for record in there):
            return False
        return any(record.connection in rank and record.said.get(field) == UNREAD
                   and not any(other.order < record.order and other.connection != record.connection
                               and other.said.get(field) != UNREAD and self.exists([other]) for other in there)
                   for record in there)

    def status(self, golden, exists, unread):
        today = day_of(self.now, self.config["time_zone"])
        left, hired = date(golden.get("terminated_on", "")), date(golden.get("hired_on", ""))
        said = golden.get("status", "active")
        if not exists:
            return "inactive"
        if left and left < today:
            return "terminated"
        if unread:
            return "inactive"
        if hired and hired > today:
            return "pending"
        return "active" if said == "terminated" and left else said
