"""texts - the people of books.py as JSON, nested as an HR system's API gives them, and as CSV."""
import csv
import json

import books


def objects(count):
    for number, row in enumerate(books.people(count)):
        key, first, last, email, status, started, left, born, mobile, *job = row
        title, code, department, manager, site, hours = job
        yield {
            "id": f"5f0c7a{number:018x}",
            "employee_number": key,
            "first_name": first,
            "last_name": last,
            "status": status,
            "hired_on": str(started),
            "terminated_on": left and str(left),
            "date_of_birth": str(born),
            "contact": {"work_email": email, "mobile_phone": mobile},
            "job": {
                "title": title,
                "hours_per_week": int(hours),
                "department": {"code": code, "name": department},
                "manager": manager,
                "site": site,
            },
            "active": left is None,
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }


def write_json(path, count):
    with open(path, "w", encoding="utf-8") as file:
        for number, one in enumerate(objects(count)):
            file.write(",\n " if number else "[")
            json.dump(one, file, ensure_ascii=False)
        file.write("]\n")


def write_csv(path, count):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(books.HEADER)
        writer.writerows(books.people(count))
