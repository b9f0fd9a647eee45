"""The server's side of HTTP, without a socket."""

from __future__ import annotations

import gzip
import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consul_proto.message import Headers, Request, Response
from tests.cli.dev.raw import LEADER
from tests.cli.dev.requests import BAD, CUT
from transports.http1.server import HTTP1ServerConnection, Refusal, RequestLimits

_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
_OK = Response(200, Headers([("Content-Type", "application/json")]), b"true")


def _requests(*pieces: bytes, limits: RequestLimits | None = None) -> list[Request | int]:
    """Return the requests in these pieces, followed by the status of a refusal if there is one."""
    connection, found = HTTP1ServerConnection(limits), list[Request | int]()
    for piece in pieces:
        connection.receive(piece)
        try:
            while (request := connection.next_request()) is not None:
                found.append(request)
                connection.answer(_OK, _DATE)
                if not connection.pending:
                    break
        except Refusal as refused:
            return [*found, refused.response.status]
    return found


_SEVERAL = (
    LEADER
    + b"\r\n"
    + b"PUT /v1/kv/a%2Fb?flags=1&stale HTTP/1.1\r\nhost: x\r\nX-Consul-Token: t\r\nContent-Length: 5\r\n\r\nhello"
    + "PUT /v1/kv/ä?cas=+1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
)

_EXPECTED = [
    Request("GET", "/v1/status/leader", (), Headers([("host", "x")])),
    Request(
        "PUT",
        "/v1/kv/a%2Fb",
        (("flags", "1"), ("stale", None)),
        Headers([("host", "x"), ("x-consul-token", "t"), ("content-length", "5")]),
        b"hello",
    ),
    Request("PUT", "/v1/kv/%C3%A4", (("cas", " 1"),), Headers([("host", "x"), ("transfer-encoding", "chunked")]), b"abcde"),
]


@given(st.sets(st.integers(1, len(_SEVERAL) - 1), max_size=40))
@example(set())
@example(set(range(1, len(_SEVERAL))))
def test_any_cut_of_the_same_bytes_gives_the_same_requests(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(_SEVERAL)]
    connection, found = HTTP1ServerConnection(), []
    for start, end in pairwise(places):
        connection.receive(_SEVERAL[start:end])
        while (request := connection.next_request()) is not None:
            found.append(request)
            connection.answer(_OK, _DATE)
    assert found == _EXPECTED


@pytest.mark.parametrize("size", [1 << 16, 700])
@pytest.mark.parametrize("name", BAD)
def test_a_malformed_request_is_refused(name: str, size: int) -> None:
    data, statuses = BAD[name]
    found = _requests(*(data[place : place + size] for place in range(0, len(data), size)))
    if name == "a value above the limit":  # a limit of the simulator, not of HTTP
        assert isinstance(found[0], Request)
    else:
        assert found[-1] in statuses


@pytest.mark.parametrize("name", CUT)
def test_a_request_that_ends_early_is_refused(name: str) -> None:
    data, statuses = CUT[name]
    assert (_requests(data, b"") or [0])[-1] in statuses


_PIECES = st.sampled_from(
    [
        *(LEADER, b"\r\n", b"\r\n\r\n", b"PUT /v1/kv/a HTTP/1.1\r\n", b"Host: x\r\n", b"Transfer-Encoding: chunked\r\n"),
        *(b"Content-Length: 3\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n", b"abc", b" ", b"\n", b"\0", b"\xff", b"%", b"?a=b;c"),
        *(b"Expect: 100-continue\r\n", b"HTTP/1.0\r\n", b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"GET http://x?a HTTP/1.1\r\n"),
        *(b"OPTIONS * HTTP/1.1\r\n", b"Accept-Encoding: gzip\r\n"),
    ]
)


@settings(max_examples=500)
@given(st.lists(_PIECES | st.binary(max_size=40), max_size=30), st.booleans())
def test_any_bytes_are_requests_or_refused(pieces: list[bytes], is_old: bool) -> None:
    connection = HTTP1ServerConnection(RequestLimits(head=2000, headers=10, body=20), is_old=is_old)
    for piece in [*filter(None, pieces), b""]:
        connection.receive(piece)
        try:
            while connection.next_request() is not None:
                connection.answer(_OK, _DATE)
                if connection.is_idle:
                    break
        except Refusal as refused:
            answer = connection.answer(refused.response, _DATE, keep=False)
            assert answer.startswith((b"HTTP/1.1 ", b"HTTP/1.0 "))
            assert b"\r\nConnection: close\r\n" in answer
            return
    assert connection.is_over


def _answer(head: bytes, response: Response, *, is_old: bool = False) -> tuple[dict[str, str], bytes]:
    connection = HTTP1ServerConnection(is_old=is_old)
    connection.receive(head + b"\r\n")
    assert connection.next_request() is not None
    head, _, body = connection.answer(response, _DATE).partition(b"\r\n\r\n")
    return dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:]), body


