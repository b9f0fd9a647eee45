"""A client with several agents: over real sockets, with agents that are dead or swallow packets, and under fault plans in virtual time."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consul_proto.agents import AgentOrder
from consul_proto.errors import ClientClosed, ConsulateException, NoLeader, RequestError, RequestTimeout
from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Settings, Simulator
from consulate import AsyncConsul, Cancel, Consul
from consulate.adapters import SocketRequest
from tests.faces import ASYNCIO, OVER_TCP, TRIO, Face, on_every_tcp_face, wait_until
from tests.recipes.served import Proxy, serve_simulator
from transports.faults.plans import EVERY, Duplicate, FaultPlan, Stale
from transports.faults.transport import AsyncFaultyTransport, FaultyTransport
from transports.memory import MemoryTransport
from transports.several_agents import AgentsTransport, AsyncAgentsTransport
from transports.simulated.agent import SimulatedAgent, SimulatedTransport
from transports.simulated.tasks import AsyncSimulatedTransport

A, B = "http://a:8500", "http://b:8500"


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with serve_simulator() as (url, _):
        yield url


@contextmanager
def _doors(url: str, count: int = 2) -> Iterator[list[Proxy]]:
    """Give proxies to an agent, each of which looks like an agent of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(Proxy("127.0.0.1", int(url.rpartition(":")[2]))) for _ in range(count)]


