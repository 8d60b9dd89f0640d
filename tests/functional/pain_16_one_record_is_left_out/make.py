import pathlib

NAMES = {"1": "Vos", "2": "Bos", "3": "Mol", "4": "Kok", "5": "Smit", "6": "Berg", "7": "Haan", "8": "Prins"}


def write(numbers, **does):
    """North has these people, south one. What the connector does when it looks at one of north's: p3="die"."""
    lines = ["@ north rows"]
    for number in numbers:
        record = f'json {number} {{"no": "{number}", "name": "{NAMES[number]}"}}'
        lines.append(f"take {number} {does.get('p' + number, record)}")
    lines += ["@ south rows", 'take 9 json 9 {"no": "9", "name": "Zand"}']
    pathlib.Path("in/list").write_text("\n".join(lines) + "\n", encoding="utf-8")


def well():
    write("12356")


def two_are_poison():
    write("123456", p3="die", p5="hang")


def mended():
    write("123456")


def it_dies_behind_one():
    """Nobody can tell of what: the one before was given already, and the next not yet taken up."""
    write("123456")
    path = pathlib.Path("in/list")
    path.write_text(path.read_text(encoding="utf-8").replace("take 4", "die\ntake 4"), encoding="utf-8")


def all_are_poison():
    write("12345678", **{f"p{number}": "die" for number in "345678"})
