"""The server in this process, with short time limits, and a simulator that the test controls."""

from __future__ import annotations

import gc
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.abc
import pytest

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator import Parked, Simulator
from tests.cli.dev.raw import CLOSE, LEADER, status_of
from transports.hosting.clock import Host
from transports.hosting.serve import ServerLimits, listen_tcp, listen_unix, serve

_QUICK = ServerLimits(request_time=0.3, idle=0.3, write=0.3, linger=0.2)

pytestmark = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class RecordingSimulator(Simulator):
    """A simulator that records parked and removed queries, and fails for one path."""

    def __init__(self) -> None:
        super().__init__()
        self.parked: list[Parked] = []
        self.forgotten: list[Parked] = []

    def handle(self, request: Request, now: float) -> Response | Parked:
        if request.path == "/v1/fails":
            raise LookupError("a text that no client may see")
        answer = super().handle(request, now)
        if isinstance(answer, Parked):
            self.parked.append(answer)
        return answer

    def forget(self, parked: Parked) -> None:
        self.forgotten.append(parked)
        super().forget(parked)


@dataclass
class ServerUnderTest:
    """A server, and the failures of its simulator."""

    simulator: RecordingSimulator
    address: Any
    failures: list[Exception] = field(default_factory=list)

    async def connect(self) -> anyio.abc.SocketStream:
        return await anyio.connect_tcp(*self.address)

    async def exchange(self, data: bytes) -> bytes:
        async with await self.connect() as stream:
            await stream.send(data)
            return await read_all(stream)


async def read_all(stream: anyio.abc.SocketStream) -> bytes:
    received = b""
    try:
        while True:
            received += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return received


async def until(met: Callable[[], bool]) -> None:
    while not met():  # noqa: ASYNC110 # what is waited for happens in the server
        await anyio.sleep(0.002)


@asynccontextmanager
async def start_server(limits: ServerLimits = _QUICK, **options: Any) -> AsyncIterator[ServerUnderTest]:
    with listen_tcp(0) as sock:
        here = ServerUnderTest(RecordingSimulator(), sock.getsockname())
        host = Host(here.simulator, on_failure=here.failures.append, **options)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: serve(host, [sock], limits=limits))
            with anyio.fail_after(20):
                yield here
            tasks.cancel_scope.cancel()


def test_a_slow_request_is_answered_with_408(backend: str) -> None:
    """A request that comes byte by byte, and one whose body does not come."""

    async def scenario() -> None:
        async with start_server() as here:
            async with await here.connect() as slow, anyio.create_task_group() as tasks:

                async def drip() -> None:
                    try:
                        for byte in b"GET /v1/kv/" + b"a" * 10_000:
                            await slow.send(bytes([byte]))
                            await anyio.sleep(0.01)
                    except anyio.BrokenResourceError:
                        pass

                tasks.start_soon(drip)
                assert status_of(await read_all(slow)) == 408
                tasks.cancel_scope.cancel()
            half = b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n" + CLOSE + b"abc"
            assert status_of(await here.exchange(half)) == 408
            assert status_of(await here.exchange(LEADER + CLOSE)) == 200

    anyio.run(scenario, backend=backend)


def test_a_silent_client_is_disconnected(backend: str) -> None:
    """Before a request, and after an answer."""

    async def scenario() -> None:
        async with start_server() as here:
            async with await here.connect() as silent:
                assert await read_all(silent) == b""
            received = await here.exchange(LEADER + b"\r\n")
            assert status_of(received) == 200
            assert b"Connection: close" not in received

    anyio.run(scenario, backend=backend)


