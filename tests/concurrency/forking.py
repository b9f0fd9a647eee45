"""A program that forks while a client is in use: `python -m tests.concurrency.forking ADDRESS`. Run by test_fork.py.

It parks three blocking queries, forks when it reads a line, and checks every answer on both sides.
"""

# ruff: noqa: T201 - the test reads what this prints

from __future__ import annotations

import os
import sys

from consulate import Consul, Limits
from tests.concurrency.echo_server import value_of
from tests.concurrency.mixed_calls import calls
from tests.concurrency.working import in_threads

PARKED = 3


def check(consul: Consul, who: str) -> None:
    """Four threads make calls, and each answer must belong to its call."""

    def work(number: int) -> None:
        for call in calls(f"{who}{number}", 50):
            call.check(call.start(consul))

    in_threads(4, work)


def child(consul: Consul) -> int:
    """What the child does; its exit status."""
    try:
        check(consul, "child")
        consul.close()
    except BaseException as error:
        print(f"child: {error!r}", flush=True)
        return 1
    return 0


def main(address: str) -> None:
    """Fork, and wait for the child."""
    consul = Consul(address, limits=Limits(connections=4, blocking=4))
    check(consul, "before")

    def query(number: int) -> None:
        assert consul.kv.get(f"q{number}", index=1, wait="60s") == value_of(f"q{number}")

    with in_threads.background(PARKED, query):
        sys.stdin.readline()
        forked = os.fork()
        if forked == 0:
            os._exit(child(consul))
        check(consul, "parent")
        _, status = os.waitpid(forked, 0)
        print(f"child ended with {os.waitstatus_to_exitcode(status)}", flush=True)
        sys.stdin.readline()
    check(consul, "after")
    consul.close()
    print("parent ended", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
