"""Scenarios of bulk calls on each kind of client: for threads, asyncio and trio."""

from __future__ import annotations

from typing import Any

import anyio

from consul_proto.message import Response
from consulate import AsyncConsul, Consul
from consulate.testing import ConsulAgent
from tests.faces import AwaitableClient, run_sync
from transports.memory import AsyncMemoryTransport, MemoryTransport

KINDS = ["threads", "asyncio", "trio"]

#: Of a transaction without results.
DONE = Response(200, body=b'{"Results": [], "Errors": null}')


def on_each(kind: str, agent: ConsulAgent, scenario: Any, **options: Any) -> None:
    """Run a scenario on a client of this kind."""
    if kind == "threads":
        run_sync(scenario(AwaitableClient(agent.client(**options))))
    else:
        anyio.run(scenario, agent.async_client(**options), backend=kind)


def keys(count: int, prefix: str = "t/") -> list[str]:
    return [f"{prefix}{number:05}" for number in range(count)]


def on_function(kind: str, answer: Any, scenario: Any) -> None:
    """Run a scenario on a client of this kind whose requests a function answers."""
    if kind == "threads":
        run_sync(scenario(AwaitableClient(Consul(transport=MemoryTransport(answer)))))
    else:
        anyio.run(scenario, AsyncConsul(transport=AsyncMemoryTransport(answer)), backend=kind)
