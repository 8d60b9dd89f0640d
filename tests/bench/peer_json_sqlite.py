#!/usr/bin/python3
"""peer - what an integrator writes today for a file of JSON: json reads it, SQLite takes an upsert of every object.

Likewise as well as it can be: one prepared statement, one transaction, WAL with full durability. json has no way to
read a document in parts.

    peer_json_sqlite.py FILE DATABASE
"""
import json
import sys

import peer_openpyxl_sqlite as peer


def rows(path):
    with open(path, encoding="utf-8") as file:
        people = json.load(file)
    for one in people:
        number, contact, job = one["employee_number"], one["contact"], one["job"]
        if not number:
            continue
        email = contact["work_email"]
        yield (
            number.strip(),
            one["first_name"],
            one["last_name"],
            email.strip().lower() if email else None,
            peer.STATUS[one["status"]],
            one["hired_on"],
            one["terminated_on"],
            one["date_of_birth"],
            contact["mobile_phone"],
            job["title"],
            job["department"]["code"],
            job["department"]["name"],
            job["manager"],
            job["site"],
            job["hours_per_week"],
        )


if __name__ == "__main__":
    print(f"{peer.store(sys.argv[2], rows(sys.argv[1]))} people")
