"""play - plays a history through muster and through the reference, and compares after each step."""
import collections
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import zoneinfo

from model.reference import COLUMNS, DAY, FIELDS, Reference, Statement

TABLE = "{ A: active, V: on_leave, L: terminated }"
WELL = (0, 3 << 8, 4 << 8)  # how a command may end that tells what there is: something may wait


class Wrong(Exception):
    """Muster and the reference differ, or a claim does not hold."""


def moment(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_ends(day, zone):
    """The instant at which that day is over there."""
    after = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
    return int(datetime.datetime.combine(after, datetime.time(), zoneinfo.ZoneInfo(zone)).timestamp() * 1000)


class Player:
    """tests/model/player in a process of its own."""

    def __init__(self, program):
        environment = {"TZ": "UTC", "LANG": "C.UTF-8", "SUDO_USER": "sam", "HOME": "/nonexistent",
                       "ASAN_OPTIONS": "exitcode=99:detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}  # fmt: skip
        self.process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, now, commands, die=0, record="", below=""):
        """What each command printed and its exit status; the child's fate and its standard error."""
        head = [moment(now), str(die), str(record), str(below)]
        line = "\x1e".join([*head, *("\x1f".join(words) for words in commands)])
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        fate, out, err = (int(word) for word in self.process.stdout.readline().split())
        said = self.process.stdout.read(out).decode("utf-8", "replace")
        errors = self.process.stdout.read(err).decode("utf-8", "replace")
        answers, text = [], said
        while "\x1e" in text:
            one, _, text = text.partition("\x1e")
            status, _, text = text.partition("\n")
            answers.append((int(status), one))
        return answers, fate, errors

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def configuration(config, folder):
    lines = ["organization: acme", f"time_zone: {config['time_zone']}", "connections:"]
    for connection in config["connections"]:
        lines += [
            f"  {connection['name']}:", "    connector: world",
            f"    options: {{ world: {folder}/{connection['name']} }}",
        ]  # fmt: skip
        grace = connection.get("grace")
        lines.append("    safeguards: { deactivate: 100%, rekey: 100%, email: 100%, manager: 100%"
                     + (f", grace: {grace // 3_600_000}h" if grace is not None else "") + " }")
        lines += ["    streams:", "      people:", f"        key: {connection['key']}", "        person:"]
        for column in connection["columns"]:
            field, how, blank = COLUMNS[column]
            rule = [f"from: {column}"]
            if how in ("lower", "digits"):
                rule.append(f"{how}: true")
            if how == "table":
                rule.append(f"table: {TABLE}, otherwise: reject")
            if how == "date":
                rule.append("date: YYYY-MM-DD")
            if blank == "clear":
                rule.append("on_empty: clear, on_null: clear")
            lines.append(f"          {field}: {{ {', '.join(rule)} }}")
    if config["match"]:
        lines += ["match:", "  person: " + json.dumps(config["match"]), f"  within_partition: {config['within']}"]
    if config["authority"]:
        lines += ["authority:", "  person:"]
        lines += [f"    {name}: {json.dumps(who)}" for name, who in config["authority"].items()]
    return "\n".join(lines) + "\n"


def world(pulls):
    """The file that tests/model/world.c plays."""
    lines = []
    for partition, pull in pulls.items():
        lines += [f"partition\t{partition}", "\t".join([pull["form"], *pull["columns"]])]
        for row in pull["rows"]:
            cells = ["=" + cell if isinstance(cell, str) else cell[0][0] for cell in row]
            lines.append("\t".join(["row", *cells]))
        lines.append("fail" if pull["end"] == "fail" else f"claim\t{pull['end']}")
    return "\n".join(lines) + "\n"


class Play:
    def __init__(self, player, history, folder):
        self.player, self.history = player, history
        self.folder = pathlib.Path(folder)
        self.config = history["config"]
        self.reference = Reference(self.config)
        self.people = {}  # id → golden, as muster told it last
        self.clusters = {}  # id → names of records
        self.ids = {}  # lowest record → id of its person
        self.run = 0
        self.known = {}  # the same, with those whose records are all of others now
        self.follows = {}  # records that were nobody's for a while: by whose oldest record they became somebody's
        self.standing, self.acted, self.held = set(), None, None

    def play(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "organizations").mkdir(parents=True)
        (self.folder / "muster.yaml").write_text(f"state: {self.folder}/state\n")
        (self.folder / "organizations" / "acme.yaml").write_text(configuration(self.config, self.folder))
        for number, step in enumerate(self.history["steps"]):
            try:
                self.step(step)
            except Wrong as why:
                raise Wrong(f"step {number} ({step['do']} {step.get('connection', '')}): {why}") from why
        shutil.rmtree(self.folder)

    def ask(self, now, *commands, die=0):
        return self.player.ask(now, [["-c", str(self.folder), "--json", *words] for words in commands], die)

    def step(self, step):
        if step["do"] == "act":
            self.act(step)
            return
        (self.folder / step["connection"]).write_text(world(step["pulls"]))
        command = ["sync", "acme", step["connection"]]
        if step.get("die"):
            answers, fate, errors = self.ask(step["now"], command, die=step["die"])
            if fate not in (0, signal.SIGKILL) and not answers:
                raise Wrong(f"killed at write {step['die']}, it ended with {fate}: {errors}")
        answers, fate, errors = self.ask(step["now"], command, ["export", "acme", "person"], ["inbox", "acme"])
        if fate not in WELL or len(answers) != 3 or "runtime error" in errors:
            raise Wrong(f"it ended with {fate} {answers[-1:]}: {errors}")
        ended = self.reference.sync(step)
        report = json.loads(answers[0][1])
        told = {part["name"]: part["claim"] for part in report["partitions"]}
        self.same("how partitions ended", told, ended)
        self.look(step, report, answers)

    # --- what people decide ---

    def person_of(self, record):
        return next((id for id, names in self.clusters.items() if record in names), None)

    def oldest(self, names):
        """The record that gives a person its id; who waited for somebody keeps theirs as long as both are one."""
        return min(names, key=lambda name: (self.follows.get(name) in names, self.reference.records[name].order))

    def note_followers(self, nobody, clusters):
        """Whom they joined when they came out of their wait; who became somebody alone follows nobody."""
        for names in clusters.values():
            for name in names:
                if name in self.follows and self.follows[name] is None:
                    others = [other for other in names if self.follows.get(other, other) is not None and other != name]
                    self.follows[name] = self.oldest(others) if others else name + " alone"
        self.follows |= dict.fromkeys(nobody)

    def act(self, step):
        command = self.command(step)
        if not command:
            return
        words = [step["verb"], "acme", *command, "--reason", "so"]
        answers, fate, errors = self.ask(step["now"], words, ["export", "acme", "person"], ["inbox", "acme"],
                                         ["statements", "acme"])  # fmt: skip
        if fate != 0 or len(answers) != 4 or "runtime error" in errors:
            raise Wrong(f"{words} ended with {fate} {answers[-1:]}: {errors}")
        if answers[0][0] not in (0, 1, 3, 4):
            raise Wrong(f"{words} ended with {answers[0]}: {errors}")
        report = json.loads(answers[0][1]) if answers[0][1].startswith("{") else None
        self.reference.now = step["now"] if report else self.reference.now
        if report:
            self.stated(step, [json.loads(line) for line in answers[3][1].splitlines()])
        self.acted = (step, self.clusters) if report else None
        try:
            self.look(step, report or {"run": self.run}, answers)
        except Wrong as why:
            raise Wrong(f"{words}: {why}") from why
        self.acted = None

    def command(self, step):
        """The words behind the verb; None where there is nothing that it could be about."""
        if self.run == 0:
            return None
        verb, record, id = step["verb"], step.get("record"), self.person_of(step.get("record"))
        other = self.person_of(step.get("other"))
        until = ["--until", step["until"]] if step.get("until") else []
        if verb in ("link", "keep-apart"):
            return [record, f"id:{other}"] if other and record in self.reference.records else None
        if verb == "unlink":
            return [record] if id else None
        if verb == "pin":
            return [f"id:{id}", f"{step['field']}={step['value']}", *until] if id else None
        if verb == "unpin":
            return [f"id:{id}", step["field"]] if id else None
        if verb == "withdraw":
            numbers = [one["id"] for one in self.lines(step["now"], "statements", "acme")]
            return [numbers[step["nth"] % len(numbers)]] if numbers else None
        held = [item for item in self.lines(step["now"], "inbox", "acme") if item["id"][0] == "h"]
        if not held:
            return None
        self.held = held[step["nth"] % len(held)]
        return [self.held["id"], *(until or ["--for-good"] if verb == "reject" else [])]

    def lines(self, now, *words):
        answers, fate, errors = self.ask(now, list(words))
        if fate not in WELL or answers[0][0] not in (0, 3, 4):
            raise Wrong(f"{words} ended with {fate} {answers}: {errors}")
        return [json.loads(line) for line in answers[0][1].splitlines()]

    def stated(self, step, standing):
        """What the reference makes of a decision that muster has taken."""
        reference, verb = self.reference, step["verb"]
        fresh = [one for one in standing if one["id"] not in self.standing and one["type"] == verb]
        until = None
        if step.get("until"):
            until = day_ends(step["until"], self.config["time_zone"])
        for one in fresh:
            number = int(one["id"][1:])
            if verb == "pin":
                oldest = self.oldest(self.clusters[self.person_of(step["record"])])
                reference.statements[number] = Statement("pin", oldest, step["field"], step["value"], until=until)
            if verb in ("approve", "reject"):
                until = step["now"] + 7 * DAY if verb == "approve" else until
                reference.statements[number] = Statement(verb, self.held["record"], reason=self.held["reason"],
                                                         until=until)  # fmt: skip
        if verb == "approve":
            reference.approve(self.held["record"], self.held["reason"])
        if verb == "reject":
            reference.reject(self.held["record"], self.held["reason"])
        left = {int(one["id"][1:]) for one in standing}
        for number in reference.standing():
            if number not in left:
                del reference.statements[number]
        reference.ask_again()
        self.standing = {one["id"] for one in standing}

    def same(self, what, found, expected):
        if found != expected:
            raise Wrong(f"{what}\n  muster:    {found}\n  reference: {expected}")

    def look(self, step, report, answers):
        exported = [json.loads(line) for line in answers[1][1].splitlines()]
        exported = [person for person in exported if not person.get("gone")]
        ids = [person["id"] for person in exported]
        asked = [["person", "acme", f"id:{id}"] for id in ids] + [["history", "acme", f"id:{id}"] for id in ids]
        asked.append(["status", "acme"])
        told, fate, errors = self.ask(step["now"], *asked)
        if fate not in WELL or len(told) != len(asked):
            raise Wrong(f"looking ended with {fate}: {errors}")
        people, clusters = {}, {}
        states = {}
        for (status, text), id in zip(told, ids):
            person = json.loads(text)
            people[id] = {field: person[field] for field in FIELDS if field in person}
            clusters[id] = sorted(source["record"].partition("#")[0] for source in person["sources"])
            states |= {source["record"]: source["state"] for source in person["sources"]}
        counted = {name: number for name, number in json.loads(told.pop()[1])["people"].items() if number}
        self.same("people by status", counted, dict(collections.Counter(person["status"] for person in exported)))
        self.check_clusters(clusters, states, answers[2][1])
        for id in people:
            self.same(f"person {id} of {clusters[id]}", people[id], self.reference.golden(clusters[id]))
        self.check_journal(people, told[len(ids):], ids, report["run"])
        self.check_waits(answers[2][1])
        self.people, self.clusters, self.run = people, clusters, report["run"]
        self.known |= people

    def check_clusters(self, clusters, states, waits):
        records = self.reference.records
        owned = [name for names in clusters.values() for name in names]
        if not set(owned) <= set(records):
            raise Wrong(f"nobody said anything of {set(owned) - set(records)}")
        if len(owned) != len(set(owned)):
            raise Wrong(f"a record is of two people: {sorted(owned)}")
        nobody = sorted(set(records) - set(owned))
        self.check_undecided(nobody, waits)
        self.note_followers(nobody, clusters)
        self.check_linked(clusters)
        self.same("states", states, {name: records[name].state for name in states})
        for id, names in clusters.items():
            lowest = self.oldest(names)
            if self.ids.setdefault(lowest, id) != id:
                raise Wrong(f"{lowest} is the oldest record of {id}, and was that of {self.ids[lowest]}")

    def check_undecided(self, names, waits):
        """A record that is nobody's waits for a review, or is of somebody that its source may not make."""
        reviewed = {json.loads(line)["record"] for line in waits.splitlines() if json.loads(line)["id"][0] == "r"}
        for name in names:
            if self.reference.owner(name) and self.reference.records[name].state == "present" and name not in reviewed:
                raise Wrong(f"{name} is nobody, and no review says why")

    def check_linked(self, clusters):
        """Who was one stays one; who became one did so by a rule; who is alone had nobody to join."""
        if self.acted:
            self.check_acted(clusters)
            return
        now = {name: id for id, names in clusters.items() for name in names}
        before = {name: id for id, names in self.clusters.items() for name in names}
        for id, names in self.clusters.items():
            if len({now.get(name) for name in names}) != 1:
                raise Wrong(f"{names} were {id}, and are {[now.get(name) for name in names]}")
        for id, names in clusters.items():
            fresh = [name for name in names if before.get(name) is None]
            others = [name for name in names if name not in fresh]
            for name in fresh:
                rest = [other for other in names if other != name]
                golden = self.people.get(before[others[0]]) if others else None
                if rest and not self.reference.matches(name, rest, golden):
                    raise Wrong(f"{name} became one with {rest} by no rule")
            if len(names) == 1 and fresh:
                joins = self.reference.only_match(names[0], self.clusters, self.people)
                if joins:
                    raise Wrong(f"{names[0]} is alone as {id}, and should have joined {joins} {self.clusters[joins]}")

    def check_acted(self, clusters):
        step, before = self.acted
        now = {name: id for id, names in clusters.items() for name in names}
        if step["verb"] == "link":
            together = next(names for names in before.values() if step["other"] in names)
            if {now.get(name) for name in together} != {now.get(step["record"])}:
                raise Wrong(f"{step['record']} is not one with {together}: {clusters}")
        elif step["verb"] == "unlink":
            if clusters[now[step["record"]]] != [step["record"]]:
                raise Wrong(f"{step['record']} does not stand by itself: {clusters}")
        elif step["verb"] in ("pin", "unpin", "approve", "reject"):
            self.same("who is who", clusters, before)

    def check_journal(self, people, told, ids, run):
        """The journal says what changed, all of it, and nothing else."""
        for (status, text), id in zip(told, ids):
            entries = [json.loads(line) for line in text.splitlines()]
            new = [entry for entry in entries if entry["run"] > self.run and entry["kind"] == "person"]
            before, after = self.known.get(id, {}), people[id]
            expected = {field: {"from": before.get(field), "to": after.get(field)} for field in FIELDS
                        if before.get(field) != after.get(field)}
            found = {}
            for entry in reversed(new):
                for field, change in entry["changes"].items():
                    found[field] = {"from": found.get(field, change)["from"], "to": change["to"]}
            self.same(f"journal of {id}", found, expected)
            if id not in self.known and (not new or new[-1]["what"] != "created"):
                raise Wrong(f"nobody wrote down that {id} was created")

    def check_waits(self, text):
        found = set()
        for line in text.splitlines():
            item = json.loads(line)
            if item["id"][0] in "dh":
                found.add((item["id"][0], item["record"], item["reason"]))
        expected = set().union(*self.reference.waits.values()) if self.reference.waits else set()
        if found != expected:
            raise Wrong(f"what waits\n  only muster:    {sorted(found - expected)}\n"
                        f"  only reference: {sorted(expected - found)}")