def test_a_client_that_does_not_read_is_disconnected(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here:
            value = bytes(500_000)
            put = b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(value)
            assert status_of(await here.exchange(put + CLOSE + value)) == 200
            async with await here.connect() as stream:
                await stream.send(b"GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
                await anyio.sleep(0.8)
                received = await read_all(stream)
            assert received.count(b"HTTP/1.1 200 OK") < 50

    anyio.run(scenario, backend=backend)


def test_the_query_of_a_client_that_goes_away_is_removed(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here:
            simulator = here.simulator
            async with await here.connect() as stream:
                await stream.send(b"GET /v1/kv/a?index=1&wait=60s HTTP/1.1\r\nHost: x\r\n\r\n")
                await until(lambda: len(simulator.parked) == 1)
            await until(lambda: simulator.forgotten == simulator.parked)
            async with await here.connect() as stream:
                await stream.send(b"GET /v1/kv/a?index=1&wait=60s HTTP/1.1\r\nHost: x\r\n\r\n")
                await stream.send_eof()
                assert await read_all(stream) == b""

    anyio.run(scenario, backend=backend)


def test_a_parked_query_wakes_on_a_write(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here, await here.connect() as waiting:
            await waiting.send(b"GET /v1/kv/a?raw&index=1&wait=60s HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: len(here.simulator.parked) == 1)
            put = b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n" + CLOSE + b"new"
            assert status_of(await here.exchange(put)) == 200
            assert (await waiting.receive()).endswith(b"\r\n\r\nnew")
            assert here.simulator.forgotten == []

    anyio.run(scenario, backend=backend)


def test_a_parked_query_ends_after_its_wait(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here:
            received = await here.exchange(b"GET /v1/kv/a?index=1&wait=100ms HTTP/1.1\r\nHost: x\r\n" + CLOSE)
            assert status_of(received) == 404
            assert len(here.simulator.parked) == 1

    anyio.run(scenario, backend=backend)


def test_requests_behind_a_parked_query_are_answered_later(backend: str) -> None:
    """Also if it is more than the server reads ahead."""

    async def scenario() -> None:
        async with start_server() as here, await here.connect() as stream, anyio.create_task_group() as tasks:
            many = 4000

            async def send() -> None:
                query = b"GET /v1/kv/a?raw&index=1&wait=300ms HTTP/1.1\r\nHost: x\r\n\r\n"
                await stream.send(query + (LEADER + b"\r\n") * many + LEADER + CLOSE)

            tasks.start_soon(send)
            received = await read_all(stream)
            assert received.startswith(b"HTTP/1.1 404 Not Found")
            assert received.count(b"HTTP/1.1 200 OK") == many + 1

    anyio.run(scenario, backend=backend)


def test_100_continue_is_sent(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here, await here.connect() as stream:
            await stream.send(b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n" + CLOSE)
            assert await stream.receive() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send(b"abc")
            assert status_of(await read_all(stream)) == 200

    anyio.run(scenario, backend=backend)


def test_a_bug_in_the_simulator_fails_only_one_request(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here, await here.connect() as stream:
            await stream.send(b"GET /v1/fails HTTP/1.1\r\nHost: x\r\n\r\n")
            assert status_of(await stream.receive()) == 500
            await stream.send(LEADER + b"\r\n")
            assert status_of(await stream.receive()) == 200
            assert [type(failure) for failure in here.failures] == [LookupError]

    anyio.run(scenario, backend=backend)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({}, "default"),
        ({"X-Consul-Token": ""}, "default"),
        ({"X-Consul-Token": "own"}, "own"),
        ({"Authorization": "Bearer own"}, None),
    ],
)
def test_requests_without_a_token_have_the_default_one(backend: str, given: dict[str, str], used: str | None) -> None:
    class TokenRecorder(RecordingSimulator):
        tokens: list[str | None] = []  # noqa: RUF012 # of this test alone

        def handle(self, request: Request, now: float) -> Response | Parked:
            self.tokens.append(request.headers.get("x-consul-token"))
            return super().handle(request, now)

    async def scenario() -> None:
        host = Host(TokenRecorder(), default_token="default")
        host.handle(Request("GET", "/v1/status/leader", headers=Headers(given.items())))
        assert TokenRecorder.tokens == [used]

    anyio.run(scenario, backend=backend)


def test_the_clock_wakes_only_for_due_events(backend: str) -> None:
    """An event that stays due must not use the whole processor."""

    class Due(RecordingSimulator):
        due: float | None = None
        looks = 0

        def next_deadline(self) -> float | None:
            self.looks += 1
            return self.due

        def advance(self, now: float) -> None:
            pass

    async def scenario() -> None:
        for due, most in ((None, 3), (0.05, 200)):
            simulator = Due()
            simulator.due = due
            host = Host(simulator)
            with anyio.move_on_after(0.2):
                await host.run_clock()
            assert simulator.looks <= most

    anyio.run(scenario, backend=backend)


def test_a_socket_file_that_nobody_listens_on_is_replaced(backend: str, tmp_path: Any) -> None:
    path = str(tmp_path / "s")
    listen_unix(path).close()
    with listen_unix(path) as listening:
        assert listening.family == socket.AF_UNIX
        with pytest.raises(OSError, match="in use"):
            listen_unix(path)


async def _receive_until(stream: anyio.abc.SocketStream, mark: bytes) -> bytes:
    received = b""
    while mark not in received:
        received += await stream.receive()
    return received


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_an_answer_without_an_end_is_sent_as_it_comes(backend: str, version: bytes) -> None:
    async def scenario() -> None:
        async with start_server() as here:
            async with await here.connect() as stream:
                await stream.send(b"GET /v1/agent/monitor?loglevel=debug HTTP/" + version + b"\r\nHost: x\r\n\r\n")
                head = await _receive_until(stream, b"\r\n\r\n")
                assert head.startswith(b"HTTP/" + version + b" 200 OK\r\n")
                assert (b"Transfer-Encoding: chunked" in head, b"Connection: close" in head) == ((version == b"1.1"), (version == b"1.0"))
                assert b"Content-Length" not in head
                for path in (b"/v1/kv/a", b"/v1/kv/b"):
                    await here.exchange(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
                    received = await _receive_until(stream, b"latency=0s\n" + b"\r\n" * (version == b"1.1"))
                    line = b"method=GET url=" + path + b" from"
                    assert line in received
                    if version == b"1.1":
                        size, _, rest = received.partition(b"\r\n")
                        assert len(rest) == int(size, 16) + 2
                await anyio.sleep(0.4)  # longer than a server waits for a request, or for a client to read
                await here.exchange(LEADER + CLOSE)
                assert b"/v1/status/leader" in await _receive_until(stream, b"latency=0s\n")
            assert here.failures == []

    anyio.run(scenario, backend=backend)


def test_an_answer_without_an_end_ends_when_the_client_goes_away(backend: str) -> None:
    async def scenario() -> None:
        async with start_server() as here:
            async with await here.connect() as stream:
                await stream.send(b"GET /v1/agent/metrics/stream HTTP/1.1\r\nHost: x\r\n\r\n")
                await _receive_until(stream, b"\r\n\r\n")
                assert here.simulator.next_deadline() is not None

            def is_over() -> bool:
                gc.collect()
                return here.simulator.next_deadline() is None

            await until(is_over)

    anyio.run(scenario, backend=backend)
