"""`consulate.testing`: clients on an agent in memory, for threads and for tasks."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import anyio
import pytest

from consul_proto.simulator.engine.versions import VersionName
from consulate import AsyncConsul
from consulate.exceptions import ClientClosed, Forbidden
from consulate.testing import ConsulAgent, End, Programs
from consulate.testing.agent import ClockKind
from tests.concurrency.threads import run_in_threads
from tests.faces import wait_until


def test_clients_share_an_agent_and_agents_share_nothing() -> None:
    agent = ConsulAgent()
    with agent.client() as one, agent.client() as other, ConsulAgent().client() as stranger:
        one.kv["k"] = {"a": 1}
        assert other.kv["k"] == {"a": 1}
        assert "k" not in stranger.kv


def test_advance_moves_the_clock() -> None:
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

        with run_in_threads.background(3, wait):
            wait_until(lambda: agent.waiting == 3)
            agent.client().kv.set("other", 1)
            assert agent.waiting == 3
            agent.client().kv.set("k", "new")
    assert found == ["new"] * 3


def test_close_and_the_clock_end_blocking_queries() -> None:
    agent = ConsulAgent()
    ends: list[object] = []
    closing, patient = agent.client(), agent.client()
    with closing, patient:

        def wait(number: int) -> None:
            try:
                ends.append((closing if number else patient).kv.get("k", "none", index=1, wait="10s"))
            except ClientClosed as error:
                ends.append(type(error))

        with run_in_threads.background(2, wait):
            wait_until(lambda: agent.waiting == 2)
            closing.close()
            wait_until(lambda: agent.waiting == 1)
            wait_until(lambda: ends == [ClientClosed])
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


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_task_waits_for_a_thread_and_for_a_task_of_another_event_loop(backend: str, clock: ClockKind) -> None:
    agent = ConsulAgent(clock=clock)
    found: list[Any] = []

    async def main() -> None:
        async with agent.async_client() as consul:
            with anyio.fail_after(10):
                found.append(await consul.kv.get("k", index=1, wait="60s"))
                record = await consul.kv.get_record("k")
                found.append(await consul.kv.get("k", index=record["ModifyIndex"], wait="60s"))

    def loop(_number: int) -> None:
        anyio.run(main, backend=backend)

    async def write() -> None:
        async with agent.async_client() as consul:
            await consul.kv.put("k", "by a task")

    with run_in_threads.background(2, loop):
        wait_until(lambda: agent.waiting == 2)
        with agent.client() as consul:
            consul.kv.put("k", "by a thread")
        wait_until(lambda: found.count("by a thread") == 2 and agent.waiting == 2)
        anyio.run(write, backend="trio" if backend == "asyncio" else "asyncio")
    assert sorted(found) == ["by a task"] * 2 + ["by a thread"] * 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_sync_client_can_wake_a_task_from_inside_its_event_loop(backend: str) -> None:
    agent = ConsulAgent()
    found: list[Any] = []

    async def wait(consul: AsyncConsul) -> None:
        found.append(await consul.kv.get("k", index=1, wait="60s"))

    async def main() -> None:
        with anyio.fail_after(10):
            async with agent.async_client() as consul, anyio.create_task_group() as tasks:
                tasks.start_soon(wait, consul)
                await anyio.wait_all_tasks_blocked()
                agent.client().kv.put("k", "v")

    anyio.run(main, backend=backend)
    assert found == ["v"]


def test_waking_a_task_of_an_ended_event_loop_does_nothing() -> None:
    agent = ConsulAgent()

    async def main() -> None:
        consul = agent.async_client()
        with anyio.move_on_after(0):
            await consul.kv.get("k", index=1, wait="60s")
        await consul.aclose()

    for backend in ("asyncio", "trio"):
        anyio.run(main, backend=backend)
    agent.client().kv.put("k", "v")
    agent.advance(100)
    assert agent.waiting == 0


def test_a_real_clock_runs_by_itself_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    agent = ConsulAgent(clock="real")
    with agent.client() as consul:
        began = agent.now
        assert consul.kv.get("k", "none", index=1, wait="50ms") == "none"
        assert 0.05 <= agent.now - began < 5
        agent.advance(1000)
        assert agent.now - began >= 1000
        used = time.process_time()
        assert consul.kv.get("k", "none", index=1, wait="600ms") == "none"
        assert time.process_time() - used < 0.05, "a waiting query must not use the processor"
    wait_until(lambda: set(threading.enumerate()) <= before)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_with_a_real_clock_an_expired_session_wakes_queries(backend: str) -> None:
    """The session expires and deletes the key long before the query's own wait ends."""
    agent = ConsulAgent(clock="real")

    async def main() -> None:
        async with agent.async_client() as consul:
            session = await consul.session.create(ttl="10s", behavior="delete")
            assert await consul.kv.acquire_lock("leader", session)
            record = await consul.kv.get_record("leader")
            agent.advance(19.8)
            with anyio.fail_after(10):
                assert await consul.kv.get("leader", "gone", index=record["ModifyIndex"], wait="60s") == "gone"

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("version", ["1.8.7", "1.22.5"])
def test_clients_use_the_management_token(version: VersionName) -> None:
    agent = ConsulAgent(version=version, acl_token="root-secret")
    assert agent.client().kv.put("k", "v")
    for token, says in (("", "Permission denied"), ("other", "ACL not found")):
        with pytest.raises(Forbidden, match=says):
            agent.client(token=token).kv.put("k", "v")
    assert ConsulAgent(version=version).client(token="").kv.put("k", "v")

    async def main() -> None:
        async with agent.async_client() as consul:
            assert await consul.kv.read("k") == "v"

    anyio.run(main)
    assert Programs(agent, lambda consul: consul.kv.read("k")).run() == [End("v")]
    assert "root-secret" not in repr(agent) + repr(agent.client())
    with pytest.raises(ValueError, match="empty"):
        ConsulAgent(acl_token="")


def test_an_unknown_clock_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="clock must be 'virtual' or 'real', not 'broken'"):
        ConsulAgent(clock="broken")  # type: ignore[arg-type] # the point of the test


def test_an_invalid_name_of_a_datacenter_is_a_value_error() -> None:
    with ConsulAgent(datacenter="EU-1").client() as consul:
        assert consul.catalog.datacenters() == ["eu-1"]
    with pytest.raises(ValueError, match="lower case letters"):
        ConsulAgent(datacenter="a b")


def test_an_unknown_version_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"version must be one of 1\.8\.7, 1\.22\.5, not '1\.9\.0'"):
        ConsulAgent(version="1.9.0")  # type: ignore[arg-type] # the point of the test


def test_importing_consulate_imports_no_test_library() -> None:
    code = (
        "import sys, consulate, consulate.client, consulate.testing\n"
        "heavy = {'hypothesis', 'pytest', 'consulate.testing.agent', 'consul_proto.simulator', 'transports.faults.plans'}\n"
        "bad = heavy & sys.modules.keys()\n"
        "assert not bad, bad\n"
        "from consulate.testing import ConsulAgent, FaultPlan\n"
        "assert not {'hypothesis', 'pytest', 'anyio'} & sys.modules.keys()\n"
        "assert 'ConsulAgent' in dir(consulate.testing)\n"
        "import consulate; assert not hasattr(consulate.testing, 'nothing')\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
