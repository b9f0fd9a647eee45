"""`Retry-After`: a 429 or 503 that says when to try again is obeyed within the time limit."""

from __future__ import annotations

import time
from typing import Any

import pytest

from consul_proto.message import Headers, Request, Response
from consulate import AsyncConsul, Consul
from consulate.exceptions import ConsulateException, RateLimited, ServerError
from tests.faces import ASYNCIO, TRIO, URLLIB3, Face, on_every_face, outcome
from tests.fakes.faults import DONE, GOOD, refuse_then_answer
from tests.fakes.raw_server import answer
from tests.transports.conftest import Serve
from transports.memory import AsyncMemoryTransport, MemoryTransport

_DATES = [("Retry-After", "Sun, 06 Nov 1994 08:49:40 GMT"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")]


class Refusing:
    """Refuses the first request with these headers, and notes the pauses that the client makes, which take no time."""

    def __init__(self, status: int, headers: list[tuple[str, str]], times: int = 1) -> None:
        self.pauses: list[float] = []
        self.methods: list[str] = []
        self._refusal = Response(status, Headers(headers), b"slow down")
        self._times = times

    def _handle(self, request: Request) -> Response:
        self.methods.append(request.method)
        return self._refusal if len(self.methods) <= self._times else Response(200, body=b"true")

    def outcome(self, face: Face, **options: Any) -> Any:
        """What one write, or one read, of a client comes to."""
        method = options.pop("method", "GET")

        async def scenario(client: Any) -> Any:
            return await outcome(client.request(method, "/v1/status/leader"))

        if face.backend is None:
            return face.run(scenario, transport=MemoryTransport(self._handle, self.pauses.append), **options)
        return face.run(scenario, transport=AsyncMemoryTransport(self._handle, self.pauses.append), **options)


on_every_mode = pytest.mark.parametrize("face", [URLLIB3, ASYNCIO, TRIO], ids=str)


@on_every_mode
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", [[("Retry-After", "3")], _DATES], ids=["seconds", "a date"])
def test_the_client_waits_as_long_as_it_is_asked_to(face: Face, status: int, headers: list[tuple[str, str]]) -> None:
    server = Refusing(status, headers)
    assert server.outcome(face).status == 200
    assert server.pauses == [3.0]
    assert len(server.methods) == 2


@on_every_mode
def test_a_write_after_a_rate_limit_too(face: Face) -> None:
    server = Refusing(429, [("Retry-After", "3")])
    assert server.outcome(face, method="PUT").status == 200
    assert server.pauses == [3.0]


@on_every_mode
def test_a_write_after_a_503_is_not_sent_again(face: Face) -> None:
    """Whoever answered may have let it through."""
    server = Refusing(503, [("Retry-After", "3")])
    error = server.outcome(face, method="PUT")
    assert type(error) is ServerError
    assert error.maybe_applied is True
    assert "Retry-After: 3" in str(error)
    assert (server.methods, server.pauses) == (["PUT"], [])


@on_every_mode
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ServerError)])
@pytest.mark.parametrize(
    "headers",
    [[("Retry-After", "11")], [("Retry-After", "9" * 30)], [("Retry-After", "Sun, 06 Nov 2994 08:49:40 GMT")]],
    ids=["seconds", "for ever", "a date"],
)
def test_a_longer_wait_than_the_limit_is_an_error_at_once(
    face: Face, status: int, kind: type[ConsulateException], headers: list[tuple[str, str]]
) -> None:
    server = Refusing(status, headers)
    error = server.outcome(face, timeout=10)
    assert type(error) is kind
    assert f"slow down; it asks to wait: Retry-After: {headers[0][1]}" in str(error)
    assert (len(server.methods), server.pauses) == (1, [])


@on_every_mode
def test_without_a_limit_no_wait_is_longer_than_a_day(face: Face) -> None:
    assert type(Refusing(429, [("Retry-After", "90000")]).outcome(face, timeout=None)) is RateLimited
    assert Refusing(429, [("Retry-After", "80000")]).outcome(face, timeout=None).status == 200


@on_every_mode
def test_what_cannot_be_read_counts_as_nothing(face: Face) -> None:
    assert Refusing(429, [("Retry-After", "soon")]).outcome(face).status == 200
    assert type(Refusing(503, [("Retry-After", "soon")]).outcome(face)) is ServerError
    assert type(Refusing(503, []).outcome(face)) is ServerError


@pytest.mark.parametrize("make", [Consul, AsyncConsul], ids=["threads", "tasks"])
def test_retry_false_sends_the_request_once(make: Any) -> None:
    server = Refusing(429, [("Retry-After", "0")])
    face = URLLIB3 if make is Consul else ASYNCIO

    async def scenario(client: Any) -> Any:
        return await outcome(client.perform(client.ops.status.leader(), retry=False))

    transport = MemoryTransport if make is Consul else AsyncMemoryTransport
    assert type(face.run(scenario, transport=transport(server._handle))) is RateLimited
    assert len(server.methods) == 1


@on_every_face
def test_over_the_wire(face: Face, serve: Serve) -> None:
    refusal = answer(429, b"slow down", [("Retry-After", "1")])
    server = serve(face, refuse_then_answer(refusal, 1, DONE))

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        assert await client.kv.put("k", "v") is True
        assert time.monotonic() - begun >= 1
        assert len(server.requests) == 2

    face.run(scenario, server.url, timeout=10)


@on_every_face
def test_longer_than_the_limit_over_the_wire(face: Face, serve: Serve) -> None:
    refusal = answer(503, b"<html>maintenance</html>", [("Retry-After", "3600"), ("Content-Type", "text/html")])
    server = serve(face, refuse_then_answer(refusal, 1, GOOD))

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.kv.get("k"))
        assert time.monotonic() - begun < 5
        assert type(error) is ServerError
        assert "Retry-After: 3600" in str(error)
        assert len(server.requests) == 1

    face.run(scenario, server.url, timeout=10)
