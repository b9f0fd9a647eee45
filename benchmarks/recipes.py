"""Measure the recipes on real agents: how soon the next one has a lock, and what a thousand held locks cost.

    CONSUL_BINS=/path/to/consul python -m benchmarks.recipes
    CONSUL_BINS=/path/to/consul python -m benchmarks.recipes --only release --seconds 60

release: 31 contenders in six processes (threads, asyncio and trio) on a cluster of three servers and a client agent; from the end of a
holder's block until the next one has the lock: two writes of Consul's, and what wakes a waiter. crash: the process of the holder is killed.
held: a thousand locks on one client of an agent in development mode, at rest. Each target says whether it is met; others' load counts.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import anyio

from benchmarks.machine import describe, find_cores
from consul_proto.recipes.lock import worst_case_takeover
from consulate import AsyncConsul, Consul
from tests.agents import Binary, find_binaries, start_agent
from tests.recipes.chaos.cluster import start_cluster
from tests.recipes.chaos.processes import Crowd, groups
from tests.recipes.chaos.records import Log, Record, now, parse
from tests.recipes.chaos.verdict import Hold, find_holds

#: Seconds: the TTL and the lock delay while takeovers are measured.
_TTL, _DELAY = 5.0, 5.0

#: The targets: milliseconds until the next one has the lock; seconds above the worst case after a crash; threads for a thousand locks.
_RELEASE, _CRASH, _THREADS = 50.0, 1.0, 8

#: The TTL of locks that are held at rest, in seconds.
_LONG_TTL = 30.0


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "NOT MET"


def _percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, math.ceil(share * len(times)) - 1)]


@contextmanager
def _crowd(binary: Binary) -> Iterator[tuple[Crowd, Log]]:
    """Start a cluster and its contenders."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recipes-")))
        log = Log(folder / "log")
        stack.callback(log.close)
        cluster = stack.enter_context(start_cluster(binary, least_ttl=_TTL))
        who = groups(5, 0)
        who[0][1].append("sync 1.6")
        crowd = Crowd(who, binary, cluster.address, log, ttl=_TTL, delay=_DELAY, seed=0, long=0)
        stack.callback(crowd.kill)
        crowd.start()
        yield crowd, log


def _read(log: Log) -> list[Record]:
    with log.path.open() as lines:
        return list(parse(line for line in lines if line.endswith("\n")))


def _await_everybody(crowd: Crowd, log: Log) -> float:
    """Wait until everybody has held the lock once, so that all are there. Return the time."""
    while {record.who for record in _read(log)} != set(crowd.names):
        time.sleep(0.5)
    return now()


def measure_release(binary: Binary, seconds: float) -> None:
    """Measure takeovers after clean releases, for some seconds."""
    with _crowd(binary) as (crowd, log):
        begun = _await_everybody(crowd, log)
        time.sleep(seconds)
        holds = [hold for hold in find_holds(_read(log), []) if hold.entered > begun]
    times = [(late.entered - early.left) * 1000 for early, late in pairwise(holds) if early.left is not None and not early.lost]
    median, worst = statistics.median(times), _percentile(times, 0.99)
    said = f"p50 {median:.1f} ms, p99 {worst:.1f} ms, most {max(times):.1f} ms ({len(times)} takeovers)"
    print(f"release, with {len(crowd.names) - 1} waiters: {said}")
    print(f"    p99 at most {_RELEASE:g} ms: {_verdict(worst <= _RELEASE)}", flush=True)


def _holder(log: Log) -> Hold:
    """Wait until somebody holds the lock, and has not left. Return who."""
    while True:
        holds = [hold for hold in find_holds(_read(log), []) if hold.left is None]
        if holds:
            return holds[-1]
        time.sleep(0.01)


def measure_crash(binary: Binary, count: int) -> None:
    """Measure takeovers after crashes of holders."""
    limit = worst_case_takeover(_TTL, _DELAY) + _CRASH
    times: list[float] = []
    with _crowd(binary) as (crowd, log):
        _await_everybody(crowd, log)
        while len(times) < count:
            holder = _holder(log)
            killed = now()
            crowd.kill_one(holder.pid)
            if any(record.who == holder.who and record.what == "leave" and record.at > holder.entered for record in _read(log)):
                continue  # it had left before it was killed
            while not (later := [record.at for record in _read(log) if record.what == "enter" and record.at > killed]):
                time.sleep(0.05)
            times.append(later[0] - killed)
    print(f"crash, TTL {_TTL:g} s, lock delay {_DELAY:g} s: {', '.join(f'{one:.1f} s' for one in times)}")
    print(f"    at most 2 x TTL + lock delay + {_CRASH:g} s = {limit:g} s: {_verdict(max(times) <= limit)}", flush=True)


