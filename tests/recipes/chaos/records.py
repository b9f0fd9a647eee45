"""The log of a run: who held the lock when, what went wrong, and what was done to the processes. One JSON object a line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

#: Whoever has a name that begins so is a child of the official `consul lock`.
OFFICIAL = "consul lock"


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened.

    what: a contender writes "enter", "leave" and "error". The run writes "ended" for a contender that has ended, "paused", "resumed" and
    "killed" for what it did to a process, and "calm" after its last fault. at: seconds of `now`. who: the contender. pid: of its process.
    token: the fencing token. believed: the last time at which its holder saw that it was not lost; None: never. text: for people.
    """

    what: str
    at: float
    who: str = ""
    pid: int = 0
    token: int | None = None
    believed: float | None = None
    text: str = ""


def now() -> float:
    """Return the time of all logs: seconds since the machine was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Log:
    """A file to which several processes append. Each record is one write, so records are never mixed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def write(self, record: Record) -> None:
        """Append a record."""
        used = {name: value for name, value in asdict(record).items() if value not in ("", None)}
        os.write(self._file, json.dumps(used).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def parse(lines: Iterable[str]) -> Iterator[Record]:
    """Read records."""
    return (Record(**json.loads(line)) for line in lines)
