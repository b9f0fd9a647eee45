"""Measure a long stream on every transport: the memory that reading takes, and the time until it ends after a close or a cancel.

The server runs in this process, and each client in its own process, which reports the growth of its peak memory (VmHWM).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import anyio

from consul_proto.message import Request
from consul_proto.stream import Pieces, Stream
from consulate import AsyncConsul, Cancel, Consul
from consulate.exceptions import Cancelled
from tests.faces import ALL, Face
from tests.fakes.certificates import Certificates, make
from tests.fakes.raw_server import RawServer, ReadRequest
from tests.fakes.streams import Framing, stream

_STREAM = Stream("test.bytes", Request("GET", "/v1/test/bytes"), Pieces)

#: The limits: growth of peak memory in bytes, and seconds until a stream ends.
_MOST_MEMORY, _LONGEST_END = 8 << 20, 0.1


def peak_memory() -> int:
    """Return the peak of this process's memory, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM: this needs Linux")


def _options(url: str, ca_file: str | None) -> dict[str, Any]:
    return {"host": url, "timeout": 60, **({"ca_file": ca_file} if ca_file else {})}


def _threads(size: int, way: str, options: dict[str, Any]) -> float:
    """Read a stream. Return the growth of memory in bytes, or the seconds until the stream ended."""
    cancel = Cancel()
    with Consul(**options) as client, client.open(_STREAM, cancel=cancel) as events:
        received = len(next(iter(events)))
        if way != "read":
            ended: list[float] = []

            def end() -> None:
                ended.append(time.monotonic())
                (events.close if way == "close" else cancel.set)()

            threading.Timer(0.3, end).start()
            try:
                for _ in events:
                    pass
            except Cancelled:
                pass
            return time.monotonic() - ended[0]
        before = peak_memory()
        for piece in events:
            received += len(piece)
    assert received == size, f"{received} bytes came, not {size}"
    return peak_memory() - before


async def _tasks(size: int, way: str, options: dict[str, Any]) -> float:
    """Read a stream; see `_threads`."""
    async with AsyncConsul(**options) as client:
        ended: list[float] = []
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks, client.open(_STREAM) as events:
                received = len(await anext(aiter(events)))
                if way == "read":
                    before = peak_memory()
                    async for piece in events:
                        received += len(piece)
                    assert received == size, f"{received} bytes came, not {size}"
                    return peak_memory() - before

                async def end() -> None:
                    await anyio.sleep(0.3)
                    ended.append(time.monotonic())
                    (events.close if way == "close" else scope.cancel)()

                tasks.start_soon(end)
                async for _ in events:
                    pass
        return time.monotonic() - ended[0]


def _client(face: Face, size: int, way: str, url: str, ca_file: str | None) -> None:
    """Run as a client's process: print one number."""
    options = _options(url, ca_file)
    print(anyio.run(_tasks, size, way, options, backend=face.backend) if face.backend else _threads(size, way, options))


def _measure(face: Face, size: int, way: str, framing: Framing, tls: Certificates | None, folder: Path) -> float:
    served = stream(size, framing) if way == "read" else stream(1 << 40, framing, piece=1000, interval=0.01)
    unix_path = folder / f"{face}-{way}-{framing}.sock" if face.unix else None
    with RawServer([ReadRequest(), *served], unix_path=unix_path, tls=tls.server if tls else None) as server:
        command = [sys.executable, "-m", "scripts.long_streams", "--client", face.name, "--way", way, "--url", server.url]
        command += ["--size", str(size), *(["--ca-file", tls.ca_file] if tls else [])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout)


def main() -> None:
    """Measure every transport and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000_000, help="bytes of the stream (default: 1 GB)")
    for hidden in ("--client", "--way", "--url", "--ca-file"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        _client(next(face for face in ALL if face.name == given.client), given.size, given.way, given.url, given.ca_file)
        return
    failed = False
    with tempfile.TemporaryDirectory() as name:
        certificates = make(Path(name))
        for face in ALL:
            for tls in (None,) if face.unix else (None, certificates):
                framings: tuple[Framing, ...] = ("chunks", "length")
                grown = {framing: _measure(face, given.size, "read", framing, tls, Path(name)) for framing in framings}
                ends = {way: _measure(face, given.size, way, "chunks", tls, Path(name)) for way in ("close", "cancel")}
                good = max(grown.values()) < _MOST_MEMORY and max(ends.values()) < _LONGEST_END
                failed |= not good
                figures = [f"{framing} +{size / (1 << 20):.1f} MiB" for framing, size in grown.items()]
                figures += [f"{way} {seconds * 1000:.0f} ms" for way, seconds in ends.items()]
                print(f"{face.name + (' with TLS' if tls else ''):20} {', '.join(figures)}{'' if good else '  TOO MUCH'}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