@contextmanager
def _swallowing() -> Iterator[str]:
    """Give the address of an agent that accepts no connection and refuses none: its queue of connections is full."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@on_every_tcp_face
def test_calls_go_on_and_come_back(face: Face, served: str) -> None:
    async def scenario(client: Any) -> None:
        assert repr(client._target if face.backend is None else client).endswith(f"Consul {first.url}, {second.url}>")
        assert await client.kv.put("k", 1) is True
        first.kill()
        assert await client.kv.get("k") == 1
        assert await client.kv.put("k", 2) is True
        with pytest.raises(RequestError, match="refused|closed") as caught:
            await client.agent.self()
        assert caught.value.address == first.url
        second.kill()
        for call in (client.kv.get("k"), client.kv.put("k", 3)):
            with pytest.raises(RequestError) as caught:
                await call
            assert "no agent answered: " in str(caught.value)
            assert f"{first.url} said: " in str(caught.value)
            assert f"{second.url} said: " in str(caught.value)
            assert "\n" not in str(caught.value)
        first.restart()
        assert await client.kv.get("k") == 2
        assert (await client.agent.self())["Config"]["NodeName"]

    with _doors(served) as (first, second):
        face.run(scenario, [first.url, second.url])


@on_every_tcp_face
@pytest.mark.parametrize("call", ["get", "put"])
def test_an_agent_that_accepts_no_connection_costs_a_share_of_the_time(face: Face, call: str, served: str) -> None:
    async def scenario(client: Any) -> None:
        began = monotonic()
        await (client.catalog.nodes() if call == "get" else client.kv.put("share/k", 1))
        assert 0.4 < monotonic() - began < 1.9

    with _swallowing() as dead:
        face.run(scenario, [dead, served], timeout=2)


@on_every_tcp_face
def test_a_read_that_is_swallowed_goes_on_after_its_share_and_a_write_does_not(face: Face, served: str) -> None:
    async def scenario(client: Any) -> None:
        await client.kv.put("k", 1)
        first.swallow()
        with pytest.raises(RequestTimeout) as caught:
            await client.kv.put("k", 2)
        assert caught.value.maybe_applied
        assert caught.value.address == first.url

    async def read(client: Any) -> None:
        await client.kv.put("k", 1)
        other.swallow()
        assert await client.kv.get("k") == 1

    with _doors(served, 3) as (first, second, other):
        face.run(scenario, [first.url, second.url], timeout=1)
        face.run(read, [other.url, second.url], timeout=2)


@on_every_tcp_face
def test_a_stream_goes_on_before_it_begins(face: Face, served: str) -> None:
    async def scenario(client: Any) -> None:
        await client.kv.put("stream/k", 1)
        first.kill()
        assert [record["Key"] for record in await _read_all(face, client)] == ["stream/k"]
        second.kill()
        with pytest.raises(RequestError, match="no agent answered"):
            await _read_all(face, client)

    with _doors(served) as (first, second):
        face.run(scenario, [first.url, second.url])


async def _read_all(face: Face, client: Any) -> list[Any]:
    stream = client.ops.kv.stream_records("stream/")
    if face.backend is None:
        with client._target.open(stream) as events:
            return list(events)
    async with client.open(stream) as events:
        return [event async for event in events]


def test_a_stream_that_has_begun_stays_and_its_error_names_the_agent(served: str) -> None:
    with _doors(served) as (first, second), Consul([first.url, second.url]) as consul:
        with pytest.raises(RequestError) as caught, consul.agent.monitor() as lines:  # noqa: PT012 - the block raises when it is read
            first.kill()
            list(lines)
        assert caught.value.address == first.url


def test_a_blocking_query_begins_anew_on_another_agent(served: str) -> None:
    with _doors(served) as (first, second), Consul([first.url, second.url]) as consul, Consul(served) as direct:
        consul.kv.put("watched", 1)
        index = consul.perform_with_meta(consul.ops.kv.get("watched")).meta.index
        assert index is not None
        answers: list[Any] = []
        query = consul.ops.kv.get("watched").blocking(index=index, wait=30)
        thread = threading.Thread(target=lambda: answers.append(consul.perform_with_meta(query)))
        thread.start()
        transport: Any = consul._transport
        wait_until(lambda: transport._router.transports[0]._busy)
        first.kill()
        thread.join(10)
        assert [(answer.value, answer.meta.index) for answer in answers] == [(1, index)]
        first.restart()
        # It stays with the second agent, and waits there.
        threading.Timer(0.2, lambda: direct.kv.put("watched", 2)).start()
        assert consul.perform(query) == 2
        assert first._sockets == []


def test_a_call_that_is_cancelled_goes_to_no_other_agent(served: str) -> None:
    with _doors(served) as (first, second), Consul([first.url, second.url]) as consul:
        consul.kv.put("c", 1)
        stop = Cancel()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(RequestError, match="cancelled"):
            consul.perform(consul.ops.kv.get("c").blocking(index=10**9, wait=30), cancel=stop)
        assert second._sockets == []


@pytest.mark.parametrize("face", [*OVER_TCP], ids=str)
def test_a_closed_client_asks_nobody(face: Face, served: str) -> None:
    async def scenario(client: Any) -> None:
        await client.kv.put("k", 1)
        await client.close()
        with pytest.raises(ClientClosed):
            await client.kv.get("k")

    with _doors(served) as (first, second):
        face.run(scenario, [first.url, second.url])
        assert second._sockets == []


def test_an_adapter_makes_a_transport_for_each_agent(served: str) -> None:
    with _doors(served) as (first, second), Consul([first.url, second.url], adapter=SocketRequest()) as consul:
        first.kill()
        assert consul.using(timeout=3).kv.put("k", 1) is True


def test_the_log_names_the_agents(served: str, caplog: pytest.LogCaptureFixture) -> None:
    with _doors(served) as (first, second), Consul([first.url, second.url], token="4f1a3d1e") as consul:
        first.kill()
        with caplog.at_level(logging.DEBUG, "consulate"):
            consul.kv.put("k", 1)
    lines = [record.getMessage() for record in caplog.records]
    assert f"PUT /v1/kv/k: RequestError from {first.url}; goes on with {second.url}" in lines
    assert f"PUT /v1/kv/k: 200 from {second.url}" in lines
    assert "4f1a3d1e" not in caplog.text


def test_what_all_agents_say_is_in_one_line_without_the_token() -> None:
    token = "3e0b7f0c"

    def limited(_request: Request) -> Response:
        return Response(500, Headers(), b"No cluster leader")

    def echo(request: Request) -> Response:
        return Response(502, Headers(), f"bad\ngateway {request.headers.get('x-consul-token')}".encode())

    class Adapter:
        def transport(self, config: Any) -> Any:
            return MemoryTransport(echo if config.address.host == "a" else limited, sleep=lambda _seconds: None)

    with Consul([A, B], token=token, adapter=Adapter()) as consul:  # type: ignore[arg-type] # for threads only
        with pytest.raises(NoLeader) as caught:
            consul.perform(consul.ops.kv.get("k"), retry=False)
        assert str(caught.value) == f"GET /v1/kv/k on {B}: 500 No cluster leader; {A} said: 502 bad gateway <hidden>"


def test_a_transport_that_cannot_cancel_serves_recipes_too() -> None:
    agent = SimulatedAgent(Simulator(Settings()), is_real=True)

    class Plain(SimulatedTransport):
        def send(self, request: Request, timeout: float | None) -> Response:  # type: ignore[override] # without `cancel`
            return super().send(request, timeout)

    class Adapter:
        def transport(self, config: Any) -> Any:
            return Plain(agent)

    with Consul([A, B], adapter=Adapter()) as consul, consul.lock("k", checks=[]) as held:  # type: ignore[arg-type] # for threads only
        assert not held.lost.is_set()


def test_a_transport_excludes_several_addresses() -> None:
    for make in (Consul, AsyncConsul):
        for host in ([A, B], f"{A},{B}"):
            with pytest.raises(ValueError, match="several addresses cannot be combined with transport="):
                make(host, transport=AgentsAnything())  # type: ignore[arg-type] # it is refused before


class AgentsAnything:
    """Something with the methods of both kinds of transports."""

    send = close = aclose = staticmethod(lambda *_: None)


class _Applied:
    """A simulated agent that counts how often it carried out each write."""

    def __init__(self) -> None:
        self.agent = SimulatedAgent(Simulator(Settings()))
        self.writes: dict[str, int] = {}

    def count(self, request: Request, response: Response) -> Response:
        """Note that a request was carried out."""
        if request.method != "GET" and response.status == 200:
            self.writes[request.path] = self.writes.get(request.path, 0) + 1
        return response


class _Counting(SimulatedTransport):
    def __init__(self, applied: _Applied) -> None:
        super().__init__(applied.agent)
        self._applied = applied

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        return self._applied.count(request, super().send(request, timeout, cancel))


class _AsyncCounting(AsyncSimulatedTransport):
    def __init__(self, applied: _Applied) -> None:
        super().__init__(applied.agent)
        self._applied = applied

    async def send(self, request: Request, timeout: float | None) -> Response:
        return self._applied.count(request, await super().send(request, timeout))


#: Faults that leave it to the client whether a request is carried out twice.
_FAULTS = [fault for fault in EVERY if not isinstance(fault, Duplicate | Stale)]
_plans = st.lists(st.none() | st.sampled_from(_FAULTS), max_size=12).map(lambda faults: FaultPlan([*faults]))


def _check(applied: _Applied, results: dict[str, Any]) -> None:
    for path, count in applied.writes.items():
        assert count == 1, f"{path} was carried out {count} times"
    for path, result in results.items():
        if isinstance(result, ConsulateException):
            assert result.maybe_applied or path not in applied.writes
            assert result.address
        elif result is True:
            assert path in applied.writes


async def _write_many(client: Any, results: dict[str, Any]) -> None:
    for number in range(6):
        for path, call in ((f"/v1/kv/{number}", client.kv.put(str(number), number)), ("", client.kv.find(""))):
            try:
                results[path] = await call
            except ConsulateException as error:
                results[path] = error


@settings(max_examples=60, deadline=None)
@given(_plans, _plans, st.sampled_from(["given", "random"]), st.sampled_from([ASYNCIO, TRIO, None]))
def test_whatever_fails_no_write_is_carried_out_twice(first: FaultPlan, second: FaultPlan, order: AgentOrder, face: Face | None) -> None:
    applied, results = _Applied(), dict[str, Any]()
    numbers = iter([number / 7 % 1 for number in range(10_000)])
    if face is None:
        made = {A: FaultyTransport(_Counting(applied), first), B: FaultyTransport(_Counting(applied), second)}
        sync = AgentsTransport(made, order, lambda: next(numbers))
        Face("threads", None, unix=False).run(lambda client: _write_many(client, results), transport=sync)
    else:
        async_made = {A: AsyncFaultyTransport(_AsyncCounting(applied), first), B: AsyncFaultyTransport(_AsyncCounting(applied), second)}
        transport = AsyncAgentsTransport(async_made, order, lambda: next(numbers))
        face.run(lambda client: _write_many(client, results), transport=transport)
    _check(applied, results)
