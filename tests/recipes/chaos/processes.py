"""The processes of the contenders: start them, stop holders for a while, wait until all have ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.agents import Binary
from tests.recipes.chaos.records import OFFICIAL, Log, Record, now, parse

_ROOT = Path(__file__).parents[3]

#: The kinds of processes of ours, and how many of each there are.
_KINDS, _PROCESSES = ("sync", "asyncio", "trio"), 2

#: Seconds within which everybody must have had the lock once more, after all faults have ended.
_PATIENCE = 180.0


def groups(each: int, official: int) -> list[tuple[str, list[str]]]:
    """Return the kind of each process, and the names of its contenders. each: how many in a process of ours."""
    ours = [
        (kind, [f"{kind} {process}.{number}" for number in range(1, each + 1)]) for kind in _KINDS for process in range(1, _PROCESSES + 1)
    ]
    return [*ours, ("official", [f"{OFFICIAL} {number}" for number in range(1, official + 1)])] if official else ours


class Crowd:
    """All contenders, in several processes. names, ours: what all of them, and those of ours, are called.

    who: see `groups`. ttl, delay: of our sessions. long: how often somebody holds the lock for longer than the TTL.
    """

    def __init__(
        self,
        who: list[tuple[str, list[str]]],
        binary: Binary,
        address: str,
        log: Log,
        *,
        ttl: float,
        delay: float,
        seed: int,
        long: float,
    ) -> None:
        self._groups = who
        self._calm = log.path.with_name("calm")
        self._options = [f"--address={address}", f"--log={log.path}", f"--calm={self._calm}", f"--seed={seed}"]
        self._options += [f"--ttl={ttl}", f"--delay={delay}", f"--long={long}", f"--consul={binary.path}"]
        self.ours = [name for kind, names in who for name in names if kind != "official"]
        self.names = [name for _, names in who for name in names]
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the processes. Each leads a group, since `consul lock` starts more."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSUL_")}
        environment = {**kept, "PYTHONPATH": str(_ROOT)}
        for kind, names in self._groups:
            command = [sys.executable, "-m", "tests.recipes.chaos.workers", kind, *names, *self._options]
            self._processes.append(subprocess.Popen(command, env=environment, start_new_session=True))

    def finish(self) -> list[str]:
        """Let everybody take the lock once more, and wait until all have ended. Return which processes failed."""
        self._calm.touch()
        deadline = time.monotonic() + _PATIENCE
        failed: list[str] = []
        for (kind, names), process in zip(self._groups, self._processes, strict=True):
            try:
                status = process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                failed.append(f"the {kind} process of {names[0]} did not end within {_PATIENCE:g} s")
            else:
                failed += [f"the {kind} process of {names[0]} ended with the status {status}"] if status else []
        return failed

    def kill(self) -> None:
        """Kill what is left."""
        for process in self._processes:
            _kill(process)

    def kill_one(self, pid: int) -> None:
        """Kill the process with this ID."""
        _kill(next(process for process in self._processes if process.pid == pid))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and those that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Pauser:
    """Stops holders of ours with SIGSTOP until others have taken over.

    count: how often, spread over this many seconds. longest: how many seconds a pause lasts at most; least: and at least.
    """

    def __init__(self, log: Log, count: int, seconds: float, longest: float, least: float) -> None:
        self._log = log
        self._count, self._seconds = count, seconds
        self._longest, self._least = longest, least * 1.1
        self._stopped = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it, in a thread."""
        try:
            begun = time.monotonic()
            for number in range(self._count):
                self._stopped.wait(begun + self._seconds * number / self._count - time.monotonic())
                while not (self._stopped.is_set() or self._pause()):
                    pass
        except BaseException as error:
            self._error = error

    def stop(self) -> None:
        """Stop no more holders."""
        self._stopped.set()

    def check(self) -> None:
        """Raise what ended it."""
        if self._error is not None:
            raise self._error

    def _pause(self) -> bool:
        """Stop the next holder of ours, and resume it later. Return False if it had left before it was stopped."""
        with self._log.path.open() as lines:
            lines.seek(0, os.SEEK_END)
            news = self._follow(lines)
            held = next((record for record in news if record.what == "enter" and not record.who.startswith(OFFICIAL)), None)
            if held is None:
                return False
            self._log.write(Record("paused", now(), held.who, held.pid))
            os.kill(held.pid, signal.SIGSTOP)
            try:
                return self._wait(held, news)
            finally:
                self._log.write(Record("resumed", now(), held.who, held.pid))
                os.kill(held.pid, signal.SIGCONT)

    def _wait(self, held: Record, news: Iterator[Record]) -> bool:
        """Wait until somebody else holds the lock, but at least for longer than the TTL."""
        end = held.at + self._longest
        for record in news:
            if record.who == held.who and record.what == "leave":
                return False
            if record.what == "enter" and record.who != held.who:
                print(f"  stopped {held.who}; {record.who} took over after {record.at - held.at:.1f} s", flush=True)
                break
            if now() > end:
                break
        self._stopped.wait(max(0.0, held.at + self._least - now()))
        return True

    def _follow(self, lines: object) -> Iterator[Record]:
        """Return what is written to the log from now on, and an empty record now and then."""
        rest = ""
        while not self._stopped.is_set():
            rest += lines.read()  # type: ignore[attr-defined] # a text file
            *whole, rest = rest.split("\n")
            yield from parse(whole)
            yield Record("", now())
            self._stopped.wait(0.005)
