"""Runs a simulated agent as a process: serves it, runs its checks, writes its state down, and ends when it is told to."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from transports.hosting.clock import HostedSimulator
from transports.hosting.probing import probe_all
from transports.hosting.serve import serve

if TYPE_CHECKING:
    import socket

    from consul_proto.simulator.agent.probes import Probe
    from transports.hosting.clock import Simulated

#: Seconds for which changes are gathered until they are written down.
_GATHER = 0.2

#: What ends it: what a terminal sends, also when it is closed, and what a supervisor sends.
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Hosting:
    """How a simulator is run.

    started: called when everything is served. failed: told of a mistake in the simulator, or that its state cannot be written.
    runs: whether a check may be run. keep: takes the state as it is, and returns what writes it down, in a thread; None: nothing is kept.
    default_token: of requests without one. is_old: whether HTTP is read as Consul 1.8.7 does.
    """

    started: Callable[[], object]
    failed: Callable[[Exception], object]
    runs: Callable[[Probe], bool]
    keep: Callable[[], Callable[[], None]] | None = None
    default_token: str = ""
    is_old: bool = False


def run(simulator: Simulated, listening: Sequence[socket.socket], hosting: Hosting) -> None:
    """Serve a simulator on these sockets until SIGINT, SIGTERM or SIGHUP. Call it in the main thread.

    Whoever started it may have it ignore SIGHUP, as `nohup` does.
    """
    anyio.run(_run, simulator, listening, hosting)


async def _run(simulator: Simulated, listening: Sequence[socket.socket], hosting: Hosting) -> None:
    host = HostedSimulator(simulator, default_token=hosting.default_token, failed=hosting.failed)
    keeper = _Keeper(host, hosting)
    ends = [end for end in _ENDS if end != signal.SIGHUP or signal.getsignal(end) != signal.SIG_IGN]
    with anyio.open_signal_receiver(*ends) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: serve(host, listening, is_old=hosting.is_old))
            tasks.start_soon(probe_all, host, hosting.runs)
            tasks.start_soon(keeper.keep)
            hosting.started()
            async for _ in signals:
                tasks.cancel_scope.cancel()
                break
    keeper.write()


class _Keeper:
    """Writes the state down soon after a change, and at the end."""

    def __init__(self, host: HostedSimulator, hosting: Hosting) -> None:
        self._keep, self._failed = hosting.keep, hosting.failed
        self._changed = anyio.Event()
        host.on_change(self._note)

    def _note(self) -> None:
        self._changed.set()

    async def keep(self) -> None:
        """Write after each change, until cancelled."""
        while self._keep is not None:
            await self._changed.wait()
            await anyio.sleep(_GATHER)
            self._changed = anyio.Event()
            try:
                await anyio.to_thread.run_sync(self._keep())
            except Exception as error:  # the agent goes on, and the next change is written again
                self._failed(error)

    def write(self) -> None:
        """Write once more."""
        if self._keep is None:
            return
        try:
            self._keep()()
        except Exception as error:
            self._failed(error)
