"""Run the script checks of a simulated agent, with anyio. Each script has its own process group, which is killed at its time limit."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from transports.hosting.probe_socket import CheckResult

if TYPE_CHECKING:
    from anyio.abc import Process

    from consul_proto.simulator.agent.probes import Probe

#: https://developer.hashicorp.com/consul/docs/services/usage/checks#script-checks: the statuses of exit codes; any other code is critical.
_EXITS = {0: "passing", 1: "warning"}


class Tail:
    """The last bytes of an output, and its length."""

    def __init__(self, limit: int) -> None:
        self._limit = max(limit, 1)
        self._last = bytearray()
        self.length = 0

    def add(self, data: bytes | bytearray) -> None:
        """Add the next bytes."""
        self.length += len(data)
        self._last += data
        del self._last[: -self._limit]

    @property
    def text(self) -> str:
        """The last bytes as text. Bytes that are not UTF-8 become U+FFFD."""
        return self._last.decode("utf-8", "replace")

    @property
    def whole(self) -> str:
        """The last bytes as text. If they are not the whole output, Consul's note on their number comes first."""
        return self.text if self.length <= self._limit else f"Captured {len(self._last)} of {self.length} bytes\n...\n{self.text}"


async def run_script(probe: Probe) -> CheckResult:
    """Run a script, and return the result that its exit code stands for."""
    tail, code = Tail(probe.limit), None
    try:
        process = await _start(probe)
    except (OSError, ValueError) as error:
        return CheckResult("critical", _start_error(probe.script[0], error))
    try:
        with anyio.move_on_after(probe.timeout):
            code = await _run(process, tail)
    finally:
        if code is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        with anyio.CancelScope(shield=True):
            await process.aclose()
    if code is None:
        output = f"\n\n{tail.whole}" if tail.length else ""
        return CheckResult("critical", f"Timed out ({_duration(probe.timeout)}) running check{output}")
    return CheckResult(_EXITS.get(code, "critical"), tail.whole)


async def _start(probe: Probe) -> Process:
    pipe, merged, nothing = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    started: list[Process] = []
    with anyio.CancelScope(shield=True):  # a start cannot be interrupted
        started.append(await anyio.open_process(probe.script, stdin=nothing, stdout=pipe, stderr=merged, start_new_session=True))
    return started[0]


async def _run(process: Process, tail: Tail) -> int:
    assert process.stdout is not None, "stdout is a pipe"
    async for data in process.stdout:
        tail.add(data)
    return await process.wait()


def _start_error(command: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and "/" not in command:
        return f'exec: "{command}": executable file not found in $PATH'
    number = getattr(error, "errno", None)
    return f"fork/exec {command}: {os.strerror(number).lower() if number else error}"


def _duration(seconds: float) -> str:
    """Format a time below an hour as Go does: "500ms", "1.5s", "1m30s"."""
    if seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"
