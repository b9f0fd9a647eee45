"""A process of contenders, which take the lock again and again: with threads, with tasks, or by the official `consul lock`.

Each ends when it has held the lock once more after the file that says that nothing happens any more was there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import anyio

from consul_proto.errors import ConsulateException, LockFailure, LockLost
from consulate import AsyncConsul, Consul
from consulate.recipes.held import AsyncHeld, Held
from tests.recipes.chaos.records import Log, Record, now

#: The key that everybody locks: `consul lock chaos` adds the rest.
KEY = "chaos/.lock"

#: Seconds: how often a holder looks whether it has lost the lock, and how long a contender waits after an error.
_LOOK, _AFTER_ERROR = 0.02, 0.3

#: Seconds that an official contender waits at most between two attempts: its sessions live long, so it should not hold the lock too often.
_OFFICIAL_PAUSE = 8.0


class Contender:
    """What all contenders share: when to end, how long to hold, how to create the session, and what to log. kind: of the process."""

    def __init__(self, options: argparse.Namespace, log: Log, name: str) -> None:
        self.options, self.log, self.name = options, log, name
        self.random = Random(f"{options.seed} {name}")
        #: Half of them have a session that also ends when the agent counts as failed.
        self.lock = {"ttl": options.ttl, "delay": options.delay, "checks": self.random.choice(([], None)), "name": name}
        self._is_last = self._has_held = False

    def goes_on(self) -> bool:
        """Return whether to contend again."""
        if self._is_last and self._has_held:
            return False
        self._is_last, self._has_held = Path(self.options.calm).exists(), False
        return True

    def seconds(self, *, is_long: bool = True) -> float:
        """Return for how long to hold the lock. is_long: now and then for longer than the TTL."""
        return self.options.ttl * 1.5 if is_long and self.random.random() < self.options.long else self.random.uniform(0.05, 0.25)

    def held(self, *, was_lost: bool = False) -> None:
        """Note that the lock was held, to the end."""
        self._has_held = not was_lost

    def failed(self, error: BaseException) -> None:
        """Log an error that a user would see."""
        self.log.write(Record("error", now(), self.name, os.getpid(), text=f"{type(error).__name__}: {str(error)[:150]}"))


class Block:
    """Somebody's time with the lock, as the log needs it. The order of reading the clock and looking errs on the safe side."""

    def __init__(self, contender: Contender, held: Held | AsyncHeld) -> None:
        self._contender, self._held = contender, held
        self._believed: float | None = None
        begun = now()
        self._end = begun + contender.seconds()
        self.goes_on = self.look()
        self._write("enter", begun, token=held.fencing_token)

    def look(self) -> bool:
        """Look whether the lock is lost, and note when it was not. Return whether to hold it any longer."""
        at = now()
        if self._held.lost.is_set():
            return False
        self._believed = at
        return at < self._end

    def leave(self) -> None:
        """Log that the block ends."""
        at, is_lost = now(), self._held.lost.is_set()
        self._write("leave", at, believed=self._believed, text="lost" if is_lost else "")
        self._contender.held(was_lost=is_lost)

    def _write(self, what: str, at: float, *, token: int | None = None, believed: float | None = None, text: str = "") -> None:
        self._contender.log.write(Record(what, at, self._contender.name, os.getpid(), token, believed, text))


def contend(client: Consul, contender: Contender) -> None:
    """Contend, in a thread."""
    while contender.goes_on():
        try:
            with client.lock(KEY, **contender.lock) as held:
                block = Block(contender, held)
                while block.goes_on and block.look():
                    time.sleep(_LOOK)
                block.leave()
        except LockLost:
            contender.held(was_lost=True)
        except (ConsulateException, LockFailure) as error:
            contender.failed(error)
            time.sleep(_AFTER_ERROR)


async def contend_async(client: AsyncConsul, contender: Contender) -> None:
    """Contend, in a task."""
    while contender.goes_on():
        try:
            async with client.lock(KEY, **contender.lock) as held:
                block = Block(contender, held)
                while block.goes_on and block.look():  # noqa: ASYNC110 - a holder that works, and looks now and then
                    await anyio.sleep(_LOOK)
                block.leave()
        except LockLost:
            contender.held(was_lost=True)
        except (ConsulateException, LockFailure) as error:
            contender.failed(error)
            await anyio.sleep(_AFTER_ERROR)


def _destroy_sessions(contender: Contender) -> None:
    """Destroy what `consul lock` left behind when the agent or the leader was killed: it would keep the lock for 45 seconds and more."""
    with Consul(contender.options.address, timeout=5) as client, suppress(ConsulateException):
        for session in client.session.list():
            if session["Name"] == contender.name:
                client.session.destroy(session["ID"])


def contend_officially(contender: Contender) -> None:
    """Contend by the official command, which runs a process while it holds the lock."""
    options = contender.options
    child = [sys.executable, "-S", "-E", str(Path(__file__).with_name("official_child.py")), options.log, contender.name]
    prefix = KEY.removesuffix("/.lock")
    while contender.goes_on():
        _destroy_sessions(contender)
        port = options.address.rpartition(":")[2]
        command = [options.consul, "lock", f"-http-addr={options.address}", f"-name={contender.name}", "-shell=false", prefix]
        done = subprocess.run([*command, *child, f"{contender.seconds(is_long=False):.3f}", port, KEY], capture_output=True, text=True)
        contender.log.write(Record("ended", now(), contender.name))
        contender.held(was_lost=done.returncode != 0)
        if done.returncode:
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            contender.failed(RuntimeError(lines[0] if lines else f"status {done.returncode}"))
        time.sleep(contender.random.uniform(_AFTER_ERROR, _OFFICIAL_PAUSE))


def _run_threads(contenders: list[Contender]) -> None:
    with Consul(contenders[0].options.address) as client:
        _join([partial(contend, client, contender) for contender in contenders])


def _join(jobs: list[partial[None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def _run_tasks(contenders: list[Contender]) -> None:
    async with AsyncConsul(contenders[0].options.address) as client, anyio.create_task_group() as group:
        for contender in contenders:
            group.start_soon(contend_async, client, contender)


KINDS: dict[str, Callable[[list[Contender]], None]] = {
    "sync": _run_threads,
    "asyncio": lambda contenders: anyio.run(_run_tasks, contenders, backend="asyncio"),
    "trio": lambda contenders: anyio.run(_run_tasks, contenders, backend="trio"),
    "official": lambda contenders: _join([partial(contend_officially, contender) for contender in contenders]),
}


def main() -> int:
    """Run the contenders of one process."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("kind", choices=KINDS)
    reader.add_argument("names", nargs="+")
    for name in ("address", "log", "calm", "seed", "consul"):
        reader.add_argument(f"--{name}", required=True)
    for name in ("ttl", "delay", "long"):
        reader.add_argument(f"--{name}", type=float, required=True)
    options = reader.parse_args()
    log = Log(Path(options.log))
    KINDS[options.kind]([Contender(options, log, name) for name in options.names])
    log.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
