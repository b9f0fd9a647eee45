"""The machine that the benchmark runs on: its cores, its load, and what it is, without its name and its paths."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: The load average above which others use the machine.
QUIET = 0.3


@dataclass(frozen=True)
class Cores:
    """The cores of the client and of the server; None: this system does not say which core a process runs on, or there is only one."""

    client: int | None = None
    server: int | None = None


def find_cores() -> Cores:
    """Return two different cores, if there are two to choose from."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores()
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[1]) if len(usable) > 1 else Cores()


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Start processes on a core: they inherit it from this one."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load_average() -> float | None:
    """Return the load average of the last minute, or None if this system has none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", information.read_text(), re.MULTILINE) if information.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def describe(cores: Cores) -> dict[str, str]:
    """Return what a reader of the figures needs to know about this machine."""
    pinned = f"client on core {cores.client}, server on core {cores.server}" if cores.client is not None else "not pinned to cores"
    load = load_average()
    return {
        "CPU": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "processes": pinned,
        "load average": "unknown" if load is None else f"{load:.2f}" + ("" if load <= QUIET else f", not quiet (above {QUIET})"),
    }
