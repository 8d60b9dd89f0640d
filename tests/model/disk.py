"""disk - what a disk holds after a power cut, out of the record that tests/model/writes.c made of a run.

What was synced is there. Of what was not, any part may be: a write to a file, a name in a folder. A write is there
whole or not at all, unless it is long: then its sectors are there one by one.
"""
import dataclasses
import os
import pathlib
import shutil
import struct

HEAD = struct.Struct("<2sIQQ")
SECTOR = 4096


@dataclasses.dataclass
class Event:
    what: str
    durable: bool
    name: str
    at: int
    data: bytes


def read(path):
    """The events of a record, in their order."""
    blob, at, events = pathlib.Path(path).read_bytes(), 0, []
    while at < len(blob):
        head, name_len, place, data_len = HEAD.unpack_from(blob, at)
        at += HEAD.size
        name = blob[at : at + name_len].decode()
        at += name_len
        events.append(Event(chr(head[0]), bool(head[1]), name, place, blob[at : at + data_len]))
        at += data_len
    return events


class Disk:
    """The files below a folder as they were before; after() makes of it what a cut leaves."""

    def __init__(self, folder, events):
        self.before = {str(path): path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        self.folders = [str(path) for path in pathlib.Path(folder).rglob("*") if path.is_dir()]
        self.folder = str(folder)
        self.events = events
        self.number()

    def number(self):
        """Gives each event the file it is about, whatever that is called at the time."""
        names = {name: nth for nth, name in enumerate(self.before)}
        self.contents = [bytearray(self.before[name]) for name in names]
        self.first = dict(names)
        self.about = []
        for event in self.events:
            if event.what == "o" and (event.at or event.name not in names):
                names[event.name] = len(self.contents)
                self.contents.append(bytearray())
            self.about.append(names.get(event.name))
            if event.what in "rl" and event.name in names:
                names[event.data.decode()] = names[event.name]
            if event.what in "ru":
                names.pop(event.name, None)

    def pending(self, cut):
        """Which of the first `cut` events no sync has made sure of: a list of their places."""
        left = []
        for nth, event in enumerate(self.events[:cut]):
            if event.what == "s":
                file, folder = self.about[nth], event.name
                left = [one for one in left if not self.covers(one, file, folder)]
            elif not event.durable and event.what != "m":
                left.append(nth)
        return left

    def covers(self, nth, file, folder):
        event = self.events[nth]
        if event.what in "wt" or (event.what == "o" and not event.at):
            return file is not None and self.about[nth] == file
        name = event.data.decode() if event.what in "rl" else event.name
        return os.path.dirname(name) == folder

    def after(self, cut, lost, torn=None):
        """Writes the folder as it is when the first `cut` events took place, but for those that were lost. `torn`: of
        this event only some sectors are there, by a function of the sector's number."""
        names = dict(self.first)
        contents = {}
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in [self.folder, *self.folders]:
            os.makedirs(folder, exist_ok=True)
        for nth, event in enumerate(self.events[:cut]):
            if event.what == "m":
                os.makedirs(event.name, exist_ok=True)
            elif nth not in lost:
                self.happens(nth, event, names, contents, torn if torn and torn[0] == nth else None)
        for name, file in names.items():
            pathlib.Path(name).write_bytes(contents.get(file, self.contents[file]))

    def happens(self, nth, event, names, contents, torn):
        file = self.about[nth]
        if event.what in "wto":
            if file is None:
                return
            held = contents.setdefault(file, bytearray(self.contents[file]))
            if event.what == "w":
                self.write(held, event, torn)
            elif event.what == "t":
                held[:] = held[: event.at].ljust(event.at, b"\0")
            elif event.at:
                names[event.name] = file
            else:
                del held[:]
        elif event.what == "r" and event.name in names:
            names[event.data.decode()] = names.pop(event.name)
        elif event.what == "l" and event.name in names:
            names[event.data.decode()] = names[event.name]
        elif event.what == "u":
            names.pop(event.name, None)

    @staticmethod
    def write(held, event, torn):
        end = event.at + len(event.data)
        if len(held) < end:
            held.extend(bytes(end - len(held)))
        if not torn:
            held[event.at : end] = event.data
            return
        for at in range(0, len(event.data), SECTOR):
            if torn[1](at // SECTOR):
                held[event.at + at : event.at + min(at + SECTOR, len(event.data))] = event.data[at : at + SECTOR]
