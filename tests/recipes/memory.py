"""Run a scenario on an agent in memory: with threads, on asyncio and on trio."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from consulate.testing import ConsulAgent
from tests.faces import ASYNCIO, TRIO, URLLIB3, AwaitableClient, Face, Scenario, run_sync

on_each_kind = pytest.mark.parametrize("face", [URLLIB3, ASYNCIO, TRIO], ids=["threads", "asyncio", "trio"])


def run_in_memory(face: Face, agent: ConsulAgent, scenario: Scenario[Any], **options: Any) -> Any:
    """Run a scenario with a client of the agent."""
    if face.backend is None:
        with agent.client(**options) as client:
            return run_sync(scenario(AwaitableClient(client)))

    async def main() -> Any:
        async with agent.async_client(**options) as client:
            return await scenario(client)

    return anyio.run(main, backend=face.backend)
