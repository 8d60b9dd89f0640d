"""headers - every header compiles alone; those for vendors also as C++ and with every warning."""
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import tree

LIBRARIES = "jansson libutf8proc libxxhash libsodium libfyaml libpcre2-8 libssh2 libxml-2.0 libzip libseccomp cmocka"


def flags():
    asked = subprocess.run(["pkg-config", "--cflags", *LIBRARIES.split()], capture_output=True, text=True, check=False)
    return asked.stdout.split()


def check(root):
    libraries = flags()
    configured = ["-include", "config.h", "-I", os.environ["BUILD"]] if "BUILD" in os.environ else ["-D_GNU_SOURCE"]
    sdk = [word for folder in ("include", "reader", "kit") for word in ("-I", f"sdk/{folder}")]
    ours = ["gcc", "-x", "c", "-std=gnu11", "-I", "core", *sdk, *configured, *libraries]
    vendor = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", "sdk/include"]
    work = []
    for path in tree.files(root, "*.h"):
        where = tree.name(root, path)
        if where == "tests/unit/unit.h" and "cmocka" not in " ".join(os.listdir("/usr/include")):
            continue
        if where.startswith(("sdk/include/", "sdk/reader/")):
            work.append((where, ["gcc", "-x", "c", "-std=c11", *vendor]))
            work.append((where, ["g++", "-x", "c++", "-std=c++11", *vendor]))
        elif where.startswith("plugins/"):
            work.append((where, [*ours, "-I", str(pathlib.Path(where).parent)]))
        else:
            work.append((where, ours))
    with ThreadPoolExecutor(max_workers=2) as pool:
        for complaint in pool.map(lambda item: compile_alone(root, *item), work):
            if complaint:
                yield complaint


def compile_alone(root, where, compiler):
    """One empty source that includes nothing else, as a vendor's would be."""
    source = f'#include "{where}"\nextern int nothing;\n'
    argv = [*compiler, "-fsyntax-only", "-I", ".", "-"]
    ran = subprocess.run(argv, cwd=root, input=source, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return None
    said = next((line for line in ran.stderr.splitlines() if "error" in line), ran.stderr.strip())
    return f"{where}:1: does not compile alone with {compiler[0]}: {said}"


PLANTS = [
    tree.append("core/base/planted.h", "size_t planted(void);\n"),
    tree.append("sdk/include/muster/planted.h", "#include <stdint.h>\nenum { PLANTED = 1 } new;\n"),
    tree.append("sdk/include/muster/planted.h", "struct planted {};\n"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS, alone=True)
