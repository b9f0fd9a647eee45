"""The start of a program: from the start of the process to its end, and the memory that it had at most; and what an idle client needs."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time

from benchmarks.machine import on_core
from benchmarks.parts import GO, PY_CONSUL, Target
from benchmarks.peers import Missing
from benchmarks.processes import Site, environment
from benchmarks.results import Result

_ASYNCIO = """
import asyncio
from consulate import AsyncConsul
async def main():
    async with AsyncConsul('127.0.0.1', {port}) as client:
        await client.kv.get('bench/key')
asyncio.run(main())"""

_PY_CONSUL_ASYNCIO = """
import asyncio, consul.aio
async def main():
    client = consul.aio.Consul(host='127.0.0.1', port={port})
    await client.kv.get('bench/key')
    await client.close()
asyncio.run(main())"""

_BARE = "a bare interpreter"

#: Whose interpreter runs a line, and what it runs; {port} is the server's.
_PROGRAMS = {
    _BARE: ("Consulate", "pass"),
    "import consulate": ("Consulate", "import consulate"),
    "from consulate import Consul": ("Consulate", "from consulate import Consul"),
    "first kv.get, SocketRequest": (
        "Consulate",
        "from consulate import Consul, adapters\nConsul('127.0.0.1', {port}, adapter=adapters.SocketRequest).kv.get('bench/key')",
    ),
    "first kv.get, urllib3": ("Consulate", "from consulate import Consul\nConsul('127.0.0.1', {port}).kv.get('bench/key')"),
    "first kv.get, asyncio": ("Consulate", _ASYNCIO),
    "first kv.get, py-consul": (PY_CONSUL, "import consul\nconsul.Consul('127.0.0.1', {port}).kv.get('bench/key')"),
    "first kv.get, py-consul asyncio": (PY_CONSUL, _PY_CONSUL_ASYNCIO),
}
_FIRST_OF_GO = "first kv.get, Go"

#: Prints the bytes that a client which has made one call holds.
_IDLE = """
import gc, tracemalloc
from consulate import Consul, adapters
def make():
    client = Consul('127.0.0.1', {port}, adapter=adapters.{adapter})
    client.kv.get('bench/key')
    return client
first = make()
gc.collect()
tracemalloc.start()
clients = [make() for _ in range(20)]
gc.collect()
print(tracemalloc.get_traced_memory()[0] / len(clients))
"""

#: Prints the most memory that was resident, in KB, where the system says it.
_RESIDENT = """
try:
    with open("/proc/self/status") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
except OSError:
    print("nan")
"""


def _run(command: list[str], variables: dict[str, str], site: Site) -> tuple[dict[str, float], float]:
    """Run a program. Return the milliseconds of CPU and of wall-clock time, and the number that it prints. Raises Missing if it fails."""
    with on_core(site.cores.client):
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise Missing((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_ms": cpu * 1e3, "wall_ms": wall * 1e3}, float(done.stdout)


def _command(name: str, site: Site) -> list[str]:
    """Return the command of a line. Raises Missing."""
    if name == _FIRST_OF_GO:
        return [*site.command(GO), "first"]
    owner, code = _PROGRAMS[name]
    python = site.peers.python if owner == PY_CONSUL else sys.executable
    return [python, "-c", code.format(port=site.server.addresses["port"]) + _RESIDENT]


def run(site: Site, starts: int) -> Result:
    """Return the table. starts: of each program; a first one is not counted, so byte code is cached as after an installation."""
    result = Result("start", "start of a program; RSS: the most resident memory", ("cpu_ms", "wall_ms", "rss"))
    names = [*_PROGRAMS, _FIRST_OF_GO]
    with tempfile.TemporaryDirectory() as cache:
        variables = {**environment(), "PYTHONPYCACHEPREFIX": cache}
        for turn in range(starts + 1):
            for name in names:
                if name in result.missing:
                    continue
                try:
                    times, resident = _run(_command(name, site), variables, site)
                except Missing as why:
                    result.drop(name, str(why))
                    continue
                if turn:
                    result.add(name, {**times, "rss": resident * 1024 / 1e6})
        for adapter in ("SocketRequest", "Request"):
            code = _IDLE.replace("{port}", str(site.server.addresses["port"])).replace("{adapter}", adapter)
            _, size = _run([sys.executable, "-c", code], variables, site)
            result.notes.append(f"an idle Consul(adapter={adapter}) with a connection holds {size / 1024:.1f} KB (tracemalloc)")
    ours = [name for name in names if name != _BARE]
    result.judge(tuple(Target(name, _BARE, None, "cpu_ms") for name in ours))
    return result
