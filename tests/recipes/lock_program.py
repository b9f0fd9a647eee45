"""Hold a lock in a process that stops or forks: `python -m tests.recipes.lock_program stop|fork KIND ADDRESS TTL`."""

# ruff: noqa: T201 - the test reads what this prints

from __future__ import annotations

import os
import signal
import subprocess
import sys

import anyio

from consulate import AsyncConsul, Consul
from consulate.exceptions import LockLost


def stop_for(seconds: float) -> None:
    """Stop this process for a while, as SIGSTOP and SIGCONT do."""
    waker = subprocess.Popen(
        [sys.executable, "-c", f"import os,time; time.sleep({seconds}); os.kill({os.getpid()}, {int(signal.SIGCONT)})"]
    )
    os.kill(os.getpid(), signal.SIGSTOP)
    waker.wait()


def stop_threads(address: str, ttl: float) -> None:
    with Consul(address) as consul, consul.lock("k", ttl=ttl) as held:
        print("lost" if held.lost.is_set() else "held")
        stop_for(ttl * 2)
        print("lost" if held.lost.is_set() else "held")


async def stop_tasks(address: str, ttl: float) -> None:
    async with AsyncConsul(address) as consul, consul.lock("k", ttl=ttl) as held:
        print("lost" if held.lost.is_set() else "held")
        stop_for(ttl * 2)
        print("lost" if held.lost.is_set() else "held")


def fork(address: str, ttl: float) -> None:
    with Consul(address) as consul:
        try:
            with consul.lock("k", ttl=ttl) as held:
                sys.stdout.flush()
                if (child := os.fork()) == 0:
                    print("child:lost" if held.lost.is_set() and held.lost.wait(0) else "child:held")
                else:
                    os.waitpid(child, 0)
                    print("parent:lost" if held.lost.is_set() else "parent:held")
        except LockLost:
            print("child:LockLost")
            with consul.lock("another", ttl=ttl) as held:
                print("child:lost" if held.lost.is_set() else "child:fresh")
            sys.stdout.flush()
            os._exit(0)
    print("parent:done")


def main(what: str, kind: str, address: str, ttl: str) -> None:
    try:
        if what == "fork":
            fork(address, float(ttl))
        elif kind == "threads":
            stop_threads(address, float(ttl))
        else:
            anyio.run(stop_tasks, address, float(ttl), backend=kind)
    except LockLost as error:
        print(type(error).__name__)


if __name__ == "__main__":
    main(*sys.argv[1:])
