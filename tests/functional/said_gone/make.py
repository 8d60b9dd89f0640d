import pathlib

PEOPLE = "".join(f'json id{n} {{"nr": "{n}", "first": "Ann", "last": "Last{n}"}}\n' for n in range(1, 6))


def said(text, name="said"):
    pathlib.Path(f"in/{name}").write_text("@ * *\n" + text, "utf-8")


def first():
    said(PEOPLE + "complete 5\n")
    said(PEOPLE.replace('"nr": "', '"nr": "9').replace("Last", "Other") + "complete 5\n", "list")


def one():
    """Of changes: a record that is gone, one that was and came again, one that came and is gone, one nobody knows."""
    said('gone id1\ngone id2\njson id2 {"nr": "2", "first": "Bea", "last": "Last2"}\n'
         'json id7 {"nr": "7", "first": "Ann", "last": "Last7"}\ngone id7\ngone id8\nchanges\n')
    said("gone id1\nchanges\n", "list")


def two():
    said("gone id3\ngone id4\nchanges\n")


def back():
    said('json id1 {"nr": "1", "first": "Ann", "last": "Last1"}\nchanges\n')
