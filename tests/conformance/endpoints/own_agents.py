"""Real agents of a trial's own, for what would harm the agent that all trials share."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import consulate
from tests.agents import Agent, find_binaries, start_agent
from tests.conformance.world import World
from tests.faces import AwaitableClient


@contextmanager
def started(world: World, **configuration: object) -> Iterator[Agent]:
    """Start another real agent of the trial's version. configuration: what its configuration file has besides."""
    binary = next(found for found in find_binaries() if found.version == world.agent.version)
    with tempfile.TemporaryDirectory(prefix="consul-") as folder:
        file = Path(folder, "own.json")
        file.write_text(json.dumps(configuration))
        with start_agent(binary, acls=True, unix_socket=False, files=[file]) as agent:
            yield agent


@asynccontextmanager
async def client_of(world: World, agent: Agent) -> AsyncIterator[Any]:
    """Yield a client of another agent, of the trial's kind."""
    address = agent.host, agent.port, None, agent.management_token
    if world.face.backend is None:
        with closing(consulate.Consul(*address)) as client:
            yield AwaitableClient(client)
    else:
        async with consulate.AsyncConsul(*address) as client:
            yield client
