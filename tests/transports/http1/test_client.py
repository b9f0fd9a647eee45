"""The bytes of one HTTP/1.1 connection: any cut gives the same answer, and leftover bytes prevent reuse."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consul_proto.errors import RequestError
from consul_proto.message import Headers, Request, Response
from transports.http1.client import HTTP1Connection
from transports.http1.content import decode

_GET = Request("GET", "/v1/kv/k", (("stale", None), ("index", "7")))
_BODY = b'[{"Key": "k"}]'

_HEAD = b"HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\n"
ANSWERS = {
    "a length": _HEAD + b"Content-Length: 14\r\n\r\n" + _BODY,
    "chunks": _HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\n"
    + _BODY[:5]
    + b"\r\n9\r\n"
    + _BODY[5:]
    + b"\r\n0\r\nX-Trailer: 1\r\n\r\n",
    "100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n" + _HEAD + b"Content-Length: 14\r\n\r\n" + _BODY,
    "gzip": _HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(_BODY, mtime=0))
    + gzip.compress(_BODY, mtime=0),
}


def _receive(connection: HTTP1Connection, pieces: list[bytes]) -> Response | None:
    for number, piece in enumerate(pieces):
        response = connection.receive(piece)
        if response is not None:
            assert not any(pieces[number + 1 :])
            return response
    return None


def _connection(response_size: int | None = None) -> HTTP1Connection:
    connection = HTTP1Connection("consul:8500", "/api", response_size)
    assert connection.send(_GET) == (b"GET /api/v1/kv/k?stale&index=7 HTTP/1.1\r\nHost: consul:8500\r\nUser-Agent: consulate\r\n\r\n")
    return connection


@pytest.mark.parametrize("name", ANSWERS)
@given(data=st.data())
def test_any_cut_of_the_same_bytes_is_the_same_answer(name: str, data: st.DataObject) -> None:
    raw = ANSWERS[name]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=8)))
    connection = _connection()
    response = _receive(connection, [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)])
    assert response is not None
    assert (response.status, response.headers.get("x-consul-index"), response.body) == (200, "7", _BODY)
    assert connection.reuse()


@pytest.mark.parametrize("name", ANSWERS)
def test_byte_by_byte_twice_on_one_connection(name: str) -> None:
    connection = _connection()
    for _ in range(3):
        response = _receive(connection, [bytes([byte]) for byte in ANSWERS[name]])
        assert response is not None
        assert response.body == _BODY
        assert connection.reuse()
        connection.send(_GET)


@pytest.mark.parametrize("name", ANSWERS)
def test_leftover_bytes_prevent_reuse(name: str) -> None:
    connection = _connection()
    response = connection.receive(ANSWERS[name] + b"H")
    assert response is not None
    assert response.body == _BODY
    assert not connection.reuse()


def test_an_answer_that_closes() -> None:
    connection = _connection()
    assert connection.receive(b"HTTP/1.1 200 OK\r\n\r\n" + _BODY) is None
    response = connection.receive(b"")
    assert response is not None
    assert response.body == _BODY
    assert not connection.reuse()


@given(st.integers(0, len(ANSWERS["a length"]) - 1))
def test_an_answer_that_is_cut_off(end: int) -> None:
    connection = _connection()
    if end:
        assert connection.receive(ANSWERS["a length"][:end]) is None
    with pytest.raises(RequestError, match="closed before the answer was complete") as raised:
        connection.receive(b"")
    assert raised.value.maybe_applied is True


@given(st.binary(min_size=1), st.booleans())
def test_any_bytes_give_an_answer_or_a_request_error(data: bytes, ends: bool) -> None:
    connection = _connection()
    try:
        response = connection.receive(data)
        if ends and response is None:
            connection.receive(b"")
    except RequestError as error:
        assert error.maybe_applied is True


def test_a_body_and_headers() -> None:
    connection = HTTP1Connection("localhost")
    request = Request("PUT", "/v1/kv/k", headers=Headers([("X-Consul-Token", "t")]), body=b"v\r\n")
    assert connection.send(request) == (
        b"PUT /v1/kv/k HTTP/1.1\r\nHost: localhost\r\nUser-Agent: consulate\r\nx-consul-token: t\r\nContent-Length: 3\r\n\r\nv\r\n"
    )
    assert b"Content-Length: 0\r\n" in HTTP1Connection("localhost").send(Request("PUT", "/v1/agent/reload"))


@pytest.mark.parametrize("name", ["a length", "chunks"])
def test_a_limit(name: str) -> None:
    assert _connection(14).receive(ANSWERS[name])
    with pytest.raises(RequestError, match="larger than this client's limit of 13 bytes"):
        _connection(13).receive(ANSWERS[name])


def test_a_host_that_cannot_be_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="Host"):
        HTTP1Connection("a\r\nb")


class TestContentCodings:
    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            (None, b"x"),
            ("", b"x"),
            ("identity", b"x"),
            ("GZIP", gzip.compress(b"x", mtime=0)),
            ("x-gzip", gzip.compress(b"x", mtime=0)),
            ("deflate", zlib.compress(b"x")),
        ],
    )
    def test_a_coding_that_is_decoded(self, encoding: str | None, body: bytes) -> None:
        assert decode(encoding, body, None) == b"x"
        assert decode(encoding, body, 1) == b"x"

    def test_an_empty_body_may_have_any_coding(self) -> None:
        assert decode("br", b"", None) == b""

    @pytest.mark.parametrize(
        ("encoding", "body", "says"),
        [
            ("br", b"x", "unknown Content-Encoding 'br'"),
            ("gzip", b"plain text", "is declared as gzip, but is not"),
            ("gzip", gzip.compress(b"x" * 100, mtime=0)[:-9], "cut off"),
            ("gzip, gzip", b"x", "unknown Content-Encoding"),
        ],
    )
    def test_a_coding_that_cannot_be_decoded(self, encoding: str, body: bytes, says: str) -> None:
        with pytest.raises(RequestError, match=says):
            decode(encoding, body, None)

    def test_a_decompression_bomb_is_refused(self) -> None:
        bomb = gzip.compress(b"\0" * 50_000_000)
        assert len(bomb) < 100_000
        with pytest.raises(RequestError, match="larger than this client's limit of 1000000 bytes"):
            decode("gzip", bomb, 1_000_000)
