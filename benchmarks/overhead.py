"""Measure the overhead of Consulate over its libraries: `kv.get`, compared with a bare loop that does the same.

    python benchmarks/overhead.py

A server with a canned answer runs in its own process. Each pair takes turns, in rounds of a few hundred calls. The output is the medians
over the rounds, in microseconds of CPU time and of wall-clock time for a call, and the ratios of the medians. The last part compares the
start of a Python that imports Consulate with one that imports nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from binascii import a2b_base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import h11
import urllib3

from consulate import AsyncConsul, Consul, adapters

_TARGET = "/v1/kv/bench/key"
_KEY = "bench/key"
_EXPECTED = "v" * 40


@dataclass
class Timings:
    """The microseconds for a call, by round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def _report(name: str, bare: Timings, ours: Timings) -> None:
    figures = [statistics.median(values) for values in (bare.cpu, ours.cpu, bare.wall, ours.wall)]
    cpu, wall = figures[1] / figures[0], figures[3] / figures[2]
    print(f"{name:24} {figures[0]:8.1f} {figures[1]:8.1f} {cpu:7.2f}x {figures[2]:9.1f} {figures[3]:8.1f} {wall:7.2f}x")


def compare(name: str, bare: Callable[[], object], ours: Callable[[], object], rounds: int, calls: int) -> None:
    """Time two calls in turn, and print a line."""
    pair = ((bare, Timings()), (ours, Timings()))
    for call, _ in pair:
        for _ in range(calls):
            call()
    for _ in range(rounds):
        for call, timings in pair:
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(calls):
                call()
            timings.wall.append((time.perf_counter() - wall) / calls * 1e6)
            timings.cpu.append((time.process_time() - cpu) / calls * 1e6)
    _report(name, pair[0][1], pair[1][1])


async def compare_async(
    name: str, bare: Callable[[], Awaitable[object]], ours: Callable[[], Awaitable[object]], rounds: int, calls: int
) -> None:
    """Time two calls in turn, and print a line."""
    pair = ((bare, Timings()), (ours, Timings()))
    for call, _ in pair:
        for _ in range(calls):
            await call()
    for _ in range(rounds):
        for call, timings in pair:
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(calls):
                await call()
            timings.wall.append((time.perf_counter() - wall) / calls * 1e6)
            timings.cpu.append((time.process_time() - cpu) / calls * 1e6)
    _report(name, pair[0][1], pair[1][1])


def _value(body: bytes) -> str:
    return a2b_base64(json.loads(body)[0]["Value"]).decode()


def _request(connection: h11.Connection) -> bytes:
    headers = [("Host", "localhost"), ("User-Agent", "bare")]
    head = connection.send(h11.Request(method="GET", target=_TARGET, headers=headers))
    end = connection.send(h11.EndOfMessage())
    return (head or b"") + (end or b"")


def _events(connection: h11.Connection, body: list[bytes]) -> bool:
    """Read the events of an answer that are there. Return True once it is complete."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            return False
        if isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            connection.start_next_cycle()
            return True


def tcp(port: int, rounds: int, calls: int) -> None:
    """Compare with urllib3: its pool's urlopen, json and base64."""
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port)

    def bare() -> str:
        return _value(pool.urlopen("GET", _TARGET).data)

    with Consul("127.0.0.1", port) as client:
        assert bare() == client.kv.get(_KEY) == _EXPECTED
        compare("urllib3, TCP", bare, lambda: client.kv.get(_KEY), rounds, calls)
    pool.close()


def sockets(name: str, sock: socket.socket, client: Consul, rounds: int, calls: int) -> None:
    """Compare with a blocking h11 loop over a connected socket."""
    connection = h11.Connection(h11.CLIENT)
    with sock, client:

        def bare() -> str:
            sock.sendall(_request(connection))
            body: list[bytes] = []
            while not _events(connection, body):
                connection.receive_data(sock.recv(65536))
            return _value(b"".join(body))

        assert bare() == client.kv.get(_KEY) == _EXPECTED
        compare(name, bare, lambda: client.kv.get(_KEY), rounds, calls)


async def tasks(backend: str, port: int, rounds: int, calls: int) -> None:
    """Compare with a loop of anyio and h11 over TCP."""
    connection = h11.Connection(h11.CLIENT)
    async with await anyio.connect_tcp("127.0.0.1", port) as stream, AsyncConsul("127.0.0.1", port) as client:

        async def bare() -> str:
            await stream.send(_request(connection))
            body: list[bytes] = []
            while not _events(connection, body):
                connection.receive_data(await stream.receive())
            return _value(b"".join(body))

        assert await bare() == await client.kv.get(_KEY) == _EXPECTED
        await compare_async(f"anyio and h11, {backend}", bare, lambda: client.kv.get(_KEY), rounds, calls)


def start_up(starts: int) -> None:
    """Compare the start of an interpreter with and without the import, in milliseconds. Byte code is cached, as after an installation."""
    codes = {"pass": "a bare interpreter", "import consulate": "import consulate", "from consulate import Consul": "... import Consul"}
    with tempfile.TemporaryDirectory() as cache:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        taken: dict[str, list[float]] = {code: [] for code in codes}
        for turn in range(starts + 1):
            for code, times in taken.items():
                begun = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], check=True, env=environment)
                if turn:
                    times.append((time.perf_counter() - begun) * 1e3)
    bare = statistics.median(taken["pass"])
    for code, name in codes.items():
        print(f"{name:24} {statistics.median(taken[code]):8.1f} ms {statistics.median(taken[code]) / bare:7.2f}x")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=250, help="in a round")
    parser.add_argument("--starts", type=int, default=25, help="of an interpreter")
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("canned_server.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())
        print(f"{'kv.get, microseconds':24} {'CPU bare':>8} {'ours':>8} {'':8} {'wall bare':>9} {'ours':>8}")
        tcp(address["port"], options.rounds, options.calls)
        over_tcp = Consul("127.0.0.1", address["port"], adapter=adapters.SocketRequest)
        sockets("h11, SocketRequest", socket.create_connection(("127.0.0.1", address["port"])), over_tcp, options.rounds, options.calls)
        unix = socket.socket(socket.AF_UNIX)
        unix.connect(address["unix_path"])
        sockets("h11, UNIX socket", unix, Consul(address["unix_path"], scheme="http+unix"), options.rounds, options.calls)
        for backend in ("asyncio", "trio"):
            anyio.run(tasks, backend, address["port"], options.rounds, options.calls, backend=backend)
    finally:
        server.communicate()
    print()
    start_up(options.starts)


if __name__ == "__main__":
    main()
