import pathlib


def says(*rows, claim=""):
    lines = ["columns Nr|Name", *(f"row {row}" for row in rows), *([claim] if claim else [])]
    pathlib.Path("in/api").write_text("\n".join(lines) + "\n", encoding="utf-8")


def all_of_them():
    says("1|Vos", "2|Bos", "3|Mol")


def what_changed():
    says("1|Vos-Smit", claim="changes")


def nothing_changed():
    says(claim="changes")


def all_but_one():
    says("1|Vos-Smit", "2|Bos")
