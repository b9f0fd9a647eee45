"""Streams of an agent in memory, for threads and for tasks, in its own time."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import anyio
import pytest

from consulate import Cancel, Consul
from consulate.exceptions import Cancelled, ClientClosed, ClientError, RequestTimeout
from consulate.testing import ConsulAgent, FaultPlan
from consulate.testing.faults import Drop
from tests.faces import measure_lateness, wait_until

_BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def _waits(agent: ConsulAgent) -> bool:
    """Whether somebody waits for a line."""
    return bool(agent.simulated._parked)


def test_lines_come_as_they_are_written() -> None:
    agent = ConsulAgent()
    client = agent.client()
    with client.agent.monitor(log_level="debug") as lines:
        client.kv.put("a", 1)
        assert "url=/v1/kv/a" in next(iter(lines))

        def write() -> None:
            wait_until(lambda: _waits(agent))
            client.kv.put("b", 1)

        thread = threading.Thread(target=write)
        thread.start()
        assert "url=/v1/kv/b" in next(iter(lines))
        thread.join()


@pytest.mark.parametrize("way", ["close", "cancel", "client"])
def test_another_thread_ends_a_stream(way: str) -> None:
    agent = ConsulAgent()
    cancel, client = Cancel(), agent.client()
    ended: list[float] = []
    with client.open(client.ops.agent.monitor(), cancel=cancel) as lines:

        def end() -> None:
            wait_until(lambda: _waits(agent))
            ended.append(time.monotonic())
            {"close": lines.close, "cancel": cancel.set, "client": client.close}[way]()

        thread = threading.Thread(target=end)
        thread.start()
        error = None
        try:
            assert list(lines) == []
        except (Cancelled, ClientClosed) as caught:
            error = caught
        took = time.monotonic() - ended[0]
        assert took < 0.1 + measure_lateness()
        thread.join()
        lines.close()
    assert type(error) is {"close": type(None), "cancel": Cancelled, "client": ClientClosed}[way]
    assert not _waits(agent)


@_BACKENDS
@pytest.mark.parametrize("way", ["close", "cancel", "client"])
def test_another_task_ends_a_stream(backend: str, way: str) -> None:
    agent = ConsulAgent()

    async def main() -> None:
        client = agent.async_client()
        errors: list[Exception] = []
        async with anyio.create_task_group() as tasks, client.agent.monitor(log_level="debug") as lines:
            await client.kv.put("a", 1)
            assert "url=/v1/kv/a" in await anext(aiter(lines))

            async def read() -> None:
                try:
                    async for _line in lines:
                        raise AssertionError
                except ClientClosed as error:
                    errors.append(error)

            tasks.start_soon(read)
            with anyio.fail_after(10):
                while not _waits(agent):  # noqa: ASYNC110 - what is waited for happens in the agent
                    await anyio.sleep(0.002)
            if way == "client":
                await client.close()
            else:
                {"close": lines.close, "cancel": tasks.cancel_scope.cancel}[way]()
        assert [type(error) for error in errors] == ([ClientClosed] if way == "client" else [])
        lines.close()
        assert not _waits(agent)

    anyio.run(main, backend=backend)


def test_a_log_may_be_silent_for_hours_and_metrics_come_in_the_agents_time() -> None:
    agent = ConsulAgent()
    client = agent.client(timeout=2)
    with client.agent.metrics_stream() as intervals, client.agent.monitor() as lines:

        def pass_time() -> None:
            wait_until(lambda: _waits(agent))
            agent.advance(9)
            agent.advance(1)
            wait_until(lambda: _waits(agent))
            agent.advance(7200)
            with pytest.raises(ClientError):
                client.request("GET", "/v1/nothing")

        thread = threading.Thread(target=pass_time)
        thread.start()
        assert next(iter(intervals))["Timestamp"] == "1970-01-01 00:00:00 +0000 UTC"
        assert "Request error" in next(iter(lines))
        thread.join()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_log_that_is_read_as_a_whole_answer_reaches_the_time_limit(is_async: bool) -> None:
    agent = ConsulAgent()

    def pass_time() -> None:
        for _ in range(2):
            wait_until(lambda: _waits(agent))
            agent.client().request("GET", "/v1/status/leader")
            wait_until(lambda: _waits(agent))
            agent.advance(5)

    thread = threading.Thread(target=pass_time)
    thread.start()

    def read() -> None:
        if is_async:
            client = agent.async_client()
            anyio.run(lambda: client.request("GET", "/v1/agent/monitor", query={"loglevel": "debug"}))
        else:
            agent.client().request("GET", "/v1/agent/monitor", query={"loglevel": "debug"})

    with pytest.raises(RequestTimeout):
        read()
    assert agent.now == 10.0
    thread.join()


def test_a_time_limit_for_each_wait() -> None:
    agent = ConsulAgent()
    client = agent.client()
    with client.open(replace(client.ops.agent.monitor(), silence=30.0)) as lines:

        def pass_time() -> None:
            wait_until(lambda: _waits(agent))
            agent.advance(30)

        thread = threading.Thread(target=pass_time)
        thread.start()
        with pytest.raises(RequestTimeout):
            next(iter(lines))
        thread.join()
    assert agent.now == 30.0


def test_a_blocking_query_and_a_whole_answer_can_be_opened_too() -> None:
    agent = ConsulAgent()
    client: Any = agent.client()
    client.kv.put("a", 1)
    with client.snapshot._run(client.ops.snapshot.save()) as pieces:
        assert b"".join(pieces)[:2] == b"\x1f\x8b"


@_BACKENDS
def test_faults_meet_streams(backend: str) -> None:
    agent = ConsulAgent()
    plan = FaultPlan([Drop()])
    with pytest.raises(Exception, match="the connection was refused"), agent.client(faults=plan).agent.monitor():
        pass

    async def main() -> None:
        client = agent.async_client(faults=plan)
        with pytest.raises(Exception, match="the connection was refused"):
            async with client.agent.monitor():
                pass
        async with client.agent.monitor(log_level="debug") as lines:
            await client.kv.put("a", 1)
            assert "url=/v1/kv/a" in await anext(aiter(lines))

    anyio.run(main, backend=backend)


def test_a_documented_group_on_its_own_has_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    from consulate.adapters import Request as Adapter
    from consulate.api.agent import Agent
    from transports.simulated.agent import SimulatedTransport

    agent = ConsulAgent()
    monkeypatch.setattr(Adapter, "transport", lambda *_: SimulatedTransport(agent.simulated))
    with Agent("http://localhost:8500/v1").monitor(log_level="debug") as lines:
        agent.client().kv.put("a", 1)
        assert "url=/v1/kv/a" in next(iter(lines))
    assert isinstance(agent.client(), Consul)
