"""includes - holds the table in tests/lint/includes (who may include whom) against the code."""
import fnmatch
import re

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*(<|")([^>"]+)[>"]', re.MULTILINE)
TABLE = "tests/lint/includes"
LIBC = set(
    """assert cpuid ctype dirent dlfcn elf endian errno fcntl fnmatch ftw getopt glob grp iconv immintrin
    inttypes langinfo limits link locale math netdb poll pthread pwd sched semaphore setjmp signal
    spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings
    syslog termios threads time ucontext unistd wchar wctype""".split()
)
LIBC_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/", "asm/")


def read_table(root):
    """Folder → what it may include; pattern of a header → its library."""
    rooms, headers = {}, []
    for line in (root / TABLE).read_text(encoding="utf-8").splitlines():
        head, colon, rest = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        if head.startswith("header "):
            headers.append((head.split()[1], rest.strip()))
        else:
            rooms[head] = set(rest.split())
    return rooms, headers


def room_of(path, rooms):
    """The folder of the table that a path lies in; each plugin is a room for itself, all under one line."""
    return next((room for room in sorted(rooms, key=len, reverse=True) if path.startswith(room + "/")), None)


def target_of(root, where, mark, what, headers):
    """(library or path that an include means, sentence when it means nothing)."""
    if mark == "<":
        library = next((library for pattern, library in headers if fnmatch.fnmatch(what, pattern)), None)
        if library:
            return library, None
        if what.startswith(LIBC_FOLDERS) or what.removesuffix(".h") in LIBC:
            return None, None
        return None, f"<{what}> belongs to no library of the table in {TABLE}"
    if where.startswith("core/"):
        candidates = [f"core/{what}"]
    else:
        beside = (root / where).parent.joinpath(what).resolve().relative_to(root.resolve())
        candidates = [str(beside), f"sdk/kit/{what}"]
    for candidate in candidates:
        if (root / candidate).is_file():
            return candidate, None
    return None, f'"{what}" is not there: include from core/ down'


def check(root):
    rooms, headers = read_table(root)
    for path in tree.files(root, "*.c", "*.h", "*.def"):
        where = tree.name(root, path)
        if where.startswith("tests/"):
            continue
        room = room_of(where, rooms)
        code = tree.without_comments(path.read_text(encoding="utf-8"))
        if not room:
            yield f"{where}:1: its folder is not in {TABLE}"
            continue
        for hit in INCLUDE.finditer(code):
            line = tree.line_of(code, hit.start(2))
            target, sentence = target_of(root, where, hit[1], hit[2], headers)
            if sentence:
                yield f"{where}:{line}: {sentence}"
            elif target and not allowed(where, room, target, rooms):
                yield f"{where}:{line}: {room} may not include {hit[2]} ({target})"


def allowed(where, room, target, rooms):
    if target in rooms[room]:
        return True
    other = room_of(target, rooms)
    if target.endswith("_inside.h") and other != room:  # what the files of one subject share
        return False
    if other == "plugins":  # one plugin is no part of another
        return where.split("/")[:2] == target.split("/")[:2]
    return other is not None and (other == room or other in rooms[room])


PLANTS = [
    tree.append("core/base/planted.c", '#include "model/model.h"\n'),
    tree.append("core/base/planted.c", "#include <lmdb.h>\n"),
    tree.append("core/host/planted.c", '#include "lane/lane.h"\n'),
    tree.append("core/model/planted.h", "#include <unheard-of.h>\n"),
    tree.append("core/model/planted.h", '#include "nowhere.h"\n'),
    tree.append("plugins/sheet/planted.c", '#include "../../core/base/text.h"\n'),
    tree.append("sdk/include/muster/planted.h", "#include <jansson.h>\n"),
    tree.append("core/acts/planted.c", '#include "engine/stage_inside.h"\n'),
    tree.append("core/newroom/planted.c", "#include <stdio.h>\n"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS)
