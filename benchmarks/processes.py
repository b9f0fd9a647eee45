"""The processes of a run: the canned server, and one worker for each client that is compared."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.machine import Cores, on_core
from benchmarks.peers import Missing, Peers

_ROOT = Path(__file__).parent.parent


def environment() -> dict[str, str]:
    """Return the environment of every process: no variables for Consul, no proxy, one core for Go, and this copy of Consulate."""
    unwanted = re.compile(r"CONSUL_|PYTHON|.*_PROXY$", re.IGNORECASE)
    kept = {name: value for name, value in os.environ.items() if not unwanted.match(name)}
    return {**kept, "GOMAXPROCS": "1", "PYTHONPATH": str(_ROOT)}


class Server:
    """The canned server, in a process of its own."""

    def __init__(self, cores: Cores) -> None:
        with on_core(cores.server):
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("canned_server.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
            )
        assert self._process.stdout is not None
        self.addresses: dict[str, Any] = json.loads(self._process.stdout.readline())

    def cpu(self) -> float:
        """Return the seconds of CPU that it has used."""
        connection = http.client.HTTPConnection("127.0.0.1", self.addresses["port"], timeout=10)
        try:
            connection.request("GET", "/cpu")
            return float(connection.getresponse().read())
        finally:
            connection.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._process.communicate()


class Worker:
    """A process that makes calls on demand (workers/protocol.py). Raises Missing, with the last line that it wrote, if it ends."""

    def __init__(self, command: list[str], cores: Cores) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        with on_core(cores.client):
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environment())
        self.pid = self._process.pid
        try:
            self.versions: dict[str, str] = self._read()["versions"]
        except BaseException:
            self.close()
            raise

    def ask(self, case: str, **order: object) -> dict[str, Any]:
        """Send an order, and return the answer."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: what it wrote says why
            self._process.stdin.write(json.dumps({"case": case, **order}).encode() + b"\n")
            self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").strip().splitlines() or ["it ended"]
            raise Missing(lines[-1])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


@dataclass(frozen=True)
class Site:
    """Where a run takes place. keys: how many keys the read by prefix finds. before: the folder of another copy of Consulate."""

    server: Server
    peers: Peers
    cores: Cores
    keys: int
    before: Path | None = None

    def command(self, client: str) -> list[str]:
        """Return the command that starts the worker of a client, such as "Consulate/socket". Raises Missing."""
        family, _, kind = client.partition("/")
        where = [kind or "tcp", json.dumps(self.server.addresses), f"bench/{self.keys}/"]
        if family == "Go":
            return [self.peers.go, *where]
        if family == "before":
            where.append(str(self.before))
        foreign = family == "py-consul" or (kind.endswith("-msgspec") and importlib.util.find_spec("msgspec") is None)
        python = self.peers.python if foreign else sys.executable
        return [python, "-m", f"benchmarks.workers.{_MODULES.get(client, _MODULES[family])}", *where]

    def start(self, client: str) -> Worker:
        """Start the worker of a client. Raises Missing."""
        return Worker(self.command(client), self.cores)


#: The modules of the workers, by client or family.
_MODULES = {
    "Consulate": "ours",
    "before": "ours",
    "in memory": "in_memory",
    "py-consul": "py_consul",
    "bare": "bare",
    "bare/asyncio": "bare_tasks",
    "bare/trio": "bare_tasks",
}
