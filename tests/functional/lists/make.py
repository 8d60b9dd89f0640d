import json
import pathlib

HERE = {"id": "7", "name": "De Haan 7"}


def scope(*departments, **more):
    return [{"department": department, **more} for department in departments]


def write(*users):
    pathlib.Path("in/users.json").write_text(json.dumps(users), "utf-8")


def user(number, scope, **more):
    said = {"id": number, "first": "Ann", "last": f"Last{number}", "role": "Kassa", "store": HERE, "scope": scope}
    return said | more


def first():
    write(user("1", scope("15", "16")), user("2", []), user("3", scope("15", "15") + scope("17", left="2026-01-31")),
          user("4", scope("16") + [{"department": "15", "role": "Chef", "store": {"id": "9", "name": "De Haan 9"}}]))


def moved():
    write(user("1", scope("16", "18")), user("2", scope("15")), user("3", []),
          user("4", scope("16") + [{"department": "15", "role": "Chef", "store": {"id": "9", "name": "De Haan 9"}}]))


def very_many():
    write(user("1", scope("16", "18")), user("2", scope(*map(str, range(100, 400)))), user("3", []),
          user("4", scope("16") + [{"department": "15", "role": "Chef", "store": {"id": "9", "name": "De Haan 9"}}]))
