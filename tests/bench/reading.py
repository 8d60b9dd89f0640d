"""reading - what reading alone costs, and what a file of JSON costs: muster beside openpyxl, SheetJS and Python."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import zipfile

import measure

PYTHON = "/usr/bin/python3"


def nothing():
    pass


def timed(argv, env=None):
    return lambda: measure.seconds(argv, env)


def sheetjs(here, folder):
    """The command of SheetJS and its environment, once npm has fetched it into `folder`; None where node is missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, None
    if not (folder / "node_modules" / "xlsx").exists():
        folder.mkdir(exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "xlsx@0.18.5"], cwd=folder, check=True)
    return ["node", str(here / "peer_sheetjs_read.js")], {**os.environ, "NODE_PATH": str(folder / "node_modules")}


def workbooks(here, reader, folder, path, rounds):
    """Seconds and private memory of each reader of a workbook."""
    command, env = sheetjs(here, folder)
    commands = {
        "muster": ([str(reader), str(path)], None),
        "openpyxl": ([PYTHON, str(here / "peer_openpyxl_read.py"), str(path)], None),
    }
    if command:
        commands["SheetJS"] = ([*command, str(path)], env)
    times = measure.round_robin({name: (nothing, timed(*said)) for name, said in commands.items()}, rounds)
    return times, {name: measure.private_memory(*said) for name, said in commands.items()}


def shared_strings(path):
    """Their bytes in a workbook, without the XML around them: at least what a reader must hold."""
    with zipfile.ZipFile(path) as book:
        name = "xl/sharedStrings.xml"
        return book.getinfo(name).file_size if name in book.namelist() else 0


def csv(here, reader, path, rounds):
    return measure.round_robin(
        {
            "muster": (nothing, timed([str(reader), str(path)])),
            "Python's csv": (nothing, timed([PYTHON, str(here / "peer_csv_read.py"), str(path)])),
        },
        rounds,
    )


class JsonSite:
    """A folder with one organization and one file of JSON."""

    def __init__(self, here, muster, folder, path):
        self.folder, self.path, self.here = folder, path, here
        (folder / "organizations").mkdir()
        os.symlink(path, folder / "employees.json")
        text = (here / "acme-json.yaml").read_text(encoding="utf-8").replace("@DIR@", str(folder))
        (folder / "organizations" / "acme.yaml").write_text(text, encoding="utf-8")
        (folder / "muster.yaml").write_text(f"state: {folder}/state\n", encoding="utf-8")
        self.sync = [str(muster), "-c", str(folder), "sync", "acme", "--json"]
        self.peer = [PYTHON, str(here / "peer_json_sqlite.py"), str(path), str(folder / "peer.db")]

    def forget(self):
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def forget_peer(self):
        for path in self.folder.glob("peer.db*"):
            path.unlink()


def imported(here, muster, path, rounds):
    """Seconds and private memory of importing a file of JSON the first time, and of the same again."""
    with tempfile.TemporaryDirectory(prefix="muster-bench.") as folder:
        site = JsonSite(here, muster, pathlib.Path(folder), path)
        times = measure.round_robin(
            {
                "first": (site.forget, timed(site.sync)),
                "again": (nothing, timed([*site.sync, "--full"])),
                "peer": (site.forget_peer, timed(site.peer)),
            },
            rounds,
        )
        site.forget()
        site.forget_peer()
        return times, {
            "first": measure.private_memory(site.sync),
            "again": measure.private_memory([*site.sync, "--full"]),
            "peer": measure.private_memory(site.peer),
        }
