"""lmdb - reads from a data.mdb where each table begins, to tell whether a run wrote to it.

LMDB never writes a page in place: who changes one page of a table gets a new root for it. So a table whose record
(root page, counts of pages and entries) is the same before and after has had no page written.

    python3 -m harness.lmdb BEFORE AFTER TABLE...      exit status 1 and a line for each that was written
"""
import struct
import sys

MAGIC, HEAD, RECORD = 0xBEEFC0DE, 16, 48
BRANCH, LEAF, SUBDATA = 0x01, 0x02, 0x02
NONE = (1 << 64) - 1


def tables(path):
    """Name of each table → its record, as bytes."""
    with open(path, "rb") as file:
        size, root = newest(file)
        found = {}
        if root != NONE:
            walk(file, size, root, found)
        return found


def newest(file):
    """(page size, root of the main table) of the last transaction that was committed."""
    file.seek(0)
    first = file.read(4096)
    size = struct.unpack_from("<I", first, HEAD + 24)[0]  # the free table's padding field holds the page size
    best = None
    for page in (0, 1):
        file.seek(page * size)
        meta = file.read(HEAD + 136)
        magic, _version = struct.unpack_from("<II", meta, HEAD)
        if magic != MAGIC:
            raise ValueError("not an LMDB file")
        root = struct.unpack_from("<Q", meta, HEAD + 24 + RECORD + 40)[0]
        txn = struct.unpack_from("<Q", meta, HEAD + 24 + 2 * RECORD + 8)[0]
        if best is None or txn > best[0]:
            best = (txn, root)
    return size, best[1]


def walk(file, size, number, found):
    file.seek(number * size)
    page = file.read(size)
    flags, lower = struct.unpack_from("<HH", page, 10)
    for offset in struct.unpack_from(f"<{(lower - HEAD) // 2}H", page, HEAD):
        low, high, node_flags, key = struct.unpack_from("<HHHH", page, offset)
        if flags & BRANCH:
            walk(file, size, low | high << 16 | node_flags << 32, found)
        elif node_flags & SUBDATA:
            name = page[offset + 8 : offset + 8 + key].rstrip(b"\0").decode()
            found[name] = page[offset + 8 + key : offset + 8 + key + RECORD]


def entries(path, name):
    """How many rows a table has."""
    return struct.unpack_from("<Q", tables(path)[name], 32)[0]


def written(before, after, names):
    """Those of the tables that are not as they were; one that is nowhere is an error of the caller."""
    old, new = tables(before), tables(after)
    missing = [name for name in names if name not in new]
    if missing:
        raise KeyError(f"no table {', '.join(missing)} in {after}; there are {', '.join(sorted(new))}")
    return [name for name in names if old.get(name) != new[name]]


def main():
    found = written(sys.argv[1], sys.argv[2], sys.argv[3:])
    print("".join(f"{name} was written\n" for name in found), end="")
    return 1 if found or len(sys.argv) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
