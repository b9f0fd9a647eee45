"""The long answers of the fake, over plain sockets: they have the right bytes, and are not held in memory."""

from __future__ import annotations

import gzip
import http.client
import socket
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.certificates import Certificates, make
from tests.fakes.faults import GOOD, HEALTHY
from tests.fakes.plain_client import GET, PATIENCE, connect, exchange, read_exactly, read_to_end
from tests.fakes.raw_server import Hang, RawServer, ReadRequest, Send, SendEach
from tests.fakes.streams import LARGEST_PIECE, LINE, Framing, body, packed_stream, stream

_SIZE = 5000

_FRAMINGS: list[Framing] = ["chunks", "length", "close"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["tcp", "unix", "tls"])
def place(request: pytest.FixtureRequest, tmp_path: Path, certificates: Certificates) -> dict[str, Any]:
    """Return the address of a server."""
    places: dict[str, dict[str, Any]] = {"tcp": {}, "unix": {"unix_path": tmp_path / "fake.sock"}, "tls": {"tls": certificates.server}}
    return places[request.param]


def _response(sock: socket.socket) -> http.client.HTTPResponse:
    sock.sendall(GET)
    response = http.client.HTTPResponse(sock, method="GET")
    response.begin()
    return response


@pytest.mark.parametrize("framing", _FRAMINGS)
@pytest.mark.parametrize("piece", [7, 4999, 5000, LARGEST_PIECE])
def test_the_body_is_the_one_that_it_says(place: dict[str, Any], certificates: Certificates, framing: Framing, piece: int) -> None:
    script = [ReadRequest(), *stream(_SIZE, framing, piece=piece, headers=[("X-A", "1")]), *HEALTHY]
    with RawServer(script, **place) as server, connect(server, certificates) as sock:
        with closing(_response(sock)) as response:
            assert (response.status, response.getheader("X-A")) == (200, "1")
            assert response.read() == body(_SIZE, piece)
            assert response.getheader("Content-Length") == (str(_SIZE) if framing == "length" else None)
        if framing == "close":
            assert sock.recv(1) == b""
        else:
            exchange(sock, GET, GOOD)


def test_the_lines_are_numbered() -> None:
    lines = body(LARGEST_PIECE + LINE).split(b"\n")
    assert [int(line) for line in lines[:3]] == [0, 1, 2]
    assert int(lines[LARGEST_PIECE // LINE - 1]) == LARGEST_PIECE // LINE - 1
    assert int(lines[LARGEST_PIECE // LINE]) == 0
    assert {len(line) + 1 for line in lines[:-1]} == {LINE}


@pytest.mark.parametrize("framing", _FRAMINGS)
def test_an_empty_body(framing: Framing) -> None:
    with RawServer([ReadRequest(), *stream(0, framing)]) as server, connect(server) as sock, closing(_response(sock)) as response:
        assert response.read() == b""


@pytest.mark.parametrize("framing", _FRAMINGS)
def test_a_body_that_is_cut_off(framing: Framing) -> None:
    with RawServer([ReadRequest(), *stream(_SIZE, framing, piece=500, cut_at=1200)]) as server, connect(server) as sock:
        sock.sendall(GET)
        answered = read_to_end(sock)
        response = answered.partition(b"\r\n\r\n")[2]
        whole = body(_SIZE, 500)
        if framing == "chunks":
            assert response == b"1f4\r\n%b\r\n1f4\r\n%b\r\nc8\r\n%b\r\n" % (whole[:500], whole[500:1000], whole[1000:1200])
        else:
            assert response == whole[:1200]


def test_each_piece_comes_as_soon_as_it_is_sent() -> None:
    with RawServer([ReadRequest(), *stream(3, piece=1, interval=0.05), Hang()]) as server, connect(server) as sock:
        begun = time.monotonic()
        sock.sendall(GET)
        head = b"HTTP/1.1 200 Whatever\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert read_exactly(sock, len(head)) == head
        for _ in range(3):
            assert read_exactly(sock, 6) == b"1\r\n0\r\n"
        assert 0.1 <= time.monotonic() - begun < PATIENCE
        assert read_exactly(sock, 5) == b"0\r\n\r\n"


def test_zeros_that_are_packed() -> None:
    script = [ReadRequest(), *packed_stream(3_000_000), *HEALTHY]
    with RawServer(script) as server, connect(server) as sock:
        with closing(_response(sock)) as response:
            packed = response.read()
            assert response.getheader("Content-Encoding") == "gzip"
        assert len(packed) < 10_000
        assert gzip.decompress(packed) == bytes(3_000_000)
        exchange(sock, GET, GOOD)


def test_pieces_are_made_when_they_are_sent_and_anew_for_each_request() -> None:
    made: list[int] = []

    def count() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"%d" % number

    with RawServer([ReadRequest(), SendEach(count), ReadRequest(), Send(b"/"), SendEach(count)]) as server, connect(server) as sock:
        assert made == []
        exchange(sock, GET, b"012")
        exchange(sock, GET, b"/012")
    assert made == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("framing", _FRAMINGS)
def test_a_large_body_takes_little_memory(framing: Framing) -> None:
    size = 64 << 20
    buffer = bytearray(1 << 20)
    tracemalloc.start()
    try:
        with RawServer([ReadRequest(), *stream(size, framing)]) as server, connect(server) as sock, closing(_response(sock)) as response:
            left = size
            while read := response.readinto(buffer):
                left -= read
            assert left == 0
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut_at", [None, 1200])
def test_tls_tells_an_end_from_a_cut(certificates: Certificates, cut_at: int | None) -> None:
    script = [ReadRequest(), *stream(_SIZE, "close", cut_at=cut_at)]
    with RawServer(script, tls=certificates.server) as server, connect(server, certificates) as sock:
        sock.suppress_ragged_eofs = False  # type: ignore[attr-defined] # not in typeshed
        sock.sendall(GET)
        if cut_at is None:
            assert read_to_end(sock).endswith(body(_SIZE))
        else:
            with pytest.raises(ssl.SSLEOFError):
                read_to_end(sock)


def test_it_ends_at_once_while_nobody_reads(place: dict[str, Any], certificates: Certificates) -> None:
    with ExitStack() as stack:
        with RawServer([ReadRequest(), *stream(1 << 30)], **place) as server:
            sock = stack.enter_context(connect(server, certificates))
            sock.sendall(GET)
            assert read_exactly(sock, 8) == b"HTTP/1.1"
            begun = time.monotonic()
        assert time.monotonic() - begun < 1
    assert server.closed == {0}
