import pathlib

ROWS = [
    "1001,Vos,,2024-12-31",  # long ago
    "1002,Blom,,2025-01-01",
    "1003,Dijk,inactive,",  # nobody says since when
    "1004,Bos,active,",
    "1005,Tan,,2030-01-01",  # some day
    "1006,Smit,active,",
    "1007,Kok,inactive,2020-02-29",
]


def put(rows):
    folder = pathlib.Path("in")
    folder.mkdir(exist_ok=True)
    (folder / "hr.csv").write_text("\n".join(["Number,Surname,Status,Last day", *rows, ""]))


def first():
    put(ROWS)


def without_smit():
    put([row for row in ROWS if "Smit" not in row])


def back():
    first()
