import json
import os
import subprocess
import sys
import zipfile


def put(name, head, *rows):
    os.makedirs("in", exist_ok=True)
    with open(f"in/{name}.csv", "w", encoding="utf-8") as out:
        out.write("\n".join([head, *rows]) + "\n")


def hr(*rows):
    put("hr", "Number,Surname,Email,Title", *rows)


def clock():
    put("clock", "Id,Who,Way,At", "P1,1001,in,2026-03-01 08:00", "P2,1001,out,2026-03-01 16:00")


def first():
    hr("1001,de Boer,boer@acme.test,Clerk", "1002,Quispel,q@acme.test,Cook")
    clock()


def second():
    hr("1001,Visser,visser@acme.test,Clerk", "1002,Quispel,q@acme.test,Cook")


def third():
    hr("1001,Visser-Boer,visser@acme.test,Manager", "1002,Quispel,q@acme.test,Cook")


def gone():
    hr("1001,Visser-Boer,visser@acme.test,Manager")


def fourth():
    hr("1001,Smit,visser@acme.test,Manager", "1002,Quispel,q@acme.test,Head cook")


def fifth():
    hr("1001,Smit,smit@acme.test,Owner", "1002,Quispel,q@acme.test,Head cook")


def told():
    """What is known of everybody now, and as of each run that is named, into a folder. Of what had come by run 4 it is
    left out what was before."""
    folder, *runs = sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    for who in ("1001", "1002"):
        for run in runs:
            words = ["muster", "explain", "acme", who, "--json", *([] if run == "now" else ["--run", run])]
            lines = subprocess.run(words, capture_output=True, check=True, text=True).stdout.splitlines()
            with open(f"{folder}/{who}-{run}", "w", encoding="utf-8") as out:
                for field in map(json.loads, lines):
                    if field.get("since", {}).get("run", 9) <= 4:
                        field["since"].pop("before", None)
                    print(json.dumps(field), file=out)


def words():
    """What a copy of the store has of what was once said; free pages are not in it."""
    subprocess.run(["muster", "backup", "acme", "copy.zip", "--quiet"], check=True)
    with zipfile.ZipFile("copy.zip") as copy:
        data = copy.read(next(name for name in copy.namelist() if name.endswith("data.mdb")))
    os.remove("copy.zip")
    print(*(word for word in ("de Boer", "boer@acme", "Visser-Boer", "Clerk", "visser@acme") if word.encode() in data))
