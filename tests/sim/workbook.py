"""workbook - workbooks (.xlsx) read and written with Python's standard library alone.

As far as the format's plain parts go: shared and inline texts, numbers, booleans, dates by their number format. Small
on purpose, and akin to no other reader here, so that it can be a witness."""
import io
import re
import zipfile
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
CLOCK, DAY = re.compile("[hs]", re.IGNORECASE), re.compile("[yd]", re.IGNORECASE)


class Unreadable(Exception):
    """No workbook, or one that is beyond this reader."""


def read(content):
    """[(sheet name, [[(kind, text), …] per row])]; kinds are text, number, bool, date, time, datetime, error and ""
    for no cell. Rows and cells that are left out are there, empty."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.testzip() is not None:
                raise Unreadable("a part of it is damaged")
            parts = {name: archive.read(name) for name in archive.namelist()}
        strings = [texts(item) for item in tree(parts, "xl/sharedStrings.xml", "si")]
        kinds = formats(parts)
        related = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])
        targets = {item.get("Id"): item.get("Target") for item in related}
        found = []
        for sheet in ElementTree.fromstring(parts["xl/workbook.xml"]).find(f"{MAIN}sheets"):
            part = "xl/" + targets[sheet.get(RELATED)].removeprefix("/xl/")
            found.append((sheet.get("name"), rows(ElementTree.fromstring(parts[part]), strings, kinds)))
        return found
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, IndexError, ValueError, AttributeError) as fault:
        raise Unreadable(f"no workbook: {fault}") from None


def tree(parts, name, tag):
    return ElementTree.fromstring(parts[name]).findall(f"{MAIN}{tag}") if name in parts else []


def texts(item):
    """The text of a string, its runs put together; phonetic hints are none of it."""
    runs = [item.find(f"{MAIN}t")] + [run.find(f"{MAIN}t") for run in item.findall(f"{MAIN}r")]
    text = "".join(run.text or "" for run in runs if run is not None)
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda hit: chr(int(hit[1], 16)), text)


def formats(parts):
    """For each cell format what a number in it is."""
    if "xl/styles.xml" not in parts:
        return ["number"]
    styles = ElementTree.fromstring(parts["xl/styles.xml"])
    own = {int(item.get("numFmtId")): item.get("formatCode") for item in styles.iter(f"{MAIN}numFmt")}
    return [kind_of(int(item.get("numFmtId", "0")), own) for item in styles.find(f"{MAIN}cellXfs")] or ["number"]


def kind_of(number, own):
    if number not in own:
        date, time = 14 <= number <= 17, 18 <= number <= 21
        return "date" if date else "time" if time else "datetime" if number == 22 else "number"
    code = re.sub(r'"[^"]*"|\\.|\[(?![hms]+\])[^]]*\]', "", own[number].lower())
    if code == "general" or "[" in code:
        return "number"
    clock, day = CLOCK.search(code), DAY.search(code)
    return "datetime" if clock and day else "time" if clock else "date" if day else "number"


def column(reference):
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def rows(sheet, strings, kinds):
    found = []
    for row in sheet.find(f"{MAIN}sheetData"):
        number = int(row.get("r", len(found) + 1))
        found += [[] for _ in range(len(found), number)]
        line = found[number - 1]
        for cell in row:
            at = column(cell.get("r")) if cell.get("r") else len(line)
            line += [("", "")] * (at + 1 - len(line))
            line[at] = value(cell, strings, kinds)
    return found


def value(cell, strings, kinds):
    kind, body = cell.get("t", "n"), cell.find(f"{MAIN}v")
    text = "" if body is None else body.text or ""
    if kind == "inlineStr":
        return "text", texts(cell.find(f"{MAIN}is"))
    if kind == "s":
        return "text", strings[int(text)]
    if kind in ("str", "b", "e"):
        return {"str": "text", "b": "bool", "e": "error"}[kind], text
    return (kinds[int(cell.get("s", "0"))], text) if text else ("", "")


CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.\
sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-\
officedocument.spreadsheetml.worksheet+xml"/></Types>"""
RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/></Relationships>"""
BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>\
<sheet name={} sheetId="1" r:id="r1"/></sheets></workbook>"""
SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>"""


def write(name, lines):
    """The bytes of a workbook with one sheet; all cells are texts."""
    body = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' for text in line)
        + "</row>" for line in lines)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT)
        archive.writestr("_rels/.rels", RELATIONS.format("officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", BOOK.format(quoteattr(name)))
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format("worksheet", "worksheets/sheet1.xml"))
        archive.writestr("xl/worksheets/sheet1.xml", SHEET.format(body))
    return out.getvalue()
