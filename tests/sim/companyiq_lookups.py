"""companyiq_lookups - the lookup modules (Salary, Attendance, Leave, ...) of a simulated CompanyIQ.

A file is at most 20 MB, CSV with commas, or a zip with one such file in it; the module must have been made before. The
outcome of a batch is polled. Keeps every row, so that one sent twice is seen twice."""
import csv
import io
import re
import zipfile

from simulator import Refused, only

UNZIPPED_MAX = 1 << 30
QUOTED = re.compile(r'"(?:[^"]|"")*"')
csv.field_size_limit(1 << 25)
MODES = ("append", "replace")


class Lookups:
    SETTINGS = {
        "file_max": 20_000_000,  # bytes of the file as it is sent
        "modules": {"salary": None, "attendance": None, "leave": None},  # the header's columns; None: any
        "key_column": "Employee ID",
        "csv_encoding": "utf-8-bom",  # utf-8, gb18030
        "polls": 1,  # how often a batch is still "processing"
        "known_people_only": True,  # a row of nobody is an error of that row
    }

    def __init__(self, simulator):
        self.simulator, self.all, self.batches = simulator, {}, {}

    def uploaded(self, parts):
        """(data of the reply, what the journal keeps)."""
        names = [name for name in ("moduleCode", "period", "mode") if name in parts]
        said = {name: parts[name][1].decode("utf-8", "replace") for name in names}
        settings = self.simulator.settings
        file, content = parts.get("file", (None, b""))
        if file is None:
            raise Refused(40001, "no file")
        if not only(r"\d{4}-(0[1-9]|1[0-2])", said.get("period")):
            raise Refused(40001, "period is no YYYY-MM")
        if said.get("mode") not in MODES:
            raise Refused(40001, "mode is neither append nor replace")
        if said.get("moduleCode") not in settings["modules"]:
            raise Refused(42001, said.get("moduleCode", ""))
        if len(content) > settings["file_max"]:
            raise Refused(42002, f"{len(content)} bytes")
        header, rows = self.table(self.unzipped(file, content))
        wanted = settings["modules"][said["moduleCode"]]
        if header[:1] != [settings["key_column"]] or len(set(header)) != len(header) or wanted not in (None, header):
            raise Refused(42004, ",".join(header)[:200])
        errors = self.take(said, header, rows)
        name = f"B{len(self.batches) + 1:06}"
        self.batches[name] = {**said, "file": file, "bytes": len(content), "rows": len(rows), "failed": len(errors),
                              "errors": errors, "polls": settings["polls"]}
        failed = 0 if settings["polls"] else len(errors)
        return {"batchId": name, "rows": len(rows), "failed": failed}, {**said, "file": file, "bytes": len(content)}

    def take(self, said, header, rows):
        """Keeps what is right and gives the errors of the rest."""
        settings, errors, good = self.simulator.settings, [], []
        for index, row in enumerate(rows):
            who = row[0] if row else ""
            forced = self.simulator.forced_row(index)
            code, what = 0, ""
            if forced:
                code, what = int(forced.get("code", 50000)), "by command"
            elif len(row) != len(header):
                code, what = 42004, f"{len(row)} fields, the header has {len(header)}"
            elif not who:
                code, what = 41001, settings["key_column"]
            elif settings["known_people_only"] and who not in self.simulator.users.all:
                code, what = 41004, who
            if code:
                text = self.simulator.dressed(code, what, None)[settings["names"]["msg"]]
                errors.append({"row": index + 2, "employeeId": who, "code": code, "msg": text})
            else:
                good.append(dict(zip(header, row)))
        kept = self.all.setdefault(said["moduleCode"], {})
        kept[said["period"]] = (kept.get(said["period"], []) if said["mode"] == "append" else []) + good
        return errors

    def unzipped(self, file, content):
        if file.lower().endswith(".csv"):
            return content
        if not file.lower().endswith(".zip"):
            raise Refused(42003, file)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = archive.infolist()
                if len(inside) != 1 or not inside[0].filename.lower().endswith(".csv"):
                    raise Refused(42003, "a zip holds one .csv and nothing else")
                if inside[0].file_size > UNZIPPED_MAX:
                    raise Refused(42002, "unzipped")
                return archive.read(inside[0])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            raise Refused(42003, "no zip that can be read") from None

    def table(self, content):
        encoding = self.simulator.settings["csv_encoding"]
        if content.startswith(b"\xef\xbb\xbf") != (encoding == "utf-8-bom"):
            raise Refused(42003, f"the file is not {encoding}: byte order mark")
        try:
            text = content.decode({"utf-8-bom": "utf-8-sig"}.get(encoding, encoding))
        except UnicodeDecodeError:
            raise Refused(42003, f"the file is not {encoding}") from None
        if "\0" in text or text and re.search(r"(?<!\r)\n|(?<!\r\n)\Z", QUOTED.sub("", text)):
            raise Refused(42003, "lines end with CR LF")
        try:
            lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as fault:
            raise Refused(42003, str(fault)) from None
        if not lines:
            raise Refused(42004, "no header")
        return lines[0], lines[1:]

    def batch(self, name):
        batch = self.batches.get(name)
        if not batch:
            raise Refused(40001, "no batch has that name")
        if batch["polls"] > 0:
            batch["polls"] -= 1
            return {"batchId": name, "status": "processing"}
        return {"batchId": name, "status": "done", "rows": batch["rows"], "failed": batch["failed"],
                "errors": batch["errors"]}
