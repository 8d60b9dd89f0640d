import pathlib

STORES = range(101, 107)


def write(said=lambda store, stream: None, out=()):
    """Ten people in each store; the last of them works in the next store, too. `said` may put other lines in the place
    of what a store says of a stream; `out` are mailboxes that no store has any more."""
    lines = []
    for store in STORES:
        for stream in ("people", "leave"):
            lines.append(f"@ {store} {stream}")
            other = said(store, stream)
            if other is not None:
                lines += other
                continue
            if stream == "people":
                lines.append("columns Nr|First|Name|Mail|Role")
                for n in range(1, 11):
                    mail = f"p{store}{n:02}@acme.example"
                    if mail not in out:
                        lines.append(f"row {n}|Person {n}|of {store}|{mail}|staff")
                if store > STORES[0]:
                    lines.append(f"row 11|Person 10|of {store - 1}|p{store - 1}10@acme.example|guest")
            else:
                lines += ["columns Nr|From|Mail", f"row 1|2026-03-0{store % 10}|p{store}01@acme.example"]
    pathlib.Path("in/stores").write_text("\n".join(lines) + "\n", encoding="utf-8")


def well():
    write()


def some_fall():
    """One dies at once, one in the middle of its people, one with its second stream, and others fail or say less."""
    other = {
        (102, "people"): ["die"],
        (104, "people"): ["columns Nr|First|Name|Mail|Role", "row 1|Somebody|else|x@acme.example|staff", "die"],
        (105, "leave"): ["die"],
        (106, "people"): ["fail -1 store 106 does not answer"],
    }
    write(lambda store, stream: other.get((store, stream)), out=("p10305@acme.example", "p10405@acme.example"))


def well_again():
    write(out=("p10305@acme.example", "p10405@acme.example"))
