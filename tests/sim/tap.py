#!/usr/bin/python3 -IS
"""tap - a program that speaks Singer as its specification (0.3.0) says it: written from that, not from our connector.

Its configuration names a world, a JSON file: `streams` are tables with rows, told properly; `say` is what is written
word for word instead, to see who can bear it; `try` are things that a program behind a fence must not be able to do."""
import argparse
import json
import os
import signal
import sys
import time


def say(message):
    print(json.dumps(message), flush=True)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def metadata(entry, *breadcrumb):
    for item in entry.get("metadata", []):
        if tuple(item["breadcrumb"]) == breadcrumb:
            return item["metadata"]
    return {}


def entry_of(name, stream):
    about = {"table-key-properties": stream["key"]}
    if "forced" in stream:
        about["forced-replication-method"] = stream["forced"]
    fields = [{"breadcrumb": ["properties", field],
               "metadata": {"inclusion": "automatic" if field in stream["key"] else "available"}}
              for field in stream["schema"]["properties"]]
    return {"tap_stream_id": name, "stream": name, "key_properties": stream["key"], "schema": stream["schema"],
            "metadata": [{"breadcrumb": [], "metadata": about}, *fields]}


def wanted(entry, field):
    said = metadata(entry, "properties", field)
    return said.get("inclusion") == "automatic" or said.get("selected", False)


def sync(world, catalog, state):
    bookmarks = state.setdefault("bookmarks", {})
    for entry in catalog["streams"]:
        name, about = entry["tap_stream_id"], metadata(entry)
        stream = world["streams"][name]
        if not about.get("selected"):
            continue
        full = about.get("forced-replication-method", about.get("replication-method")) == "FULL_TABLE"
        by = None if full else stream["by"]
        since = bookmarks.get(name, {}).get(by, "")
        say({"type": "SCHEMA", "stream": name, "schema": stream["schema"], "key_properties": stream["key"]})
        for row in stream["rows"]:
            if by and row[by] < since:
                continue
            row = {field: value for field, value in row.items() if wanted(entry, field)}
            message = {"type": "RECORD", "stream": name, "record": row, "time_extracted": "2026-03-02T06:30:00.000Z"}
            if stream.get("version"):
                message["version"] = stream["version"]
            say(message)
            if by:
                bookmarks.setdefault(name, {})[by] = row[by]
                say({"type": "STATE", "value": state})
        if stream.get("version"):
            say({"type": "ACTIVATE_VERSION", "stream": name, "version": stream["version"]})


def outcome(what, attempt):
    try:
        return f"{what} {attempt()}"
    except OSError as why:
        return f"{what} refused ({type(why).__name__})"


def attempts(world, config_path):
    """What of it came off."""
    import socket
    import subprocess
    other, kept = world["others"], os.environ.get("HOME", "/")
    tries = {
        "passwords": lambda: open("/etc/shadow", "rb").read(1),
        "others": lambda: os.listdir(other),
        "beside": lambda: open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "planted"), "wb").close(),
        "host": lambda: open("/proc/1/environ", "rb").read(1),
        "kill": lambda: os.kill(os.getppid(), signal.SIGTERM),
        "leave": os.setsid,
        "socket": lambda: socket.create_connection(("127.0.0.1", world["port"]), 2).close(),
        "config": lambda: open(config_path, "r+b", 0).write(b"x"),
    }
    yield from (outcome(name, tried) for name, tried in tries.items())
    yield "descriptors " + " ".join(str(fd) for fd in range(3, 100) if os.path.exists(f"/proc/self/fd/{fd}"))
    yield "variables " + " ".join(sorted(os.environ))
    with open(os.path.join(kept, "own"), "w", encoding="utf-8") as file:
        file.write("mine")
    yield "own " + subprocess.run(["/bin/cat", os.path.join(kept, "own")], capture_output=True, check=False,
                                  text=True).stdout


def literally(lines):
    """A text is a line; a list is something to do."""
    for line in lines:
        if isinstance(line, str):
            sys.stdout.buffer.write(line.encode("latin-1"))
        elif line[0] == "log":
            print(line[1], file=sys.stderr, flush=True)
        elif line[0] == "long":
            sys.stdout.buffer.write(b'{"type": "RECORD", "stream": "people", "record": {"id": "')
            for _ in range(line[1]):
                sys.stdout.buffer.write(b"x" * (1 << 20))
        elif line[0] == "exit":
            sys.stdout.flush()
            sys.exit(line[1])
        elif line[0] == "crash":
            sys.stdout.flush()
            os.abort()
        elif line[0] == "fill":  # in a folder of a folder, that only programs can make
            os.makedirs(os.path.join(os.environ["HOME"], "deep/deeper"))
            for number in range(line[1]):
                with open(os.path.join(os.environ["HOME"], f"deep/deeper/{number}"), "wb") as file:
                    os.posix_fallocate(file.fileno(), 0, 16 << 20)
        elif line[0] == "spread":
            for _ in range(line[1]):
                if os.fork() == 0:
                    while True:
                        time.sleep(100)
        elif line[0] == "hang":
            sys.stdout.flush()
            with open(line[1], "w", encoding="utf-8") as file:
                file.write(str(os.getpid()))
            while True:
                time.sleep(100)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--catalog")
    parser.add_argument("--state")
    parser.add_argument("--discover", action="store_true")
    words = parser.parse_args()
    config = load(words.config)
    world = load(config["world"])
    if "password" in world and config.get("auth", {}).get("password") != world["password"]:
        print("CRITICAL 401 Client Error: Unauthorized", file=sys.stderr)
        sys.exit(1)
    if words.discover:
        say({"streams": [entry_of(name, stream) for name, stream in world["streams"].items()]})
    elif "say" in world:
        literally(world["say"])
    elif "try" in world:
        say({"type": "SCHEMA", "stream": "people", "schema": {"properties": {}}, "key_properties": ["id"]})
        for number, text in enumerate(attempts(world, words.config)):
            say({"type": "RECORD", "stream": "people", "record": {"id": number, "name": text}})
    else:
        sync(world, load(words.catalog), load(words.state) if words.state else {})


main()
