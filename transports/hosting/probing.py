"""Runs the checks of a hosted simulator that ask something, with anyio: HTTP, TCP, UDP and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from transports.hosting.probe_http import ask_http
from transports.hosting.probe_script import run_script
from transports.hosting.probe_socket import ask_tcp, ask_udp

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.simulator.agent.probes import Probe
    from transports.hosting.clock import HostedSimulator
    from transports.hosting.probe_socket import Finding

#: Seconds between two runs of a check at least: an interval of nothing takes no whole processor.
_LEAST_INTERVAL = 0.1


async def probe_all(host: HostedSimulator, runs: Callable[[Probe], bool]) -> None:
    """Run the checks of a simulator as they come and go, until cancelled. runs: whether one may be run."""
    running: dict[str, tuple[Probe, anyio.CancelScope]] = {}
    changes = _Changes()
    host.on_change(changes.note)
    async with anyio.create_task_group() as tasks:
        while True:
            changes.event = anyio.Event()
            wanted = {name: probe for name, probe in host.probes.items() if runs(probe)}
            for name, (probe, scope) in list(running.items()):
                if wanted.get(name) != probe:
                    scope.cancel()
                    del running[name]
            for name in wanted.keys() - running.keys():
                running[name] = wanted[name], anyio.CancelScope()
                tasks.start_soon(_repeat, host, *running[name])
            await changes.event.wait()


class _Changes:
    """Tells a task that something may have changed."""

    def __init__(self) -> None:
        self.event = anyio.Event()

    def note(self) -> None:
        self.event.set()


async def _repeat(host: HostedSimulator, probe: Probe, scope: anyio.CancelScope) -> None:
    """Run one check again and again: at once, and then each interval. Consul begins somewhere within the first interval."""
    with scope:
        while True:
            found = await _find(probe)
            host.probed(probe, found.status, found.output)
            await anyio.sleep(max(probe.interval, _LEAST_INTERVAL))


async def _find(probe: Probe) -> Finding:
    if probe.script:
        return await run_script(probe)
    if probe.http:
        return await ask_http(probe)
    return await (ask_tcp(probe) if probe.tcp else ask_udp(probe))
