import pathlib
import zipfile

from book import PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def fewer():
    write("in/employees.xlsx", PEOPLE[:-1])


def damaged():
    """One byte of the store's packed pages is another one."""
    packed = bytearray(pathlib.Path("acme.zip").read_bytes())
    with zipfile.ZipFile("acme.zip") as file:
        store = file.getinfo("store/data.mdb")
    packed[store.header_offset + store.compress_size // 2] ^= 0x20
    pathlib.Path("damaged.zip").write_bytes(packed)


def odd():
    """Somebody put a file in that would lie elsewhere."""
    with zipfile.ZipFile("acme.zip") as before, zipfile.ZipFile("odd.zip", "w") as after:
        for entry in before.infolist():
            after.writestr(entry.filename, before.read(entry))
        after.writestr("store/../../musterd/tokens", "x")
