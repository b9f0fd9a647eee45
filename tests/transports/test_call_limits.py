"""Limits of one call: `perform(call, timeout=..., retry=False)`."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from consul_proto.flow import Flow, call, sleep
from consul_proto.message import Request, Response
from consulate import AsyncConsul, Consul
from consulate.exceptions import RateLimited, RequestError, RequestTimeout, StaleConnection
from consulate.testing import ConsulAgent, FaultPlan
from consulate.testing.faults import Delay, Drop, Limited, Reset
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import GOOD, HEALTHY
from tests.fakes.raw_server import Close, Hang, Pause, ReadRequest, Send, answer
from tests.transports.conftest import Serve


@on_every_face
def test_a_call_can_have_a_shorter_limit_than_the_client(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Hang()], HEALTHY)

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.perform(client.ops.kv.get("k"), timeout=0.1))
        assert type(error) is RequestTimeout
        assert time.monotonic() - begun < 1
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=60)


@on_every_face
@pytest.mark.parametrize("timeout", [10, None])
def test_a_call_can_have_a_longer_limit_than_the_client_or_none(face: Face, timeout: float | None, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Pause(0.4), Send(GOOD)])

    async def scenario(client: Any) -> None:
        reply = await client.perform_with_meta(client.ops.kv.get("k"), timeout=timeout)
        assert reply.value == "v"

    face.run(scenario, server.url, timeout=0.1)


@on_every_face
@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_an_invalid_time_limit_is_a_value_error(face: Face, timeout: float, serve: Serve) -> None:
    server = serve(face, HEALTHY)

    async def scenario(client: Any) -> None:
        with pytest.raises(ValueError, match="timeout must be a number of seconds above 0, or None"):
            await client.perform(client.ops.kv.get("k"), timeout=timeout)

    face.run(scenario, server.url)
    assert server.requests == []


@on_every_face
def test_without_retries_a_temporary_refusal_is_an_error(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(answer(429, b"slow down")), *HEALTHY])

    async def scenario(client: Any) -> None:
        assert type(await outcome(client.perform(client.ops.kv.get("k"), retry=False))) is RateLimited
        assert len(server.requests) == 1
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_without_retries_a_read_on_a_stale_connection_is_not_resent(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest(), Close()], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        error = await outcome(client.perform(client.ops.kv.get("k"), retry=False))
        assert type(error) is StaleConnection
        assert len(server.requests) == 2

    face.run(scenario, server.url, timeout=10)


def test_without_retries_each_request_of_a_flow_is_sent_once() -> None:
    agent = ConsulAgent()
    consul = agent.client(faults=FaultPlan([None, Limited()]))

    def two() -> Flow[None]:
        yield from call(consul.ops.kv.put("a", 1))
        yield from call(consul.ops.kv.put("b", 2))

    with pytest.raises(RateLimited):
        consul.perform(two(), retry=False)
    assert consul.kv.keys() == ["a"]


@pytest.mark.parametrize("limit", [0.25, 0.02, 0.001, 7.3])
@pytest.mark.parametrize("fault", [Drop("timeout"), Delay(3600.0), Delay(3600.0, "answer")])
def test_limits_in_virtual_time_are_exact(limit: float, fault: Any) -> None:
    agent = ConsulAgent()
    with pytest.raises(RequestTimeout):
        agent.client(faults=FaultPlan([fault]), timeout=limit).kv.get("k")
    assert agent.now == limit


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("limit", [0.25, 0.02])
def test_limits_of_tasks_in_virtual_time_are_exact(limit: float, backend: str) -> None:
    agent = ConsulAgent()

    async def main() -> None:
        async with agent.async_client(faults=FaultPlan([Drop("timeout")]), timeout=60) as client:
            with pytest.raises(RequestTimeout):
                await client.perform(client.ops.kv.get("k"), timeout=limit)

    anyio.run(main, backend=backend)
    assert agent.now == limit


def test_real_time_does_not_count_against_a_limit_in_virtual_time() -> None:
    """Only the virtual clock counts."""
    agent = ConsulAgent()
    consul = agent.client(timeout=0.02)

    def slow() -> Flow[None]:
        yield from call(consul.ops.kv.put("a", 1))
        time.sleep(0.05)  # longer than the limit, in real time
        yield from call(consul.ops.kv.put("b", 2))

    consul.perform(slow())
    assert (consul.kv.keys(), agent.now) == (["a", "b"], 0.0)


def test_sleeps_count_against_a_limit_in_virtual_time() -> None:
    agent = ConsulAgent()
    consul = agent.client(faults=FaultPlan([None, Drop("timeout")]), timeout=5.0)

    def sleeps() -> Flow[None]:
        yield from call(consul.ops.kv.put("a", 1))
        yield from sleep(3.0)
        yield from call(consul.ops.kv.put("b", 2))

    with pytest.raises(RequestTimeout):
        consul.perform(sleeps())
    assert agent.now == 5.0


def test_a_blocking_query_in_virtual_time_ends_after_its_wait_and_its_limit() -> None:
    """The limit is 1 s plus the wait of 10 s and a sixteenth of it. The request never arrives."""
    agent = ConsulAgent()
    consul = agent.client(faults=FaultPlan([Drop("timeout")]), timeout=1.0)
    with pytest.raises(RequestTimeout):
        consul.kv.get("k", index=1, wait="10s")
    assert agent.now == 11.625


def test_time_limits_use_the_transports_clock() -> None:
    class Clock:
        def __init__(self) -> None:
            self.time = 100.0

        def now(self) -> float:
            return self.time

        def sleep(self, seconds: float) -> None:
            self.time += seconds

    class CannedTransport:
        def __init__(self) -> None:
            self.clock = Clock()
            self.limits: list[float | None] = []

        def send(self, request: Request, timeout: float | None) -> Response:
            self.limits.append(timeout)
            self.clock.time += 2.0
            return Response(429, body=b"slow down")

        def close(self) -> None: ...

    transport = CannedTransport()
    with pytest.raises(RateLimited):
        Consul(transport=transport, timeout=5.0).kv.get("k")
    assert transport.limits[0] == 5.0
    assert len(transport.limits) == 3
    assert 1.0 - 0.3 <= (transport.limits[2] or 0.0) <= 1.0


def test_a_transport_without_clock_and_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.01)
    answers = [Response(429), Response(200, body=b"[]")]

    class Least:
        def send(self, request: Request, timeout: float | None) -> Response:
            return answers.pop(0)

        def close(self) -> None: ...

    assert Consul(transport=Least()).health.service("web") == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_transport_of_tasks_without_clock_and_sleep(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.01)
    answers = [Response(429), Response(200, body=b"[]")]

    class Least:
        async def send(self, request: Request, timeout: float | None) -> Response:
            return answers.pop(0)

        async def aclose(self) -> None: ...

    async def main() -> None:
        async with AsyncConsul(transport=Least()) as client:
            assert await client.health.service("web") == []

    anyio.run(main, backend=backend)


def test_time_limits_use_trios_virtual_clock(serve: Serve) -> None:
    """A time limit uses the event loop's clock, as everything in trio does."""
    import trio
    import trio.testing

    from tests.faces import TRIO

    server = serve(TRIO, [ReadRequest(), Hang()])
    clock = trio.testing.MockClock(rate=0.0)

    async def main() -> None:
        async with AsyncConsul(server.url, timeout=3600) as client, trio.open_nursery() as nursery:

            async def get() -> None:
                with pytest.raises(RequestTimeout):
                    await client.kv.get("k")

            nursery.start_soon(get)
            with trio.fail_after(10_000):
                while not server.requests:
                    await trio.lowlevel.checkpoint()
            clock.jump(3601)

    begun = time.monotonic()
    trio.run(main, clock=clock)
    assert time.monotonic() - begun < 60


def test_a_write_is_not_resent_after_an_idle_connection_was_reset() -> None:
    agent = ConsulAgent()
    consul = agent.client(faults=FaultPlan([Reset(applied=False, idle=True)]))
    with pytest.raises(RequestError) as caught:
        consul.kv.put("k", "v")
    assert caught.value.maybe_applied is True
