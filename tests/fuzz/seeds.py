#!/usr/bin/python3
"""seeds - TARGET FOLDER: writes the inputs that fuzzing begins with, out of tests/fixtures and corpus/; says how many.

    seeds.py --keep TARGET FOLDER    makes corpus/TARGET out of a folder's inputs, one a line in base64
"""
import base64
import pathlib
import re
import sys
import zipfile

KEPT = pathlib.Path(__file__).resolve().parent / "corpus"
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
PARTS = ("_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml")


def workbooks():
    for path in sorted(FIXTURES.glob("*/*.xlsx")) + sorted(FIXTURES.glob("*/*/*.xlsx")):
        try:
            with zipfile.ZipFile(path) as archive:
                yield path, {item.filename: archive.read(item) for item in archive.infolist()}
        except (zipfile.BadZipFile, NotImplementedError, OSError):
            continue


def inside(part, element):
    """What stands between the element's tags."""
    found = re.search(rb"<(?:\w+:)?%s\b[^>]*>(.*)</(?:\w+:)?%s>" % (element, element), part, re.DOTALL)
    return found[1] if found else b""


def xlsx_sheet():
    for _, parts in workbooks():
        for name in parts:
            if "worksheets/sheet" in name and name.endswith(".xml"):
                rows = re.split(rb"(?<=</row>)", inside(parts[name], b"sheetData"))
                for first in range(0, min(len(rows), 12), 4):
                    yield b"".join(rows[first : first + 4])


def xlsx_shared():
    for _, parts in workbooks():
        for name in parts:
            if name.lower().endswith("sharedstrings.xml"):
                items = re.split(rb"(?<=</si>)", inside(parts[name], b"sst"))
                for first in range(0, min(len(items), 64), 16):
                    yield b"".join(items[first : first + 16])


def xlsx_book():
    for path, parts in workbooks():
        sheet = next((parts[name] for name in parts if "worksheets/sheet" in name and name.endswith(".xml")), b"")
        whole = b"\0".join([*(parts.get(name, b"") for name in PARTS), sheet])
        if len(whole) < 30000:
            yield whole
        if path.stat().st_size < 6000:
            yield path.read_bytes()


def csv():
    for path in sorted(FIXTURES.glob("*/*/*.csv")) + sorted(FIXTURES.glob("*/*/*.txt")):
        yield b"\x30" + path.read_bytes()
    for text in (b"sep=;\r\na;b\r\n1;2\r\n", b'a,"b ""c""\n d",e\n"x',
                 b"\xff\xfea\0;\0b\0\n\0", b"\xef\xbb\xbfa\tb\r1\t2\r"):
        for first in (0, 26, 75):
            yield bytes([first]) + text


def nested(patterns, ways, texts):
    for pattern in patterns:
        for path in sorted(FIXTURES.glob(pattern)):
            if path.stat().st_size < 20000:
                yield b"\0" + path.read_bytes()
    for text in texts:
        for way in range(ways):
            yield bytes([way]) + text
            yield bytes([way + 2 * ways]) + text


def json():
    yield from nested(("corpus/*/*.json", "corpus/*/*.jsonl"), 6, (
        b'[{"id":1,"n":{"a":[1,2,{"b":null}],"c":"\\u00e9\\ud83d\\ude00"}},{"id":2.50e3,"x":true}]',
        b'{"a":{"b":[{"k":"v"},{"k":[]},7,{}]}}', b'{"a":1}\n{"a":"2"}\r\n\n{"a":-0.1e-2,"b":[[]]}\n',
        b'\xef\xbb\xbf [ ]', b'[{"a":1,"a":2}]', b'[{"a":"\\ud800"},{"a.b":1,"a":{"b":2}}]', b"[{\"a\":1},",
        '[{"a":"ü"}]'.encode("utf-16")))


def xml():
    yield from nested(("corpus/*/*.xml",), 5, (
        b"<a><b id='1'><c>x</c><d><e>&amp;&#233;</e></d></b><b><c/><c>2</c></b></a>",
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a><b>\xfc</b></a>",
        b"<h:a xmlns:h='u' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><h:b xsi:nil='true'/></h:a>",
        b"<a><b><![CDATA[<x>]]><!-- c --><?p i?></b></a>", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a><b>&x;</b></a>",
        b"<a><b>\n x <c>1</c></b><b", "<a><b c='ü'/></a>".encode("utf-16")))


def kept(target):
    """What earlier fuzzing found worth keeping."""
    path = KEPT / target
    return map(base64.b64decode, path.read_bytes().split()) if path.exists() else ()


def keep(target, folder):
    inputs = sorted({path.read_bytes() for path in pathlib.Path(folder).iterdir()})
    (KEPT / target).write_bytes(b"".join(base64.b64encode(one) + b"\n" for one in inputs if one))
    print(len(inputs))


def main(target, folder):
    seeds = sorted({*globals()[target](), *kept(target)})
    for number, seed in enumerate(seeds):
        pathlib.Path(folder, f"seed{number:04}").write_bytes(seed)
    print(len(seeds))


keep(*sys.argv[2:]) if sys.argv[1] == "--keep" else main(*sys.argv[1:])
