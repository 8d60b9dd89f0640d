"""earlier - muster of another commit, built beside today's, and both on the same workbook."""
import pathlib
import subprocess

import measure


def build(source, folder, commit):
    """Builds that commit for release in `folder`, which is kept, and says where it is installed."""
    prefix = pathlib.Path(folder) / "installed"
    if (prefix / "bin" / "muster").exists():
        return prefix
    tree = pathlib.Path(folder) / "tree"
    tree.mkdir(parents=True)
    with open(folder / "build.log", "w", encoding="utf-8") as log:
        packed = subprocess.run(["git", "-C", source, "archive", commit], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=packed, check=True)
        steps = (["./autogen.sh"], ["./configure", f"--prefix={prefix}", "CFLAGS=-O2 -g"], ["make", "-j2", "install"])
        for step in steps:
            subprocess.run(step, cwd=tree, check=True, stdout=log, stderr=log)
    return prefix


def again(sites, rounds):
    """What the same again takes, all `sites` (name → site) taking turns; name → (seconds of the clock, of the
    processor), of each round."""
    for site in sites.values():
        measure.seconds(site.sync())
    candidates = {}
    for name, site in sites.items():
        words = site.sync("--full")
        candidates[name, "clock"] = (lambda: None, lambda words=words: measure.seconds(words))
        candidates[name, "processor"] = (lambda: None, lambda words=words: measure.processor(words))
    found = measure.rounds_of(candidates, rounds)
    return {name: (found[name, "clock"], found[name, "processor"]) for name in sites}
