"""Every fault of an answer, on every client: the right exception and maybe_applied, in time, and the next call works."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest

from consulate import Limits
from consulate.exceptions import (
    ClientError,
    ConsulateException,
    DecodeError,
    Forbidden,
    Redirected,
    RequestError,
    RequestTimeout,
    ServerError,
)
from tests.faces import Face, on_every_face, outcome, wait_until
from tests.fakes.faults import DONE, FAULTS, FOUND, GOOD, HEALTHY, ODD_BUT_GOOD, UNUSABLE_IDLE
from tests.fakes.raw_server import ReadRequest, Script, Send, SetEvent, answer
from tests.transports.conftest import Serve

#: Time limits in seconds: of most calls, of calls that will time out, and the longest time until any error.
TIMEOUT, SHORT, IN_TIME = 5.0, 0.3, 2.5


@dataclass(frozen=True)
class Row:
    """The outcome of a fault. read: the exception. done: its maybe_applied. says: a part of its message."""

    read: type[ConsulateException]
    done: bool
    says: str

    @property
    def timeout(self) -> float:
        """The time limit of the client: short for rows that time out."""
        return SHORT if self.read is RequestTimeout else TIMEOUT


_CLOSED = "the connection was"
_NOT_HTTP = "the answer is not valid HTTP"

ROWS: dict[str, Row] = {
    "never answers": Row(RequestTimeout, True, "no complete answer within the time limit"),
    "reset before the answer": Row(RequestError, True, _CLOSED),
    "reset in the middle of the head": Row(RequestError, True, _CLOSED),
    "reset in the middle of the body": Row(RequestError, True, _CLOSED),
    "closed before the answer": Row(RequestError, True, _CLOSED),
    "closed in the middle of the head": Row(RequestError, True, "before the answer was complete"),
    "truncated body": Row(RequestError, True, "before the answer was complete"),
    "Content-Length smaller than the body": Row(DecodeError, True, "expected"),
    "Content-Length larger than the body": Row(RequestError, True, "before the answer was complete"),
    "two different Content-Lengths": Row(RequestError, True, "Content-Length"),
    "Content-Length is not a number": Row(RequestError, True, "Content-Length"),
    "garbage instead of HTTP": Row(RequestError, True, _NOT_HTTP),
    "invalid JSON": Row(DecodeError, True, "14 bytes that are not"),
    "an empty 200": Row(DecodeError, True, "an empty answer"),
    "an HTML 502": Row(ServerError, True, "502 an HTML page"),
    "an HTML 200": Row(DecodeError, True, "text/html"),
    "JSON: a number": Row(DecodeError, True, "got a number"),
    "JSON: another object": Row(DecodeError, True, "got an object"),
    "JSON: a list of numbers": Row(DecodeError, True, "got a list"),
    "JSON: null": Row(DecodeError, True, "got null"),
    "JSON 20,000 levels deep": Row(DecodeError, True, "nested too deeply"),
    "a value that is not base64": Row(DecodeError, True, "expected"),
    "a body that is not UTF-8": Row(DecodeError, True, "15 bytes that are not"),
    "not gzip, but says so": Row(RequestError, True, "is declared as gzip, but is not"),
    "gzip, cut off": Row(RequestError, True, "was cut off"),
    "an unknown Content-Encoding": Row(RequestError, True, "rot13"),
    "10,000 headers": Row(RequestError, True, _NOT_HTTP),
    "a 301": Row(Redirected, False, "/v1/kv/other"),
    "a 307": Row(Redirected, False, "/v1/kv/other"),
    "a 400": Row(ClientError, False, "400 Missing key name"),
    "a 403": Row(Forbidden, False, "403 Permission denied"),
    "a 413": Row(ClientError, False, "413 Request body(600000 bytes) too large"),
    "a 500": Row(ServerError, True, "500 rpc error making call: something broke"),
    "headers dripped": Row(RequestTimeout, True, "no complete answer within the time limit"),
    "body dripped": Row(RequestTimeout, True, "no complete answer within the time limit"),
    "an answer of 10 MB": Row(DecodeError, True, "expected"),
    "chunks, cut off": Row(RequestError, True, "before the answer was complete"),
    "chunks, not a size": Row(RequestError, True, ""),
}


def test_every_fault_has_a_row() -> None:
    assert ROWS.keys() == FAULTS.keys()


@on_every_face
@pytest.mark.parametrize("fault", FAULTS)
def test_a_read(face: Face, fault: str, serve: Serve) -> None:
    row, server = ROWS[fault], serve(face, FAULTS[fault], HEALTHY)

    async def scenario(client: Any) -> None:
        begun = time.monotonic()
        error = await outcome(client.kv.get("k"))
        assert time.monotonic() - begun < IN_TIME
        assert type(error) is row.read, repr(error)
        assert error.maybe_applied is row.done
        assert row.says in str(error)
        assert str(error).startswith(f"GET /v1/kv/k on {server.url}: ")
        assert len(server.requests) == 1
        assert await client.using(timeout=TIMEOUT).kv.get("k") == "v"

    face.run(scenario, server.url, timeout=row.timeout)


@on_every_face
@pytest.mark.parametrize("fault", FAULTS)
def test_a_write_is_sent_once(face: Face, fault: str, serve: Serve) -> None:
    row, server = ROWS[fault], serve(face, FAULTS[fault], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.put("k", "w", cas=7))
        assert type(error) is row.read, repr(error)
        assert error.maybe_applied is row.done
        assert [(request.method, request.target, request.body) for request in server.requests] == [("PUT", "/v1/kv/k?cas=7", b"w")]
        assert await client.using(timeout=TIMEOUT).kv.get("k") == "v"

    face.run(scenario, server.url, timeout=row.timeout)


@on_every_face
@pytest.mark.parametrize("oddity", ODD_BUT_GOOD)
def test_unusual_but_valid_answers_are_read(face: Face, oddity: str, serve: Serve) -> None:
    server = serve(face, ODD_BUT_GOOD[oddity], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=TIMEOUT)


@on_every_face
@pytest.mark.parametrize("spoiler", UNUSABLE_IDLE)
def test_an_idle_connection_with_stray_bytes_is_not_reused(face: Face, spoiler: str, serve: Serve) -> None:
    first, then = UNUSABLE_IDLE[spoiler]
    spoiled = threading.Event()
    server = serve(face, [ReadRequest(), Send(first), *then, SetEvent(spoiled), *HEALTHY], HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        wait_until(lambda: spoiled.is_set() or 0 in server.closed)
        for _ in range(3):
            assert await client.kv.get("k") == "v"
        assert server.connections == 2
        assert [request.connection for request in server.requests] == [0, 1, 1, 1]

    face.run(scenario, server.url, timeout=TIMEOUT)


@on_every_face
def test_a_connection_is_used_again(face: Face, serve: Serve) -> None:
    server = serve(face, HEALTHY)

    async def scenario(client: Any) -> None:
        for _ in range(20):
            assert await client.kv.get("k") == "v"
        assert server.connections == 1

    face.run(scenario, server.url, timeout=TIMEOUT)


@on_every_face
def test_a_write_on_a_stale_connection_is_sent_once_and_its_outcome_is_unknown(face: Face, serve: Serve) -> None:
    """The server reads the second request of a connection and closes without an answer: it may have carried the request out."""
    script: Script = [ReadRequest(), Send(GOOD), ReadRequest()]
    server = serve(face, script, [ReadRequest(), Send(DONE)])

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        error = await outcome(client.kv.put("k", "w"))
        assert isinstance(error, RequestError)
        assert error.maybe_applied
        assert [request.method for request in server.requests] == ["GET", "PUT"]
        assert await client.kv.put("k", "w")

    face.run(scenario, server.url, timeout=TIMEOUT)


@on_every_face
def test_a_read_on_a_stale_connection_is_resent(face: Face, serve: Serve) -> None:
    script: Script = [ReadRequest(), Send(GOOD), ReadRequest()]
    server = serve(face, script, HEALTHY)

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"
        assert await client.kv.get("k") == "v"
        assert [request.method for request in server.requests] == ["GET", "GET", "GET"]
        assert server.connections == 2

    face.run(scenario, server.url, timeout=TIMEOUT)


@on_every_face
def test_a_check_and_set_whose_answer_is_lost_is_an_error(face: Face, serve: Serve) -> None:
    """`kv.set` reads, writes, and gets no answer: it neither retries nor reports a lost race."""
    server = serve(face, [ReadRequest(), Send(GOOD), ReadRequest()], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.set("k", "w"))
        assert isinstance(error, RequestError)
        assert error.maybe_applied
        assert [(request.method, request.target) for request in server.requests] == [("GET", "/v1/kv/k"), ("PUT", "/v1/kv/k?cas=1")]

    face.run(scenario, server.url, timeout=TIMEOUT)


@on_every_face
@pytest.mark.parametrize("size", ["declared", "chunked"])
def test_an_answer_above_the_limit(face: Face, size: str, serve: Serve) -> None:
    large = b'[{"Value": "' + b"A" * 5000 + b'"}]'
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(large), large)
    server = serve(face, [ReadRequest(), Send(answer(200, large) if size == "declared" else chunked), *HEALTHY], HEALTHY)

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert type(error) is RequestError
        assert "larger than this client's limit of 1000 bytes" in str(error)
        assert error.maybe_applied
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, timeout=TIMEOUT, limits=Limits(response_size=1000))


def test_the_good_answer_has_the_expected_body() -> None:
    assert GOOD.endswith(FOUND)
