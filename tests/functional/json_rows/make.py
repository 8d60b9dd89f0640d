import json
import os
import pathlib

ZOE = {
    "number": "0007",
    "name": {"first": "Zoë", "last": "O'Brien"},
    "emails": [{"type": "work", "value": "Zoe@acme.example"}, {"type": "home", "value": "zoe@home.example"}],
    "address": {"city": "Bergen"},
    "hired": "2021-05-03",
    "mobile": "+47 99 88 77 66",
    "job": {"title": "Baker"},
}
LUKASZ = {"number": "0008", "name": {"first": "Łukasz", "last": "Wójcik"}, "hired": "2022-01-10", "emails": []}
ANNA = {
    "number": "0009",
    "name": {"first": "Anna", "last": "de Vries"},
    "hired": "2020-02-01",
    "job": {"title": "Driver"},
}


def put(name, text):
    for old in pathlib.Path("in").glob("employees*"):
        old.unlink()
    pathlib.Path("in", name).write_text(text, encoding="utf-8")


def lined(*people):
    return "".join(json.dumps(person, ensure_ascii=False) + "\n" for person in people)


def document():
    put("employees.json", json.dumps({"made": "today", "data": {"employees": [ZOE, LUKASZ, ANNA]}}, indent=1))


def lines():
    put("employees.jsonl", lined(ZOE, LUKASZ, ANNA))


def second():
    """Zoë has moved, has no mobile any more and no word about e-mail; a line is cut off, a day does not exist."""
    zoe = {name: value for name, value in ZOE.items() if name != "emails"}
    zoe |= {"address": {"city": "Oslo"}, "mobile": None}
    text = lined(zoe) + '{"number": "0008", "name": {\n' + lined(ANNA | {"hired": "2020-02-31"})
    put("employees.jsonl", text)
    os.utime("in/employees.jsonl", (1800000000, 1800000000))


def broken():
    put("employees.json", json.dumps([ZOE, LUKASZ, ANNA])[:-20])
    os.utime("in/employees.json", (1800000100, 1800000100))
