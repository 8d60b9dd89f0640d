"""measure - wall time of a whole process, private memory of a tree of processes, medians."""
import contextlib
import os
import pathlib
import statistics
import subprocess
import threading
import time


def seconds(argv, env=None, codes=(0,)):
    """How long a program takes from start to end."""
    started = time.perf_counter()
    ran = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    took = time.perf_counter() - started
    if ran.returncode not in codes:
        said = (ran.stdout + ran.stderr).decode("utf-8", "replace")[-2000:]
        raise RuntimeError(f"{argv}: exit status {ran.returncode}\n{said}")
    return took


def processor(argv, env=None, codes=(0,)):
    """The processor's seconds, its own and those of all that it started and waited for."""
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(argv, env=env, stdin=quiet, stdout=quiet, stderr=quiet)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in codes:
        raise RuntimeError(f"{argv}: exit status {child.returncode}")
    return used.ru_utime + used.ru_stime


def rounds_of(candidates, rounds):
    """`candidates`: name → (prepare, run). One round to warm up, then `rounds` that count; all take turns, so that what
    else the machine does hits all alike. Name → seconds of each round."""
    times = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, (prepare, run) in candidates.items():
            prepare()
            took = run()
            if number:
                times[name].append(took)
    return times


def summary(seconds):
    """Median, least, most."""
    return statistics.median(seconds), min(seconds), max(seconds)


def round_robin(candidates, rounds):
    """The same, each name's rounds summed up."""
    return {name: summary(seconds) for name, seconds in rounds_of(candidates, rounds).items()}


def private_memory(argv, env=None, codes=(0,)):
    """The most anonymous memory, in bytes, that the program and all it started held together, looked at every 2 ms."""
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(argv, env=env, stdin=quiet, stdout=quiet, stderr=quiet)
    most = [0]
    done = threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], sum(anonymous(process) for process in tree(child.pid)))
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = child.wait()
    done.set()
    watcher.join()
    if code not in codes:
        raise RuntimeError(f"{argv}: exit status {code}")
    return most[0]


def tree(pid):
    found, queue = [], [pid]
    while queue:
        process = queue.pop()
        found.append(process)
        with contextlib.suppress(OSError):  # it ended meanwhile
            for task in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
                queue += [int(word) for word in task.read_text().split()]
    return found


def anonymous(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:")), 0)
    except OSError:
        return 0


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        named = (line.split(":")[1].strip() for line in file if line.startswith("model name"))
        cpu = next(named, "unknown processor")
    return f"{os.cpu_count()} × {cpu}, Linux {'.'.join(os.uname().release.split('.')[:2])}"


def processors():
    """Ticks that the processors worked, and those in which somebody wanted them and the host had given them away."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq, stolen = map(int, file.readline().split()[1:9])
    return user + nice + system + irq + softirq, stolen


def withheld(before):
    """How much of what was wanted of the processors since processors() the host gave to others."""
    worked, stolen = (now - then for now, then in zip(processors(), before))
    return f"the host kept {stolen / max(1, worked + stolen):.0%} of the processors' time from this machine"