@pytest.mark.parametrize(
    ("accepts", "compressed"),
    [
        ("gzip", True), ("GZIP", True), ("br, gzip;q=0.1", True), ("gzip; q=1.5", True), ("deflate", False), ("*", False),
        ("x-gzip", False), ("gzip;q=0", False), ("gzip; q=0.0", False), ("gzip;q=x", False), ("identity", False),
    ],
)  # fmt: skip
def test_answers_are_compressed_as_real_agents_do(accepts: str, compressed: bool) -> None:
    """Observed with 1.8.7 and 1.22.5."""
    text = b"x" * 1400
    headers, body = _answer(LEADER + b"Accept-Encoding: " + accepts.encode() + b"\r\n", Response(200, Headers(), text))
    assert headers.get("Content-Encoding") == ("gzip" if compressed else None)
    assert headers["Content-Length"] == str(len(body))
    assert (gzip.decompress(body) if compressed else body) == text


@pytest.mark.parametrize(("is_old", "size", "compressed"), [(False, 1399, False), (False, 1400, True), (True, 1, True), (True, 0, False)])
def test_the_smallest_answer_that_is_compressed(is_old: bool, size: int, compressed: bool) -> None:
    headers, _ = _answer(LEADER + b"Accept-Encoding: gzip\r\n", Response(200, Headers(), b"x" * size), is_old=is_old)
    assert ("Content-Encoding" in headers) is compressed


def test_the_answer_to_head_has_the_length_and_no_body() -> None:
    headers, body = _answer(b"HEAD / HTTP/1.1\r\nHost: x\r\n", Response(200, Headers(), b"true"))
    assert (headers["Content-Length"], body) == ("4", b"")


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(status: int) -> None:
    headers, body = _answer(LEADER, Response(status, Headers(), b""))
    assert ("Content-Length" in headers, body) == (False, b"")


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        (LEADER, True),
        (LEADER + b"Connection: close\r\n", False),
        (b"GET / HTTP/1.0\r\n", False),
        (LEADER + b"Upgrade: websocket\r\nConnection: Upgrade\r\n", True),
    ],
)
def test_a_connection_is_kept_alive_if_the_client_wants_it(head: bytes, keeps_alive: bool) -> None:
    headers, _ = _answer(head, _OK)
    assert (headers.get("Connection") != "close") is keeps_alive


def test_a_client_can_wait_for_100_continue() -> None:
    connection = HTTP1ServerConnection()
    connection.receive(b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert connection.next_request() is None
    assert connection.wants_continue
    connection.receive(b"abc")
    request = connection.next_request()
    assert request is not None
    assert (request.body, connection.wants_continue) == (b"abc", False)


def test_a_body_that_is_too_large_is_refused_before_it_is_sent() -> None:
    connection = HTTP1ServerConnection(RequestLimits(body=10))
    connection.receive(b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
    with pytest.raises(Refusal) as refused:
        connection.next_request()
    assert refused.value.response.status == 413


def test_a_header_that_is_not_ascii_is_not_lost() -> None:
    """A malformed token is not the same as no token."""
    connection = HTTP1ServerConnection()
    connection.receive(LEADER + b"X-Consul-Token: \xc3\xa4\r\n\r\n")
    request = connection.next_request()
    assert request is not None
    assert request.headers.get("x-consul-token") == "%C3%A4"


@pytest.mark.parametrize(("is_old", "answer"), [(True, (("raw", None), ("a", "b"))), (False, 500)])
def test_a_semicolon_in_a_query(is_old: bool, answer: object) -> None:
    """1.8.7 reads it as a separator, newer versions refuse it (observed)."""
    connection = HTTP1ServerConnection(is_old=is_old)
    connection.receive(b"GET /v1/kv/a?raw;a=b HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        request = connection.next_request()
    except Refusal as refused:
        assert refused.response.status == answer
    else:
        assert request is not None
        assert request.query == answer


@pytest.mark.parametrize("target", ["http://other/v1/kv/a?raw", "/v1/kv/a?raw"])
def test_a_target_may_name_the_host(target: str) -> None:
    connection = HTTP1ServerConnection()
    connection.receive(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    request = connection.next_request()
    assert request is not None
    assert (request.path, request.query) == ("/v1/kv/a", (("raw", None),))


def test_a_body_of_random_bytes_arrives() -> None:
    body = random.Random(1).randbytes(300_000)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[place : place + 4096] for place in range(0, len(body), 4096)))
    head = b"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    (request,) = _requests(head + chunks + b"0\r\n\r\n")
    assert isinstance(request, Request)
    assert request.body == body
