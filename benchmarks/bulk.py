"""Measure bulk calls on real agents, and their memory.

    CONSUL_BINS=/path/to/consul python -m benchmarks.bulk
    python -m benchmarks.bulk --only memory

dev: 10,000 keys of 100 bytes by `kv.put_many` and by one `kv.put` after another, on an agent in development mode. cluster: the same on
three servers, which write to the disk, through a client agent. Both take turns; a ratio is one of medians, for a key. memory: by how much
1,000,000 keys raise the most memory that a process has; Consul is `consulate dev`, in a process of its own.
Each target says whether it is met; others' load counts.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.machine import describe, find_cores
from consulate import Consul
from tests.agents import find_binaries, start_agent, start_dev
from tests.recipes.chaos.cluster import start_cluster

KEYS, SIZE, MANY = 10_000, 100, 1_000_000

#: How often `put_many` must be as fast, on an agent in development mode and on a cluster; and the most bytes for a million keys.
_DEV, _CLUSTER, _MEMORY = 15.0, 25.0, 50e6

_ROUNDS = 9

#: What a process of its own calls, to see its memory. Keys are added and deleted at the end of the simulator's sorted list: elsewhere, this
#: would measure how it moves the others.
_CALLS: dict[str, Callable[[Consul], object]] = {
    "put_many": lambda consul: consul.kv.put_many(_pairs(MANY, "m/")),
    "replace_tree": lambda consul: consul.kv.replace_tree("m/", _pairs(MANY, "m/")),
    "copy_tree": lambda consul: consul.kv.copy_tree("m/", "z/"),
    "delete_many": lambda consul: consul.kv.delete_many(f"z/{number:07}" for number in reversed(range(MANY))),
}


def _pairs(count: int, prefix: str, size: int = 10) -> Iterator[tuple[str, bytes]]:
    return ((f"{prefix}{number:07}", b"v" * size) for number in range(count))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _one_by_one(consul: Consul, pairs: Iterator[tuple[str, bytes]]) -> None:
    for key, value in pairs:
        consul.kv.put(key, value)


def measure_speed(what: str, address: str, singles: int, target: float) -> bool:
    """Print how many times faster `put_many` is. singles: how many keys are put one after another in a round."""
    alone, together = [], []
    with Consul(address, timeout=60) as consul:
        _one_by_one(consul, _pairs(20, "warm/", SIZE))
        for number in range(_ROUNDS):
            alone.append(_seconds(lambda number=number: _one_by_one(consul, _pairs(singles, f"one/{number}/", SIZE))) / singles)  # type: ignore[misc] # bound early
            together.append(_seconds(lambda number=number: consul.kv.put_many(_pairs(KEYS, f"many/{number}/", SIZE))) / KEYS)  # type: ignore[misc] # bound early
        consul.kv.delete("", recurse=True)
    ratio = statistics.median(alone) / statistics.median(together)
    verdict = "met" if ratio >= target else "NOT MET"
    times = f"put {statistics.median(alone) * 1e6:.0f} us a key, put_many {statistics.median(together) * 1e6:.1f} us"
    print(f"{what}: {times}, {ratio:.1f} times faster (at least {target:g}: {verdict})", flush=True)
    return ratio >= target


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _measure_own(call: str, address: str) -> None:
    """Print by how much a call raises the most memory of this process."""
    with Consul(address, timeout=120) as consul:
        consul.kv.put_many(_pairs(1000, "warm/"))
        with consul.kv.stream_records("warm/") as records:
            assert len(list(records)) == 1000
        before = _peak()
        seconds = _seconds(lambda: _CALLS[call](consul))
        print(_peak() - before, before, seconds)


def measure_memory() -> bool:
    """Print what a million keys cost, each call in a process of its own."""
    is_met = True
    with start_dev("1.22.5", unix_socket=False) as agent:
        for call in _CALLS:
            command = [sys.executable, "-m", "benchmarks.bulk", "--own", call, f"http://{agent.host}:{agent.port}"]
            more, before, seconds = map(float, subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split())
            is_met = is_met and more <= _MEMORY
            verdict = "met" if more <= _MEMORY else "NOT MET"
            sizes = f"{more / 1e6:.1f} MB more than the {before / 1e6:.0f} MB before (at most {_MEMORY / 1e6:g}: {verdict})"
            print(f"kv.{call} of {MANY:,} keys: {sizes}, {seconds:.0f} s", flush=True)
    return is_met


def main() -> int:
    """Measure, and return 1 if a target is not met."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    reader.add_argument("--only", choices=["dev", "cluster", "memory"])
    reader.add_argument("--own", nargs=2, help=argparse.SUPPRESS)
    chosen = reader.parse_args()
    if chosen.own:
        _measure_own(*chosen.own)
        return 0
    for name, value in describe(find_cores()).items():
        print(f"{name}: {value}", flush=True)
    met = []
    for binary in find_binaries():
        if chosen.only in (None, "dev"):
            with start_agent(binary, acls=False) as agent:
                met.append(measure_speed(f"dev agent, Consul {binary.version}", f"http://{agent.host}:{agent.port}", 1000, _DEV))
        if chosen.only in (None, "cluster"):
            with start_cluster(binary) as cluster:
                met.append(measure_speed(f"three servers, Consul {binary.version}", cluster.address, 100, _CLUSTER))
    if chosen.only in (None, "memory"):
        met.append(measure_memory())
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
