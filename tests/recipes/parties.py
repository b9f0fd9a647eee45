"""Those who hand over a lock or a slot to each other: ours, the official `consul lock`, and a program with the official Go client."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.to_thread

from consulate import AsyncConsul, Consul
from tests.recipes.chaos.records import OFFICIAL, Log, Record, now

#: What `consul lock` runs.
_CHILD = Path(__file__).with_name("chaos") / "official_child.py"


@dataclass(frozen=True)
class Place:
    """Where to hold: the agent, the log, the prefix of the keys, and the limit of the semaphore; 0: a lock. consul, go: programs."""

    port: int
    log: Log
    prefix: str
    limit: int
    consul: str
    go: str

    @property
    def address(self) -> str:
        """Return the URL of the agent."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """Return what `consul lock` locks with this prefix."""
        return f"{self.prefix}/.lock"


class Party(ABC):
    """Somebody who holds when told to, and leaves when told to. It writes to the log itself. called: in the log, before a number."""

    called: str

    def __init__(self, place: Place) -> None:
        self.place = place
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()

    @abstractmethod
    def hold(self, name: str) -> None:
        """Begin to contend, with a session of this name."""

    @abstractmethod
    def leave(self) -> None:
        """Begin to give it back."""

    def await_entered(self, timeout: float) -> None:
        """Wait until it is held."""
        self._await("entered", timeout)

    def await_left(self, timeout: float) -> None:
        """Wait until it is given back."""
        self._await("left", timeout)

    def _await(self, expected: str, timeout: float) -> None:
        try:
            said = self._said.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"{type(self).__name__} did not say {expected!r} within {timeout:g} s") from None
        if said != expected:
            raise RuntimeError(f"{type(self).__name__} said {said!r}, not {expected!r}")

    @abstractmethod
    def close(self) -> None:
        """End what is left of it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class OurParty(Party):
    """Ours: in turn with threads, on asyncio and on trio."""

    called = "ours"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._kinds = cycle([None, "asyncio", "trio"])
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, name: str) -> None:
        """Begin to contend, in a thread."""
        self.close()
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(name, next(self._kinds)), daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Let the thread go on."""
        self._leave.set()

    def close(self) -> None:
        """Wait for the thread."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, name: str, backend: str | None) -> None:
        try:
            if backend is None:
                with Consul(self.place.address) as client, self._what(client, name) as held:
                    self._enter(name, held)
                    self._leave.wait()
                    self._note_leave(name)
            else:
                anyio.run(self._hold_async, name, backend=backend)
        except BaseException as error:
            self._said.put(f"{type(error).__name__}: {error}")
        else:
            self._said.put("left")

    async def _hold_async(self, name: str) -> None:
        async with AsyncConsul(self.place.address) as client, self._what(client, name) as held:
            self._enter(name, held)
            await anyio.to_thread.run_sync(self._leave.wait)
            self._note_leave(name)

    def _what(self, client: Any, name: str) -> Any:
        if self.place.limit:
            return client.semaphore(self.place.prefix, self.place.limit, name=name)
        return client.lock(self.place.key, name=name)

    def _enter(self, name: str, held: Any) -> None:
        self.place.log.write(Record("enter", now(), name, os.getpid(), held.fencing_token))
        self._said.put("entered")

    def _note_leave(self, name: str) -> None:
        at = now()
        self.place.log.write(Record("leave", at, name, os.getpid(), believed=at))


class _Program(Party):
    """A party that is a process, which prints what it does."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.process: subprocess.Popen[str] | None = None

    def start(self, *command: str) -> None:
        """Start it, and a thread that reads what it prints."""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._said.put(line.strip())
        status = process.wait()
        self.ended(status)

    def ended(self, status: int) -> None:
        """Say that it ended by itself."""
        self._said.put(f"ended with the status {status}")

    def write(self, line: str) -> None:
        """Tell it something."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def close(self) -> None:
        """Kill it, if it has not ended."""
        if self.process is not None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.kill()
            self.process.wait()


class OfficialParty(_Program):
    """The official `consul lock`, a process for each hold."""

    called = OFFICIAL

    def hold(self, name: str) -> None:
        """Start it."""
        place, limit = self.place, max(self.place.limit, 1)
        options = [f"-http-addr={place.address}", f"-name={name}", f"-n={limit}", "-shell=false", "-pass-stdin"]
        child = [sys.executable, "-S", "-E", str(_CHILD), str(place.log.path), name, "-", str(place.port), place.key]
        self.close()
        self.start(place.consul, "lock", *options, place.prefix, *child)

    def leave(self) -> None:
        """Let its child end."""
        self.write("leave")

    def ended(self, status: int) -> None:
        """It ends when it has given the lock back."""
        self._said.put("left" if status == 0 else f"ended with the status {status}")


class GoParty(_Program):
    """The Lock and the Semaphore of the official Go client, in one process."""

    called = "Go"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        key = place.prefix if place.limit else place.key
        self.start(place.go, place.address, str(place.log.path), key, str(place.limit))

    def hold(self, name: str) -> None:
        """Begin to contend."""
        self.write(f"hold {name}")

    def leave(self) -> None:
        """Begin to give it back."""
        self.write("leave")
