import pathlib

STORES = {"a": ("1|Vos", "2|Bos"), "b": ("3|Mol",), "c": ("4|Kok", "5|Smit")}


def write(failing=(), streams=("people", "leave"), code=-1, gone=(), **more):
    """What the three stores say; those in `failing` do not answer."""
    lines = []
    for store, people in STORES.items():
        for stream in ("people", "leave"):
            lines.append(f"@ {store} {stream}")
            if store in failing and stream in streams:
                lines.append(f"fail {code} store {store} does not answer")
            elif stream == "people":
                rows = [*people, *more.get(store, ())]
                lines += ["columns Nr|Name", *(f"row {row}" for row in rows if row[0] not in gone)]
            else:
                lines.append("columns Nr|From")
    pathlib.Path("in/stores").write_text("\n".join(lines) + "\n", encoding="utf-8")


def well():
    write()


def well_again():
    write(c=("9|Haan",))


def b_is_down():
    write(failing="b", a=("6|Berg",), gone="5")


def b_is_down_later():
    write(failing="b", a=("6|Berg", "7|Visser"), gone="5")


def leave_of_b_is_down():
    write(failing="b", streams=("leave",), b=("8|Prins",))


def all_are_down():
    write(failing="abc")


def b_refuses():
    write(failing="b", code=-2)
