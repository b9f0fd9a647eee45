"""Fork while a client is in use: `python -m tests.concurrency.fork_program threads ADDRESS`, or `tasks`. `test_fork.py` runs this.

With threads, three blocking queries wait, and the program forks when it reads a line. Both sides check every answer.
"""

# ruff: noqa: T201 - the test reads what this prints

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import anyio

from consulate import AsyncConsul, Consul, Limits
from tests.concurrency.echo_server import value_of
from tests.concurrency.mixed_calls import calls
from tests.concurrency.threads import run_in_threads

PARKED = 3


def check(consul: Consul, who: str) -> None:
    """Make calls in four threads, and check that each answer belongs to its call."""

    def work(number: int) -> None:
        for call in calls(f"{who}{number}", 50):
            call.check(call.start(consul))

    run_in_threads(4, work)


async def check_tasks(consul: AsyncConsul, who: str) -> None:
    """Make calls one after the other, on one connection."""
    for call in calls(who, 50):
        call.check(await call.start(consul))


def fork_and_run(work: Callable[[str], None]) -> None:
    """Fork, run `work` on both sides at once, and print how the child ended."""
    child = os.fork()
    if child == 0:
        try:
            work("child")
        except BaseException as error:
            print(f"child: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    try:
        work("parent")
    finally:
        _, status = os.waitpid(child, 0)
        print(f"child ended with {os.waitstatus_to_exitcode(status)}", flush=True)


def threads(address: str) -> None:
    """Fork while three threads wait for an answer each."""
    consul = Consul(address, limits=Limits(connections=4, blocking=4))
    check(consul, "before")

    def query(number: int) -> None:
        assert consul.kv.get(f"q{number}", index=1, wait="60s") == value_of(f"q{number}")

    with run_in_threads.background(PARKED, query):
        sys.stdin.readline()
        fork_and_run(lambda who: check(consul, who))
        sys.stdin.readline()
    check(consul, "after")
    consul.close()


def tasks(address: str) -> None:
    """Fork between two event loops, with an idle connection: once for a child alone, once for both sides at once."""
    consul = AsyncConsul(address, timeout=5)
    anyio.run(check_tasks, consul, "before")
    fork_and_run(lambda who: anyio.run(check_tasks, consul, who) if who == "child" else None)
    sys.stdin.readline()
    fork_and_run(lambda who: anyio.run(check_tasks, consul, who))
    anyio.run(check_tasks, consul, "after")
    anyio.run(consul.close)


if __name__ == "__main__":
    (threads if sys.argv[1] == "threads" else tasks)(sys.argv[2])
    print("parent ended", flush=True)