def _sockets() -> int:
    return sum(str(path.readlink()).startswith("socket:") for path in Path("/proc/self/fd").iterdir() if path.is_symlink())


class _Rest:
    """What a process costs while it rests: threads, sockets, CPU. what: its name in the output."""

    def __init__(self, what: str, count: int, seconds: float) -> None:
        self.what, self.count, self._seconds = what, count, seconds
        self._threads, self._sockets = threading.active_count(), _sockets()

    @property
    def seconds(self) -> float:
        """Return how long to rest: in a whole number of half TTLs, each lock is renewed as often."""
        half = _LONG_TTL / 2
        return max(1, round(self._seconds / half)) * half

    def begin(self) -> None:
        """Begin to rest."""
        self._begun, self._cpu = time.monotonic(), self._used()

    def end(self, most_threads: int | None = None) -> None:
        """Print what it cost. most_threads: the target."""
        passed, cpu = time.monotonic() - self._begun, self._used() - self._cpu
        renewals = self.count * passed / (_LONG_TTL / 2)
        threads, sockets = threading.active_count() - self._threads, _sockets() - self._sockets
        print(f"held, {self.what}: {self.count} locks, TTL {_LONG_TTL:g} s: {threads} threads and {sockets} connections more")
        each = f"{cpu / renewals * 1000:.2f} ms for each of {renewals / passed:.0f} renewals a second"
        print(f"    at rest {cpu / passed:.1%} of a core: {each}", flush=True)
        if most_threads is not None:
            print(f"    at most {most_threads} threads more: {_verdict(threads <= most_threads)}", flush=True)

    @staticmethod
    def _used() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime


def measure_held(address: str, count: int, seconds: float) -> None:
    """Hold many locks on one client for threads, and rest."""
    with Consul(address) as client, ExitStack() as stack:
        client.kv.keys()
        rest = _Rest("threads", count, seconds)
        for number in range(count):
            stack.enter_context(client.lock(f"held/{number}", ttl=_LONG_TTL))
        rest.begin()
        time.sleep(rest.seconds)
        rest.end(_THREADS)


async def measure_held_async(address: str, count: int, seconds: float) -> None:
    """Hold many locks on one client for tasks, and rest."""
    async with AsyncConsul(address) as client, AsyncExitStack() as stack:
        await client.kv.keys()
        rest = _Rest("asyncio", count, seconds)
        for number in range(count):
            await stack.enter_async_context(client.lock(f"held/{number}", ttl=_LONG_TTL))
        rest.begin()
        await anyio.sleep(rest.seconds)
        rest.end()


def _measure_held(binary: Binary, count: int, seconds: float) -> None:
    with start_agent(binary, acls=False, unix_socket=False) as agent:
        address = f"http://{agent.host}:{agent.port}"
        measure_held(address, count, seconds)
        anyio.run(measure_held_async, address, count, seconds)


def main() -> int:
    """Measure with the first Consul. Return 0 also where a target is not met."""
    reader = argparse.ArgumentParser(
        "python -m benchmarks.recipes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--only", choices=("release", "crash", "held"))
    reader.add_argument("--seconds", type=float, default=60, help="how long to measure releases, and to rest (60)")
    reader.add_argument(
        "--crashes", type=int, default=4, help="how many crashes (4); each takes up to 20 seconds, and one of six processes"
    )
    reader.add_argument("--locks", type=int, default=1000, help="how many locks to hold (1000)")
    options = reader.parse_args()
    binaries = find_binaries()
    if not binaries:
        sys.exit("found no Consul; name one in CONSUL_BINS, or put it on PATH")
    binary = binaries[0]
    for name, value in {**describe(find_cores()), "Consul": binary.version}.items():
        print(f"{name}: {value}", flush=True)
    parts: dict[str, Callable[[], None]] = {
        "release": lambda: measure_release(binary, options.seconds),
        "crash": lambda: measure_crash(binary, options.crashes),
        "held": lambda: _measure_held(binary, options.locks, options.seconds),
    }
    for name, measure in parts.items():
        if options.only in (None, name):
            measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
