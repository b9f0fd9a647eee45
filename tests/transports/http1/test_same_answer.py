"""h11 and http.client, with whole answers and with pieces, give the same Response or error for the same bytes.

Over a socket pair, without a server: the answer is in the socket before the request is sent.
"""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Sequence
from time import monotonic
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consul_proto.config import Config, Limits
from consul_proto.errors import RequestError
from consul_proto.message import Request, Response
from tests.fakes.faults import FOUND, GOOD
from tests.transports.http1.edited_answers import SMALL, Edit, apply_edits, cuts, edits, pieces
from transports.clients.sync_urllib3 import Urllib3Connection
from transports.http1.client import HTTP1Connection
from transports.http1.content import decode

_GET = Request("GET", "/v1/kv/k")

Outcome = tuple[int, str | None, bytes] | type[RequestError]


def _summarize(response: Response) -> Outcome:
    return response.status, response.headers.get("x-consul-index"), response.body


def _by_urllib3(data: bytes, response_size: int | None = None) -> Outcome:
    """Read an answer that ends with its connection. Exceptions other than RequestError are raised."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        connection: Any = Urllib3Connection(Config(limits=Limits(response_size=response_size)), None)
        connection._http.sock = ours
        try:
            return _summarize(connection.exchange(_GET, monotonic() + 5))
        except RequestError as error:
            assert error.maybe_applied is True
            assert error.message
            return type(error)
        finally:
            connection.close()
            ours.close()


def _by_h11(parts: Sequence[bytes], response_size: int | None = None) -> Outcome:
    connection = HTTP1Connection("consul:8500", response_size=response_size)
    connection.send(_GET)
    try:
        for part in (*parts, b""):
            response = connection.receive(part)
            if response is not None:
                return _summarize(response)
    except RequestError as error:
        return type(error)
    raise AssertionError("neither an answer nor an error at the end")


@pytest.mark.parametrize("data", SMALL, ids=lambda data: repr(data[:60]))
def test_answers_of_the_tables(data: bytes) -> None:
    assert _by_urllib3(data) == _by_h11([data]) == _by_h11([bytes([byte]) for byte in data])


@given(st.sampled_from(SMALL), st.lists(edits, max_size=3), cuts, st.sampled_from([None, 60, 4000]))
@settings(max_examples=400, deadline=None)
@example(GOOD, [Edit(0, 0, b"\r\n")], [], None)
def test_edited_answers_give_an_answer_or_a_request_error(data: bytes, changes: list[Edit], places: list[int], size: int | None) -> None:
    data = apply_edits(data, changes)
    assert _by_h11(pieces(data, places), size) == _by_h11([data], size)
    _by_urllib3(data, size)


@pytest.mark.parametrize("length", [60_000, 70_000, 100_000])
def test_any_cut_of_a_large_head_gives_the_same_outcome(length: int) -> None:
    data = GOOD.replace(b"Content-Length", b"X-Long: " + b"x" * length + b"\r\nContent-Length")
    assert _by_h11(pieces(data, range(0, len(data), 1000))) == _by_h11([data])


@given(st.binary(min_size=1, max_size=60), st.binary(min_size=1, max_size=60))
@settings(deadline=None)
def test_gzip_has_members(first: bytes, second: bytes) -> None:
    """RFC 1952, section 2.2: a file is a series of members, one after the other."""
    packed = gzip.compress(first, mtime=0) + gzip.compress(second)
    assert decode("gzip", packed, None) == decode("gzip", packed, len(first + second)) == first + second
    with pytest.raises(RequestError, match="larger than this client's limit"):
        decode("gzip", packed, len(first + second) - 1)


@pytest.mark.parametrize(("encoding", "packed"), [("gzip", gzip.compress(FOUND, mtime=0)), ("deflate", zlib.compress(FOUND))])
@pytest.mark.parametrize("limit", [None, len(FOUND)])
def test_no_part_of_a_packed_body_is_the_whole(encoding: str, packed: bytes, limit: int | None) -> None:
    assert decode(encoding, packed, limit) == FOUND
    for end in range(1, len(packed)):
        with pytest.raises(RequestError, match="cut off"):
            decode(encoding, packed[:end], limit)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@given(st.binary(max_size=60), st.sampled_from([None, 10]))
@settings(deadline=None)
def test_any_body_under_any_coding(encoding: str, body: bytes, limit: int | None) -> None:
    try:
        plain = decode(encoding, body, limit)
    except RequestError as error:
        assert error.maybe_applied is True
    else:
        assert limit is None or len(plain) <= limit
