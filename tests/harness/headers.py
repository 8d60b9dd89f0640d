"""headers - what public headers declare, read as text."""
import re


def plain(header):
    """The text of a header without comments."""
    return re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.DOTALL)


def declarator(piece):
    """The name that a piece of a declaration declares: "*wanted", "(*http)(…)", "text[500]"."""
    function = re.match(r"[^(]*\(\s*\*\s*(\w+)\s*\)", piece)
    return function[1] if function else re.findall(r"\w+", re.sub(r"\[.*?\]", "", piece))[-1]


def members(body):
    """The names in the body of a struct. What stands in brackets has no commas of its own that count."""
    for declaration in body.split(";"):
        flat = re.sub(r"MUSTER_FMT\(\d+, \d+\)", "", declaration)
        function = re.match(r"\s*[\w\s*]*\(\s*\*\s*\w+\s*\)", flat)
        pieces = [flat] if function else flat.split(",")
        for piece in pieces:
            if piece.strip():
                yield declarator(piece)


def structs(text):
    """(name, members) of each public struct."""
    for name, body in re.findall(r"\bstruct (muster_\w+) \{(.*?)\n?\}", text, re.DOTALL):
        yield name, list(members(body))


def enumerators(text):
    for body in re.findall(r"\benum \{(.*?)\}", text, re.DOTALL):
        yield from re.findall(r"\b(MUSTER_\w+)\b(?=\s*(?:=|,|\}|$))", body)


def prototypes(headers):
    """Each function that the headers of a folder declare, as one line."""
    for header in sorted(headers.glob("*.h")):
        text = re.sub(r"\{[^{}]*\}", "", plain(header).replace('extern "C" {', ""))
        for declaration in re.findall(r"^[\w][^;{}#]*\bmuster_\w+\([^;{}]*\);", text, re.MULTILINE):
            yield " ".join(declaration.split())
