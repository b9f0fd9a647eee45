"""Run a simulated agent as a process: serve it, run its checks, write its state, and end on a signal."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from transports.hosting.clock import Host
from transports.hosting.probes import run_probes
from transports.hosting.serve import serve

if TYPE_CHECKING:
    import socket

    from consul_proto.simulator.agent.probes import Probe
    from transports.hosting.clock import SimulatorLike

#: Seconds for which changes are collected before the state is written.
_GATHER = 0.2

#: The signals that end the process: Ctrl-C, a closed terminal, and a supervisor's request to stop.
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How a simulator is run.

    on_start: called when all sockets are served. on_failure: called with an exception of the simulator, or of writing its state.
    may_run: returns whether a check may be run. dump: takes a snapshot of the state, and returns a function that writes it, which is called
    in a thread; None: the state is not written. default_token: the token of requests that have none.
    is_old: whether to read HTTP as Consul 1.8.7 does.
    """

    on_start: Callable[[], object]
    on_failure: Callable[[Exception], object]
    may_run: Callable[[Probe], bool]
    dump: Callable[[], Callable[[], None]] | None = None
    default_token: str = ""
    is_old: bool = False


def run(simulator: SimulatorLike, listening: Sequence[socket.socket], options: HostOptions) -> None:
    """Serve a simulator on these sockets until SIGINT, SIGTERM or SIGHUP. Call it in the main thread.

    SIGHUP has no effect if the process was started to ignore it, as `nohup` does.
    """
    anyio.run(_run, simulator, listening, options)


async def _run(simulator: SimulatorLike, listening: Sequence[socket.socket], options: HostOptions) -> None:
    host = Host(simulator, default_token=options.default_token, on_failure=options.on_failure)
    writer = _StateWriter(host, options)
    ends = [end for end in _ENDS if end != signal.SIGHUP or signal.getsignal(end) != signal.SIG_IGN]
    with anyio.open_signal_receiver(*ends) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: serve(host, listening, is_old=options.is_old))
            tasks.start_soon(run_probes, host, options.may_run)
            tasks.start_soon(writer.run)
            options.on_start()
            async for _ in signals:
                tasks.cancel_scope.cancel()
                break
    writer.write()


class _StateWriter:
    """Writes the state soon after each change, and at the end."""

    def __init__(self, host: Host, options: HostOptions) -> None:
        self._dump, self._on_failure = options.dump, options.on_failure
        self._changed = anyio.Event()
        host.on_change(self._note)

    def _note(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        """Write the state after each change, until cancelled."""
        while self._dump is not None:
            await self._changed.wait()
            await anyio.sleep(_GATHER)
            self._changed = anyio.Event()
            try:
                await anyio.to_thread.run_sync(self._dump())
            except Exception as error:  # the agent continues, and writes again after the next change
                self._on_failure(error)

    def write(self) -> None:
        """Write the state now."""
        if self._dump is None:
            return
        try:
            self._dump()()
        except Exception as error:
            self._on_failure(error)
