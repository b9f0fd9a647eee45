"""How a worker and the benchmark talk: a line of JSON each way, over the standard streams. It needs the standard library only.

A worker first prints {"versions": {name: version}}. Then it reads orders:

    {"case": "get", "calls": 500}      make 500 calls -> {"cpu": us, "wall": us, "rss": bytes}: of the process, cpu and wall for a call
    {"case": "get", "check": true}     make one call -> {"result": what it returned: a string, a bool, or how many}
    {"case": "get", "trace": true}     make one call -> {"peak": the most bytes that tracemalloc saw allocated during the call}

It ends when its standard input ends.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Mapping, Sized
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

#: The time limit of every call, in seconds.
TIME_LIMIT = 10.0

#: How many threads, and how many tasks, call at a time in the cases of concurrent calls.
THREADS, TASKS = 16, 100


def put_body() -> bytes:
    """Return the value that kv.put writes, of 1 KB."""
    return b"p" * 1024


def peak_memory() -> int:
    """Return the most memory, in bytes, that was resident; 0 if this system does not say.

    ru_maxrss would not do: on Linux, it begins with the memory of the process that started this one.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def announce(*packages: str) -> None:
    """Print the first line: the versions of Python packages that are installed."""
    _say({"versions": {package: version(package) for package in packages}})


def _say(answer: Mapping[str, object]) -> None:
    print(json.dumps(answer), flush=True)


class _Order:
    """An order: `case` and `calls` say what to do, and `finish` answers. The time begins when it is made."""

    def __init__(self, line: str) -> None:
        order = json.loads(line)
        self.case: str = order["case"]
        self.calls: int = order.get("calls", 1)
        self._answer = self._result if "check" in order else self._peak if "trace" in order else self._spent
        gc.collect()
        if "trace" in order:
            tracemalloc.start()
        self._cpu, self._wall = time.process_time_ns(), time.perf_counter_ns()

    def finish(self, result: object) -> None:
        _say(self._answer(result))

    def _spent(self, _: object) -> dict[str, object]:
        wall, cpu = time.perf_counter_ns() - self._wall, time.process_time_ns() - self._cpu
        return {"cpu": cpu / self.calls / 1e3, "wall": wall / self.calls / 1e3, "rss": peak_memory()}

    def _peak(self, _: object) -> dict[str, object]:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return {"peak": peak}

    def _result(self, result: object) -> dict[str, object]:
        if isinstance(result, bytes):
            result = result.decode()
        return {"result": result if isinstance(result, str | bool) or not isinstance(result, Sized) else len(result)}


def repeated(call: Callable[[], T]) -> Callable[[int], T]:
    """Return a function that makes a number of calls, and returns the result of the last one."""

    def run(calls: int) -> T:
        for _ in range(calls - 1):
            call()
        return call()

    return run


def repeated_async(call: Callable[[], Awaitable[T]]) -> Callable[[int], Awaitable[T]]:
    """Do the same for coroutines."""

    async def run(calls: int) -> T:
        for _ in range(calls - 1):
            await call()
        return await call()

    return run


def _freeze() -> None:
    """Leave what was imported out of garbage collections: their cost would depend on how much that is."""
    gc.collect()
    gc.freeze()


def serve(cases: Mapping[str, Callable[[int], object]]) -> None:
    """Carry out the orders. cases: functions that make a number of calls."""
    _freeze()
    for line in sys.stdin:
        order = _Order(line)
        order.finish(cases[order.case](order.calls))


async def serve_async(cases: Mapping[str, Callable[[int], Awaitable[object]]]) -> None:
    """Do the same in an event loop. It stands still while it waits for an order."""
    _freeze()
    for line in sys.stdin:
        order = _Order(line)
        order.finish(await cases[order.case](order.calls))
