"""poc_files - employees and workstations as documents and files: JSON, XML, CSV and workbooks.

Reads what a caller sent or put into the shared folder; writes the workstations that go back, whole or not at all."""
import csv
import datetime
import io
import json
import os
import re
import xml.parsers.expat
import xml.sax.saxutils

import workbook
from simulator import Refused

ANSWER = ("SiteNumber", "EmployeeNumber", "EmployeeName", "WorkstationNumber")


def from_json(body):
    def once(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name stands there twice")
        return dict(pairs)

    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as fault:
        raise Refused("E102", f"no JSON: {fault}") from None


class Reader:
    """Employees out of XML. No DTD, no attributes but Mode, GeneratedAt and Level, no text outside of fields."""

    def __init__(self):
        self.rows, self.mode, self.path, self.text, self.level = [], "", [], "", None

    def start(self, name, attributes):
        if self.text.strip():
            raise Refused("E102", f"text before {name}")
        self.path.append(name)
        where = "/".join(self.path[:2] if len(self.path) == 3 else self.path)
        allowed, depth = (), len(self.path)
        if depth == 1 and name == "Employees":
            allowed, self.mode = ("Mode", "GeneratedAt"), attributes.get("Mode", "")
        elif depth == 2 and name == "Employee":
            self.rows.append({})
        elif depth == 3 and name not in self.rows[-1]:
            self.rows[-1][name] = [] if name == "Hierarchies" else ""
        elif depth == 4 and self.path[2:] == ["Hierarchies", "Hierarchy"]:
            allowed, self.level = ("Level",), attributes.get("Level", "")
            if not re.fullmatch("[0-9]{1,3}", self.level):
                raise Refused("E102", "a Hierarchy without Level", "Hierarchies")
        else:
            raise Refused("E102", f"{name} does not belong below {where}")
        if set(attributes) - set(allowed):
            raise Refused("E102", f"{name} has an attribute that is not known")
        self.text = ""

    def end(self, name):
        if len(self.path) == 4:
            self.rows[-1]["Hierarchies"].append({"Level": int(self.level), "Name": self.text})
        elif len(self.path) == 3 and name != "Hierarchies":
            self.rows[-1][name] = self.text
        elif self.text.strip():
            raise Refused("E102", f"text in {name}")
        self.text = ""
        self.path.pop()

    def data(self, text):
        self.text += text

    def no_dtd(self, *_):
        raise Refused("E102", "a DTD is not taken")


def from_xml(body):
    """(rows, mode)."""
    reader, parser = Reader(), xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.data, reader.no_dtd
    try:
        parser.Parse(body, True)
    except xml.parsers.expat.ExpatError as fault:
        raise Refused("E102", f"no XML: {fault}") from None
    return reader.rows, reader.mode


def from_table(lines, columns):
    """Rows of a table whose header has the fields' names; Hierarchies are columns Hierarchy1, Hierarchy2, ..."""
    if not lines:
        raise Refused("E102", "the file is empty")
    header = lines[0]
    if len(set(header)) != len(header) or "" in header or columns not in (None, header):
        raise Refused("E102", f"the header is not the agreed one: {', '.join(header)}")
    rows = []
    for line in lines[1:]:
        if len(line) > len(header):
            raise Refused("E102", "a row is longer than the header")
        row = dict(zip(header, line + [""] * (len(header) - len(line))))
        levels = {name: row.pop(name) for name in list(row) if re.fullmatch("Hierarchy[1-9]", name)}
        named = [{"Level": int(name[9:]), "Name": value} for name, value in levels.items() if value]
        rows.append(row | ({"Hierarchies": named} if levels else {}))
    return rows


def from_file(simulator, name, content):
    """(rows, mode) of a file in the shared folder."""
    kind, settings = name.rpartition(".")[2], simulator.settings
    if kind == "json":
        said = from_json(content)
        rows, mode = (said.get("Employees"), said.get("Mode")) if isinstance(said, dict) else (said, "full")
        return rows, mode
    if kind == "xml":
        return from_xml(content)
    if kind == "csv":
        text = content.decode("utf-8-sig")
        return from_table(list(csv.reader(io.StringIO(text, newline=""), strict=True)), settings["columns"]), "full"
    sheets = workbook.read(content)
    if len(sheets) != 1 or settings["sheet"] not in (None, sheets[0][0]):
        raise Refused("E102", "the workbook has not the one sheet that was agreed")
    lines = sheets[0][1]
    for at, line in enumerate(lines, 1):
        if any(kind not in ("text", "") for kind, _ in line):
            raise Refused("E102", f"row {at} has a cell that is no text")
    return from_table([[text for _, text in line] for line in lines], settings["columns"]), "full"


def synchronize(simulator, inbox, outbox, kind):
    """What happens at the agreed time: new files are taken in the order of their names, seats go back as a file."""
    taken = {file["name"] for file in simulator.files}
    for name in sorted(os.listdir(inbox)):
        if name in taken or not re.fullmatch(simulator.settings["file_pattern"], name):
            continue
        with open(os.path.join(inbox, name), "rb") as file:
            content = file.read()
        try:
            result = simulator.employees.batch(*from_file(simulator, name, content))
        except (Refused, UnicodeDecodeError, csv.Error, workbook.Unreadable) as fault:
            what = fault.what if isinstance(fault, Refused) else str(fault)
            result = {"Status": "ERROR", "Code": "E102", "Message": what}
        simulator.files.append({"name": name, "bytes": len(content), "result": result})
    now = datetime.datetime.fromtimestamp(simulator.now(), datetime.timezone.utc)
    out = os.path.join(outbox, f"workstations_{now:%Y%m%d_%H%M%S}.{kind}")
    rows = [row for site in sorted(simulator.employees.shown()) for row in simulator.employees.seats_of(site)]
    with open(out + ".tmp", "wb") as file:
        file.write(to_file([list(ANSWER)] + [[row[name] for name in ANSWER] for row in rows], kind))
    os.rename(out + ".tmp", out)
    return {"files": simulator.files, "out": out, "rows": len(rows)}


def to_file(lines, kind):
    if kind == "xlsx":
        return workbook.write("Workstations", lines)
    if kind == "csv":
        out = io.StringIO(newline="")
        csv.writer(out).writerows(lines)
        return out.getvalue().encode("utf-8-sig")
    rows = [dict(zip(lines[0], line)) for line in lines[1:]]
    if kind == "json":
        return json.dumps({"Workstations": rows}, ensure_ascii=False).encode()
    out = io.StringIO()
    for row in rows:
        fields = [f"<{name}>{xml.sax.saxutils.escape(value)}</{name}>" for name, value in row.items()]
        out.write(f"<Workstation>{''.join(fields)}</Workstation>\n")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Workstations>\n{out.getvalue()}</Workstations>\n'.encode()
