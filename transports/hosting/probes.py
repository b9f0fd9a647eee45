"""Run the checks of a simulator, with anyio: HTTP, TCP, UDP and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from transports.hosting.probe_http import probe_http
from transports.hosting.probe_script import run_script
from transports.hosting.probe_socket import probe_tcp, probe_udp

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.simulator.agent.probes import Probe
    from transports.hosting.clock import Host
    from transports.hosting.probe_socket import CheckResult

#: The shortest interval of a check, in seconds. It limits the CPU load if a check has an interval of 0.
_LEAST_INTERVAL = 0.1


async def run_probes(host: Host, may_run: Callable[[Probe], bool]) -> None:
    """Run all checks of a simulator, also those that are added later, until cancelled. may_run: returns whether a check may be run."""
    running: dict[str, tuple[Probe, anyio.CancelScope]] = {}
    changes = _Changes()
    host.on_change(changes.note)
    async with anyio.create_task_group() as tasks:
        while True:
            changes.event = anyio.Event()
            current = {name: probe for name, probe in host.probes.items() if may_run(probe)}
            for name, (probe, scope) in list(running.items()):
                if current.get(name) != probe:
                    scope.cancel()
                    del running[name]
            for name in current.keys() - running.keys():
                running[name] = current[name], anyio.CancelScope()
                tasks.start_soon(_repeat, host, *running[name])
            await changes.event.wait()


class _Changes:
    """Tells a task that the checks may have changed."""

    def __init__(self) -> None:
        self.event = anyio.Event()

    def note(self) -> None:
        self.event.set()


async def _repeat(host: Host, probe: Probe, scope: anyio.CancelScope) -> None:
    """Run one check at once, and then after each interval. (Consul waits a random part of the first interval.)"""
    with scope:
        while True:
            result = await _run_probe(probe)
            host.record_probe(probe, result.status, result.output)
            await anyio.sleep(max(probe.interval, _LEAST_INTERVAL))


async def _run_probe(probe: Probe) -> CheckResult:
    if probe.script:
        return await run_script(probe)
    if probe.http:
        return await probe_http(probe)
    return await (probe_tcp(probe) if probe.tcp else probe_udp(probe))
