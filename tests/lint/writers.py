"""writers - each store table has one writer, named in core/store/table.h: only that file names the table in a put."""
import pathlib
import re

import tree

TABLE = re.compile(r"^\s*TABLE\((\w+), (\w+), [01]\)", re.MULTILINE)
CALLS = r"(txn_(?:put|put_new|append|delete)|cursor_append|changeset_(?:put|delete|set))"
WRITE = re.compile(rf"(?<!void )\b{CALLS}\s*\(([^;]*);")  # `void` before it: its declaration
NAMED = re.compile(r"\bTABLE_([a-z]\w*)")
# These carry out what others have named.
CARRIERS = {"core/store/changeset.c", "core/store/remnants.c", "core/store/txn.c"}


def check(root):
    text = (root / "core/store/table.h").read_text(encoding="utf-8")
    writers = {hit[1]: hit[2] for hit in TABLE.finditer(text)}
    if not writers:
        yield "core/store/table.h:1: names no writers"
    for path in tree.files(root, "*.c", "*.h"):
        where = tree.name(root, path)
        if not where.startswith("core/"):
            continue
        code = tree.code_only(path.read_text(encoding="utf-8"))
        for hit in WRITE.finditer(code):
            line = tree.line_of(code, hit.start())
            named = NAMED.findall(hit[2])
            if not named and where not in CARRIERS:
                yield f"{where}:{line}: {hit[1]}() does not say by name which table it writes"
            for table in named:
                if pathlib.Path(where).stem != writers.get(table):
                    yield f"{where}:{line}: the table {table} is written by {writers.get(table, 'nobody')} only"


def planted(call):
    return tree.append("core/engine/planted.c", f"void f(void)\n{{\n    {call}\n}}\n")


PLANTS = [
    planted("txn_put(txn, TABLE_journal,\n            key, value);"),
    planted("changeset_set(set, TABLE_run, key, value);"),
    planted("txn_delete(txn, TABLE_unheard, key);"),
    planted("changeset_put(set, table, key, old, value);"),
    planted("cursor_append(&cursor, key, value);"),
    planted("txn_append(txn, TABLE_cursor, (struct bytes){key, 8}, value);"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS)
