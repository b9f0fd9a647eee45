"""The events of an answer, head, data and end: the same for any cut, and the same as in the whole answer."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consul_proto.errors import RequestError
from consul_proto.message import Request
from tests.fakes.faults import FOUND, GOOD
from tests.fakes.raw_server import answer
from tests.transports.http1.edited_answers import SMALL, Edit, apply_edits, cuts, edits, pieces
from transports.http1.any_answer import Data, End, Event, Head
from transports.http1.client import HTTP1Connection

_GET = Request("GET", "/v1/agent/monitor")

_CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


def _connection(response_size: int | None = None) -> HTTP1Connection:
    connection = HTTP1Connection("consul:8500", response_size=response_size)
    connection.send(_GET)
    return connection


def _read(parts: Sequence[bytes], connection: HTTP1Connection) -> tuple[list[Event], str | None]:
    """Return all events, with joined data, until the answer or the connection ends, and the error's message if there is one."""
    found: list[Event] = []
    try:
        for part in (*parts, b""):
            for event in connection.events(part):
                if isinstance(event, Data) and isinstance(found[-1], Data):
                    event = Data(found.pop().data + event.data)  # type: ignore[union-attr] # it is Data
                found.append(event)
            if found and found[-1] == End():
                return found, None
    except RequestError as error:
        assert error.maybe_applied is True
        return found, error.message.partition(":")[0]
    raise AssertionError("neither an end nor an error")


def _one_by_one(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


@pytest.mark.parametrize("data", SMALL, ids=lambda data: repr(data[:60]))
def test_byte_by_byte_gives_the_events_of_the_whole(data: bytes) -> None:
    assert _read(_one_by_one(data), _connection()) == _read([data], _connection())


@given(st.sampled_from(SMALL), st.lists(edits, max_size=3), cuts)
@settings(max_examples=400, deadline=None)
@example(_CHUNKED + b"5\r\nhello\r\nzz\r\n", [], [80])
@example(_CHUNKED + b"5\r\nhello again\r\n", [], [80])
def test_any_cut_gives_the_events_of_the_whole(data: bytes, changes: list[Edit], places: list[int]) -> None:
    data = apply_edits(data, changes)
    assert _read(pieces(data, places), _connection()) == _read([data], _connection())


@given(st.sampled_from(SMALL), st.lists(edits, max_size=3), cuts)
@settings(max_examples=400, deadline=None)
def test_events_and_whole_answers_are_the_same(data: bytes, changes: list[Edit], places: list[int]) -> None:
    """Except for a content coding, which events do not decode."""
    data = apply_edits(data, changes)
    if b"encoding" in data.lower().replace(b"transfer-encoding", b""):
        return
    parts = pieces(data, places)
    events, error = _read(parts, _connection())
    connection = _connection()
    try:
        response = next(response for part in (*parts, b"") if (response := connection.receive(part)) is not None)
    except RequestError as raised:
        assert raised.message.partition(":")[0] == error
    else:
        head = Head(response.status, response.headers)
        assert events == ([head, Data(response.body), End()] if response.body else [head, End()])
        assert error is None


def test_the_head_comes_before_the_body() -> None:
    connection = _connection()
    (head,) = connection.events(_CHUNKED)
    assert isinstance(head, Head)
    assert (head.status, head.headers.items) == (200, (("content-type", "text/plain"), ("transfer-encoding", "chunked")))
    assert list(connection.events(b"6\r\nline 1")) == [Data(b"line 1")]
    assert list(connection.events(b"\r\n7\r\n")) == []
    assert list(connection.events(b"line 2\n\r\n0\r\n")) == [Data(b"line 2\n")]
    assert list(connection.events(b"\r\n")) == [End()]


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (GOOD, True),
        (answer(204), True),
        (_CHUNKED + b"1\r\nx\r\n0\r\n\r\n", True),
        (answer(200, b"x", [("Connection", "close")]), False),
        (GOOD + b"H", False),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + GOOD, True),
    ],
)
def test_the_connection_after_its_end(data: bytes, reusable: bool) -> None:
    connection = _connection()
    *_, last = connection.events(data)
    assert last == End()
    assert connection.reuse() is reusable
    if reusable:
        connection.send(_GET)
        assert [type(event) for event in connection.events(GOOD)] == [Head, Data, End]
        connection.reuse()
        connection.send(_GET)
        response = connection.receive(GOOD)
        assert response is not None
        assert response.body == FOUND


def test_the_connection_before_its_end() -> None:
    connection = _connection()
    assert len(list(connection.events(GOOD[:-1]))) == 2
    assert not connection.reuse()


def test_bytes_after_the_end_give_no_event() -> None:
    connection = _connection()
    list(connection.events(GOOD))
    assert list(connection.events(GOOD)) == []
    assert list(connection.events(b"")) == []
    assert not connection.reuse()


def test_an_answer_ends_with_its_connection() -> None:
    connection = _connection()
    assert [type(event) for event in connection.events(b"HTTP/1.1 200 OK\r\n\r\nline 1\n")] == [Head, Data]
    assert list(connection.events(b"line 2\n")) == [Data(b"line 2\n")]
    assert list(connection.events(b"")) == [End()]
    assert not connection.reuse()


def test_no_limit_of_size_holds() -> None:
    connection = _connection(response_size=10)
    events = list(connection.events(answer(200, b"x" * 100_000)))
    assert sum(len(event.data) for event in events if isinstance(event, Data)) == 100_000
    assert events[-1] == End()


def test_events_keep_the_content_coding() -> None:
    packed = gzip.compress(FOUND, mtime=0)
    assert list(_connection().events(answer(200, packed, [("Content-Encoding", "gzip")])))[1:] == [Data(packed), End()]


@pytest.mark.parametrize(
    ("data", "given_before", "says"),
    [
        (b"", 0, "closed before the answer was complete"),
        (GOOD[:30], 0, "closed before the answer was complete"),
        (GOOD[:-1], 2, "closed before the answer was complete"),
        (_CHUNKED + b"5\r\nhel", 2, "closed before the answer was complete"),
        (b"SSH-2.0-x\r\n\r\n", 0, "the answer is not valid HTTP: "),
        (_CHUNKED + b"1\r\nx\r\nzz\r\n", 2, "the answer is not valid HTTP: "),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", 0, "the answer is not valid HTTP: "),
        (answer(200, b"x", [("X-Long", "x" * 70_000)]), 0, "the answer is not valid HTTP: its head is larger than 65536 bytes"),
    ],
)
def test_an_error_comes_after_the_events_before_it(data: bytes, given_before: int, says: str) -> None:
    connection = _connection()
    found: list[Event] = []

    def read() -> None:
        for part in (data, b"") if data else (b"",):
            found.extend(connection.events(part))  # keeps the events before an error

    with pytest.raises(RequestError, match=says) as raised:
        read()
    assert raised.value.maybe_applied is True
    assert [type(event) for event in found] == [Head, Data][:given_before]
    connection = _connection()
    with pytest.raises(RequestError, match=says):
        connection.receive(data) or connection.receive(b"")


def test_an_answer_of_any_size_takes_little_memory() -> None:
    connection = _connection()
    list(connection.events(_CHUNKED))
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    for _ in range(1000):
        assert [len(event.data) for event in connection.events(piece) if isinstance(event, Data)] == [65536]
    assert connection._any is not None
    assert len(connection._any._h11.trailing_data[0]) < 3
    assert connection._any._parts == []
