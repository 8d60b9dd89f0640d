"""history - a random history: an organization's configuration, and what its sources say and its people decide, step by
step. A step is whole in itself (a sync has all that its source says), so that any of them can be left out."""
import random

from model.reference import COLUMNS, DAY

START = 1_772_433_000_000  # 2026-03-02T06:30Z
BASE = 20_514  # that day
FIRST = ["Ann", "Bo", "Cy", "Di"]
LAST = ["Lee", "Ray", "Fox"]


def iso(day):
    import datetime
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


class History:
    """Draws one history. `stage` says how much of the world takes part."""

    def __init__(self, seed, stage):
        self.random = random.Random(seed)
        self.seed, self.stage = seed, stage
        self.config = self.draw_config()
        self.lists = {}  # (connection, partition) → {id: {column: cell}}
        for connection in self.config["connections"]:
            for partition in connection["partitions"]:
                self.lists[connection["name"], partition] = {}
        self.now = START
        self.steps = []
        for _ in range(self.random.randint(3, 9)):
            self.now += self.random.choice([0, 60_000, 3_600_000 * 5, DAY // 2 + 7, DAY + 11, 3 * DAY + 13])
            self.steps.append(self.draw_step())

    def whole(self):
        return {"seed": self.seed, "config": self.config, "steps": self.steps}

    def chance(self, share):
        return self.random.random() < share

    # --- configuration ---

    def draw_config(self):
        pick = self.random
        count = 1 if self.stage < 2 else pick.choice([1, 2, 2, 3])
        connections = []
        for name in ("hr", "pay", "shop")[:count]:
            several = pick.random() < (0.3 if self.stage > 0 else 0)
            columns = [column for column in COLUMNS if column == "Number" or pick.random() < 0.8]
            own_key = name != "hr" and pick.random() < 0.5
            if own_key and pick.random() < 0.7:
                columns.remove("Number")
            connections.append({
                "name": name, "key": "Id" if own_key else "Number", "columns": columns,
                "partitions": ["p1", "p2"] if several else ["main"],
                "grace": pick.choice([None, None, 0, 2 * DAY]) if self.stage > 0 else None,
            })  # fmt: skip
        names = [connection["name"] for connection in connections]
        authority = {}
        if count > 1 and pick.random() < 0.5:
            authority["exists"] = pick.sample(names, pick.randint(1, count))
        if count > 1 and pick.random() < 0.5:
            authority["default"] = pick.sample(names, count)
        for field in ("work_email", "status", "site_number"):
            if count > 1 and pick.random() < 0.3:
                authority[field] = pick.sample(names, pick.randint(1, count))
        rules = [] if self.stage < 2 else pick.choice([
            [], [["employee_number"]], [["work_email"]], [["employee_number"], ["work_email", "family_name"]],
            [["given_name", "family_name", "date_of_birth"]],
        ])  # fmt: skip
        return {
            "time_zone": "Europe/Amsterdam", "connections": connections, "authority": authority, "match": rules,
            "within": pick.choice(["review", "same", "apart"]) if rules else "review",
        }  # fmt: skip

    # --- what sources say ---

    def draw_row(self, human, id, columns):
        pick = self.random
        row = {"Id": id, "Number": id}
        if "Number" in columns and not id.startswith("1"):
            row["Number"] = f"10{human}"
        row["First"] = FIRST[human % 4]
        row["Last"] = LAST[human % 3]
        row["Mail"] = f"M{human if pick.random() < 0.9 else human // 2}@X.example"
        row["Phone"] = pick.choice([["empty"], f"06-{human}{human}", ["null"]])
        row["Born"] = iso(5000 + human)
        row["Status"] = pick.choice(["A", "A", "V", "L", ["empty"]])
        row["Start"] = pick.choice([["empty"], iso(BASE + pick.randint(-3, 8))])
        row["End"] = pick.choice([["empty"], ["empty"], iso(BASE + pick.randint(-2, 12))])
        row["Site"] = pick.choice([["empty"], "S1", "S2"])
        return row

    def edit(self, connection, rows):
        """What really changes at a source."""
        pick = self.random
        for human in range(8):
            id = f"10{human}" if connection["key"] == "Number" else f"u{human}"
            if id not in rows and self.chance(0.3 if rows else 0.6):
                rows[id] = self.draw_row(human, id, connection["columns"])
            elif id in rows and self.chance(0.12):
                del rows[id]
            elif id in rows and self.chance(0.25):
                column = pick.choice([name for name in COLUMNS if name != "Number"])
                rows[id] = rows[id] | {column: self.draw_row(human, id, connection["columns"])[column]}
                if self.chance(0.3):
                    rows[id][column] = pick.choice([["empty"], ["null"], ["absent"]])
                elif column in ("Born", "Start", "End", "Status") and self.chance(0.2):
                    rows[id][column] = "nonsense"
                elif column in ("Last", "Mail") and self.chance(0.3):
                    rows[id][column] = pick.choice(["new", "other@x.example"])

    def draw_pull(self, connection, partition):
        """What it says of that: all of it, or a lie."""
        pick = self.random
        rows = self.lists[connection["name"], partition]
        if self.chance(0.85):
            self.edit(connection, rows)
        columns = [connection["key"], *(column for column in COLUMNS if column != connection["key"])]
        pull = {"form": connection.setdefault("form", pick.choice(["table", "object"])), "columns": columns,
                "end": "complete"}  # fmt: skip
        shown = [[row.get(column, ["absent"]) for column in columns] for row in rows.values()]
        pick.shuffle(shown)
        lie = pick.random()
        if lie < 0.04:
            pull["end"] = "fail"
        elif lie < 0.08:
            shown = []
        elif lie < 0.14:
            shown = shown[: len(shown) // 2]
            pull["end"] = pick.choice(["complete", "partial", "changes"])
        elif lie < 0.18 and shown:
            shown.append(list(pick.choice(shown)))
            shown[-1][pick.randrange(1, len(columns))] = pick.choice(["twice", ["empty"]])
        elif lie < 0.22 and shown:
            shown.append([["empty"], *shown[0][1:]])
        elif lie < 0.30:
            gone = pick.choice(columns if self.chance(0.15) else columns[1:])
            at = columns.index(gone)
            pull["columns"] = [column for column in columns if column != gone]
            shown = [row[:at] + row[at + 1 :] for row in shown]
        if pull["form"] == "table":
            shown = [[["empty"] if cell in (["absent"], ["null"]) else cell for cell in row] for row in shown]
        pull["rows"] = shown
        return pull

    def draw_act(self):
        """What somebody decides, of whom: by the name of a record, so that it says the same in a shorter history."""
        pick = self.random

        def record():
            connection = pick.choice(self.config["connections"])
            rows = self.lists[connection["name"], partition := pick.choice(connection["partitions"])]
            return f"{connection['name']}/{partition}/people/{pick.choice([*rows, '100'])}"

        verb = pick.choice(["link", "link", "unlink", "keep-apart", "pin", "pin", "pin", "unpin", "approve", "approve",
                            "reject", "withdraw", "withdraw"])  # fmt: skip
        step = {"do": "act", "verb": verb, "now": self.now, "nth": pick.randrange(100)}
        if verb in ("link", "unlink", "keep-apart", "pin", "unpin"):
            step["record"] = record()
        if verb in ("link", "keep-apart"):
            step["other"] = record()
        if verb in ("pin", "unpin"):
            step["field"] = pick.choice(["work_email", "family_name", "site_number", "status"])
        if verb == "pin":
            values = {"status": ["terminated", "on_leave", "active"]}.get(step["field"], ["", "P1", "P2", "S1"])
            step["value"] = pick.choice(values)
        if verb in ("pin", "reject"):
            step["until"] = pick.choice([None, iso(self.now // DAY + pick.randint(0, 4))])
        return step

    def draw_step(self):
        if self.stage > 2 and self.steps and self.chance(0.4):
            return self.draw_act()
        connection = self.random.choice(self.config["connections"])
        pulls = {name: self.draw_pull(connection, name) for name in connection["partitions"]}
        step = {"do": "sync", "now": self.now, "connection": connection["name"], "pulls": pulls}
        if self.stage > 0 and self.chance(0.15):
            step["die"] = self.random.randint(1, 40)
        return step
