"""Save and restore a large snapshot of a real agent on every transport, and measure the memory that this takes.

Each client runs in its own process, which reports the growth of its peak memory (VmHWM) during a save and during a restore. In the end, the
agent must have the same keys as before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio

from consulate import AsyncConsul, Consul
from scripts.long_streams import peak_memory
from tests.agents import Agent, find_binaries, start_agent
from tests.faces import ALL, Face

#: The most that peak memory may grow, in bytes.
_MOST_MEMORY = 30_000_000

#: The largest value of a key, in bytes.
_VALUE = 1 << 19


def _options(address: str, token: str) -> dict[str, Any]:
    return {"host": address, "token": token, "timeout": 300}


def _threads(path: Path, options: dict[str, Any]) -> list[float]:
    """Save and restore. Return the growth of memory in bytes, and the seconds, of each."""
    with Consul(**options) as client:
        client.status.leader()
        figures: list[float] = []
        for work in (lambda: client.snapshot.save(path), lambda: client.snapshot.restore(path)):
            before, began = peak_memory(), time.monotonic()
            work()
            figures += [peak_memory() - before, time.monotonic() - began]
    return figures


async def _tasks(path: Path, options: dict[str, Any]) -> list[float]:
    """Save and restore; see `_threads`."""
    async with AsyncConsul(**options) as client:
        await client.status.leader()
        figures: list[float] = []
        for work in (lambda: client.snapshot.save(path), lambda: client.snapshot.restore(path)):
            before, began = peak_memory(), time.monotonic()
            await work()
            figures += [peak_memory() - before, time.monotonic() - began]
    return figures


def _client(face: Face, path: Path, address: str) -> None:
    """Run as a client's process: print the figures. The token comes on standard input."""
    options = _options(address, sys.stdin.readline())
    print(*(anyio.run(_tasks, path, options, backend=face.backend) if face.backend else _threads(path, options)))


def _fill(client: Consul, size: int) -> int:
    """Write keys with random values, of this many bytes in total. Return their number."""
    count = -(-size // _VALUE)
    for number in range(count):
        client.kv.put(f"large/{number}", os.urandom(_VALUE))
    return count


def _measure(face: Face, agent: Agent, path: Path) -> bool:
    """Run a client and print its figures. Return whether they are good."""
    address = f"unix://{agent.unix_path}" if face.unix else f"http://{agent.host}:{agent.port}"
    command = [sys.executable, "-m", "scripts.large_snapshots", "--client", face.name, "--path", str(path), "--address", address]
    done = subprocess.run(command, input=agent.management_token, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    saved, save_time, restored, restore_time = map(float, done.stdout.split())
    good = max(saved, restored) < _MOST_MEMORY
    print(
        f"{face.name:14} {path.stat().st_size / 1e6:.0f} MB: save +{saved / 1e6:.1f} MB in {save_time:.1f} s, "
        f"restore +{restored / 1e6:.1f} MB in {restore_time:.1f} s{'' if good else '  TOO MUCH'}",
        flush=True,
    )
    return good


def main() -> None:
    """Measure every transport and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=200_000_000, help="bytes of the snapshot (default: 200 MB)")
    for hidden in ("--client", "--path", "--address"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        _client(next(face for face in ALL if face.name == given.client), Path(given.path), given.address)
        return
    binaries = find_binaries()
    if not binaries:
        sys.exit("no Consul found: set CONSUL_BINS (scripts/get-consul fetches one)")
    with tempfile.TemporaryDirectory() as name, start_agent(binaries[-1], acls=True) as agent:
        client = Consul(**_options(f"http://{agent.host}:{agent.port}", agent.management_token or ""))
        count = _fill(client, given.size)
        good = [_measure(face, agent, Path(name, "state.snap")) for face in ALL]
        keys = client.kv.keys("large/")
        client.close()
    if len(keys) != count:
        sys.exit(f"{len(keys)} keys are left of {count}")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
