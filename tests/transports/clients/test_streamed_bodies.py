"""Streamed request bodies on every client: whole, in constant memory, made anew for each attempt, and never sent twice without need."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import anyio
import anyio.to_thread
import pytest

from consul_proto.message import StreamedBody
from consulate import AsyncConsul, Consul
from consulate.exceptions import Forbidden, RequestError, RequestTimeout, ServerError, StaleConnection, UnreadableBody
from tests.faces import ASYNCIO, OVER_TCP, URLLIB3, Face, on_every_face, outcome
from tests.fakes.certificates import Certificates
from tests.fakes.faults import GOOD, HEALTHY
from tests.fakes.raw_server import Close, DigestRequest, Hang, RawServer, ReadHead, ReadRequest, Reset, Send, SetEvent, answer
from tests.transports.conftest import Serve

_DONE = Send(answer(200))


class Body:
    """A body of numbered pieces, which counts how often it was begun."""

    def __init__(self, *pieces: bytes, size: int | None = None) -> None:
        self._pieces = pieces
        self.begun = 0
        self.streamed = StreamedBody(self._make, sum(map(len, pieces)) if size is None else size)

    def _make(self) -> Iterator[bytes]:
        self.begun += 1
        yield from self._pieces


def _restore(client: Any, body: Body) -> Any:
    return client.perform(client.ops.snapshot.restore(body.streamed))


@on_every_face
def test_the_body_arrives_whole(face: Face, serve: Serve) -> None:
    body = Body(b"a", b"", b"b" * 300_000, b"c")
    server = serve(face, [ReadRequest(), _DONE, *HEALTHY])

    async def scenario(client: Any) -> None:
        assert await _restore(client, body) is True
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)
    request = server.requests[0]
    assert (request.method, request.target, request.header("content-length")) == ("PUT", "/v1/snapshot", "300002")
    assert request.header("transfer-encoding") is None
    assert request.body == b"a" + b"b" * 300_000 + b"c"
    assert body.begun == 1
    assert {request.connection for request in server.requests} == {0}, "the connection is used again"


@pytest.mark.parametrize("face", OVER_TCP, ids=str)
def test_over_tls(face: Face, serve: Serve, certificates: Certificates) -> None:
    body = Body(*[b"%0100000d" % number for number in range(20)])
    server = serve(face, [ReadRequest(), _DONE], tls=certificates.server)

    async def scenario(client: Any) -> None:
        assert await _restore(client, body) is True

    face.run(scenario, server.url, timeout=20, ca_file=certificates.ca_file)
    assert server.requests[0].body == b"".join(b"%0100000d" % number for number in range(20))


@on_every_face
def test_an_empty_body(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), _DONE])

    async def scenario(client: Any) -> None:
        assert await _restore(client, Body()) is True

    face.run(scenario, server.url, timeout=10)
    assert (server.requests[0].header("content-length"), server.requests[0].body) == ("0", b"")


@on_every_face
def test_it_is_made_anew_after_a_refusal_that_did_nothing(face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.05)
    body = Body(b"one", b"two")
    server = serve(face, [ReadRequest(), Send(answer(500, b"No cluster leader")), ReadRequest(), _DONE])

    async def scenario(client: Any) -> None:
        assert await _restore(client, body) is True

    face.run(scenario, server.url, timeout=10)
    assert [request.body for request in server.requests] == [b"onetwo", b"onetwo"]
    assert body.begun == 2


@on_every_face
def test_it_is_not_sent_again_on_a_connection_that_was_stale(face: Face, serve: Serve) -> None:
    """The server may have got it."""
    body = Body(b"one", b"two")
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest(), Close()], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        error = await outcome(_restore(client, body))
        assert type(error) is StaleConnection
        assert error.maybe_applied is True

    face.run(scenario, server.url, timeout=10)
    assert body.begun == 1


@on_every_face
@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize(("size", "says"), [(9, "must have 9 bytes, but has 6"), (3, "must have 3 bytes, but has more than 3")])
def test_a_body_of_another_size_is_an_error_of_its_own(face: Face, serve: Serve, reused: bool, size: int, says: str) -> None:
    server = serve(face, [*HEALTHY[:2], ReadRequest()] if reused else [ReadRequest()], HEALTHY)

    async def scenario(client: Any) -> None:
        if reused:
            await client.kv.get("k")
        error = await outcome(_restore(client, Body(b"ab", b"cdef", size=size)))
        assert type(error) is UnreadableBody
        assert f"PUT /v1/snapshot on {server.url}: the body of the request {says}" in str(error)
        assert await client.kv.get("k") == "v", "the broken connection is not used again"

    face.run(scenario, server.url, timeout=10)
    assert all(request.method == "GET" for request in server.requests), "no whole request arrived"


@on_every_face
def test_a_body_that_cannot_be_read(face: Face, serve: Serve) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        raise TimeoutError("the network drive does not answer")

    server = serve(face, [ReadRequest()], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.perform(client.ops.snapshot.restore(StreamedBody(pieces, 2))))
        assert type(error) is UnreadableBody
        assert "the body of the request cannot be read: the network drive does not answer" in str(error)

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_a_server_that_refuses_without_reading_all(face: Face, serve: Serve) -> None:
    """Its answer says why. The rest of the body is not sent, and the connection is not used again."""
    body = Body(*[bytes(1 << 18)] * 40)
    refused = Send(answer(403, b"Permission denied", [("Connection", "close")]))
    server = serve(face, [ReadHead(), refused, Close()], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(_restore(client, body))
        # A reset may overtake the answer.
        assert isinstance(error, Forbidden | RequestError)
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_the_time_limit_applies_to_a_server_that_does_not_read(face: Face, serve: Serve) -> None:
    body = Body(*[bytes(1 << 18)] * 100)
    server = serve(face, [ReadHead(), Hang()])

    async def scenario(client: Any) -> None:
        error = await outcome(_restore(client, body))
        assert type(error) is RequestTimeout
        assert error.maybe_applied is True

    face.run(scenario, server.url, timeout=0.5)


@on_every_face
def test_a_connection_that_is_reset_meanwhile(face: Face, serve: Serve) -> None:
    body = Body(*[bytes(1 << 18)] * 100)
    server = serve(face, [ReadHead(), Reset()], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(_restore(client, body))
        assert isinstance(error, RequestError)
        assert error.maybe_applied is True

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_a_long_body_takes_constant_memory(face: Face, serve: Serve) -> None:
    """As `scripts/snapshots` measures with 200 MB."""
    piece, count = bytes(1 << 18), 256
    server = serve(face, [DigestRequest(), _DONE])

    async def scenario(client: Any) -> None:
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            assert await client.perform(client.ops.snapshot.restore(StreamedBody(lambda: (piece for _ in range(count)), count << 18)))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak - before < 8 << 20

    face.run(scenario, server.url, timeout=60)
    assert server.requests[0].body == sha256(bytes(count << 18)).digest()


def test_a_cancelled_task_sends_no_more() -> None:
    """The piece that is being read ends first: it is read in a thread."""
    began, goes_on = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"a"
        began.set()
        goes_on.wait(10)
        yield b"b"

    async def main(url: str) -> None:
        async with AsyncConsul(url, timeout=60) as client:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(client.perform, client.ops.snapshot.restore(StreamedBody(pieces, 2)))
                    await anyio.to_thread.run_sync(began.wait, 10)
                    scope.cancel()
                    goes_on.set()
            assert scope.cancelled_caught

    with RawServer([ReadRequest(), Hang()]) as server:
        anyio.run(main, server.url)
        assert server.requests == []


@pytest.mark.parametrize("face", [URLLIB3, ASYNCIO], ids=str)
def test_an_error_of_consul(face: Face, serve: Serve) -> None:
    server = serve(face, [ReadRequest(), Send(answer(500, b"failed to decompress snapshot: EOF")), SetEvent(threading.Event())])

    async def scenario(client: Any) -> None:
        assert type(await outcome(_restore(client, Body(b"x")))) is ServerError

    face.run(scenario, server.url, timeout=10)


def test_two_faces_share_a_body() -> None:
    """Nothing of it is used up."""
    body = Body(b"a")
    for client in (Consul, AsyncConsul):
        assert client().ops.snapshot.restore(body.streamed).request.read_body() == b"a"
