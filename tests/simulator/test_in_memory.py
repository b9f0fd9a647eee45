"""`consulate.testing`: clients on an agent in memory, for threads and for tasks."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from consulate import AsyncConsul
from consulate.exceptions import ClientClosed
from consulate.testing import ConsulAgent
from tests.concurrency.working import in_threads
from tests.faces import eventually


def test_clients_share_an_agent_and_agents_share_nothing() -> None:
    agent = ConsulAgent()
    with agent.client() as one, agent.client() as other, ConsulAgent().client() as stranger:
        one.kv["k"] = {"a": 1}
        assert other.kv["k"] == {"a": 1}
        assert "k" not in stranger.kv


def test_time_passes_when_the_test_says_so() -> None:
    agent = ConsulAgent(version="1.8.7")
    with agent.client() as consul:
        session = consul.session.create(ttl="10s", behavior="delete")
        assert consul.kv.acquire_lock("leader", session)
        agent.advance(19.9)
        assert "leader" in consul.kv
        agent.advance(0.1)
        assert "leader" not in consul.kv
    assert agent.now == 20
    with pytest.raises(ValueError, match="back"):
        agent.advance(-1)


def test_a_thread_waits_for_another() -> None:
    agent = ConsulAgent()
    found: list[Any] = []
    with agent.client() as consul:
        consul.kv["k"] = "old"
        index = int(consul.kv.get_record("k")["ModifyIndex"])

        def wait(_number: int) -> None:
            found.append(consul.kv.get("k", index=index, wait="60s"))

        with in_threads.background(3, wait):
            eventually(lambda: agent.waiting == 3)
            agent.client().kv.set("other", 1)
            assert agent.waiting == 3
            agent.client().kv.set("k", "new")
    assert found == ["new"] * 3


def test_closing_and_time_end_what_waits() -> None:
    agent = ConsulAgent()
    ends: list[object] = []
    closing, patient = agent.client(), agent.client()
    with closing, patient:

        def wait(number: int) -> None:
            try:
                ends.append((closing if number else patient).kv.get("k", "none", index=1, wait="10s"))
            except ClientClosed as error:
                ends.append(type(error))

        with in_threads.background(2, wait):
            eventually(lambda: agent.waiting == 2)
            closing.close()
            eventually(lambda: agent.waiting == 1)
            eventually(lambda: ends == [ClientClosed])
            agent.advance(9.9)
            assert agent.waiting == 1
            agent.advance(0.1)
    assert ends == [ClientClosed, "none"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_waits_for_another(backend: str) -> None:
    agent = ConsulAgent()

    async def main() -> None:
        found: list[Any] = []

        async def wait(consul: AsyncConsul) -> None:
            found.append(await consul.kv.get("k", index=1, wait="60s"))

        async with agent.async_client() as consul:
            with anyio.fail_after(10):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(wait, consul)
                    await anyio.wait_all_tasks_blocked()
                    assert agent.waiting == 1
                    await consul.kv.set("k", "new")
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(wait_for_ever, consul)
                    await anyio.wait_all_tasks_blocked()
                    assert agent.waiting == 1
                    tasks.cancel_scope.cancel()
        assert found == ["new"]
        assert agent.waiting == 0

    async def wait_for_ever(consul: AsyncConsul) -> None:
        await consul.kv.get("other", index=1000)

    anyio.run(main, backend=backend)
