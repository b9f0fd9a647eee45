"""The chunked coding, read from a file: any cut gives the same body or error, and no piece waits for the rest of its chunk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import IO, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consul_proto.errors import RequestError
from tests.transports.http1.edited_answers import Edit, apply_edits, cuts, edits, pieces
from transports.http1.chunks import LARGEST_PIECE, iter_chunks, read_chunks

_BODY = b"5;ext=1\r\nline \r\n2\r\n1\n\r\n7\r\nline 2\n\r\n0\r\nX-Trailer: 1\r\n\r\n"
_PLAIN = b"line 1\nline 2\n"


class _PieceReader(io.RawIOBase):
    """A fake of a socket's file: each read returns one piece. wait: whether a read after the last piece would wait forever."""

    def __init__(self, parts: Sequence[bytes], *, wait: bool = False) -> None:
        self._parts = [part for part in parts if part]
        self._wait = wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._parts:
            assert not self._wait, "a read that would wait for ever"
            return 0
        view = memoryview(buffer)
        part = self._parts[0][: len(view)]
        view[: len(part)] = part
        self._parts[0] = self._parts[0][len(part) :]
        self._parts = [left for left in self._parts if left]
        return len(part)


def _reader(parts: Sequence[bytes], *, wait: bool = False) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(_PieceReader(parts, wait=wait)))


def _outcome(reader: IO[bytes], limit: int | None = None) -> tuple[bytes, str | None]:
    """Return the body before the error, and the error's message ("" if there is none)."""
    found = bytearray()
    try:
        for piece in iter_chunks(reader, limit):
            found += piece
    except RequestError as error:
        return bytes(found), error.message
    except EOFError:
        return bytes(found), "EOF"
    return bytes(found), None


@given(cuts)
def test_any_cut_gives_the_same_body(places: list[int]) -> None:
    parts = pieces(_BODY, places)
    assert b"".join(iter_chunks(_reader(parts))) == read_chunks(_reader(parts), None) == _PLAIN


@given(st.lists(edits, max_size=3), cuts, st.sampled_from([None, 10, len(_PLAIN)]))
@settings(max_examples=300, deadline=None)
def test_any_cut_of_any_bytes_gives_the_same_outcome(changes: list[Edit], places: list[int], limit: int | None) -> None:
    data = apply_edits(_BODY, changes)
    outcome = _outcome(io.BytesIO(data), limit)
    assert _outcome(_reader(pieces(data, places)), limit) == outcome
    body, error = outcome
    if error is None:
        assert read_chunks(io.BytesIO(data), limit) == body
        assert limit is None or len(body) <= limit
    else:
        with pytest.raises((RequestError, EOFError)) as raised:
            read_chunks(io.BytesIO(data), limit)
        assert str(raised.value) in (error, "")


def test_a_piece_does_not_wait_for_the_rest_of_its_chunk() -> None:
    chunks = iter_chunks(_reader([b"e\r\nline", b" 1\n", b"line"], wait=True))
    assert [next(chunks), next(chunks), next(chunks)] == [b"line", b" 1\n", b"line"]


def test_a_chunk_does_not_wait_for_the_next_one() -> None:
    assert next(iter_chunks(_reader([b"7\r\nline 1\n"], wait=True))) == b"line 1\n"


def test_a_reader_without_read1() -> None:
    reader = io.BytesIO(_BODY)

    class Plain:
        read = reader.read
        readline = reader.readline

    assert b"".join(iter_chunks(cast("IO[bytes]", Plain()))) == _PLAIN


def test_no_piece_is_large() -> None:
    data = b"%x\r\n" % 1_000_000 + bytes(1_000_000) + b"\r\n0\r\n\r\n"
    for reader in (io.BytesIO(data), _reader([data])):
        found = list(iter_chunks(reader))
        assert sum(map(len, found)) == 1_000_000
        assert max(map(len, found)) <= LARGEST_PIECE


def test_nothing_beyond_the_end_is_read() -> None:
    reader = io.BytesIO(_BODY + b"HTTP/1.1 200 OK\r\n")
    assert read_chunks(reader, None) == _PLAIN
    assert reader.read() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("data", "before", "says"),
    [
        (b"zz\r\n", b"", "a chunk does not begin with its size"),
        (b"-5\r\n", b"", "a chunk does not begin with its size"),
        (b"0x5\r\nabcde\r\n", b"", "a chunk does not begin with its size"),
        (b"+5\r\nabcde\r\n", b"", "a chunk does not begin with its size"),
        (b"1_0\r\nabcde\r\n", b"", "a chunk does not begin with its size"),
        (b"f" * 17 + b"\r\n", b"", "a chunk does not begin with its size"),
        (b"2\r\nabc\r\n", b"ab", "a chunk is longer than its size"),
        (b"2;" + b"x" * 9000 + b"\r\n", b"", "a line between two chunks is longer than 8192 bytes"),
        (b"0\r\n" + b"x" * 9000, b"", "a line between two chunks is longer than 8192 bytes"),
        (b"", b"", "EOF"),
        (b"2", b"", "EOF"),
        (b"2\r\na", b"a", "EOF"),
        (b"2\r\nab", b"ab", "EOF"),
        (b"2\r\nab\r\n", b"ab", "EOF"),
        (b"2\r\nab\r\n0\r\n", b"ab", "EOF"),
    ],
)
def test_chunks_that_are_not_http(data: bytes, before: bytes, says: str) -> None:
    body, error = _outcome(io.BytesIO(data))
    assert body == before
    assert error is not None
    assert says in error


def test_a_limit_is_checked_before_a_chunk_is_read() -> None:
    assert _outcome(io.BytesIO(_BODY), len(_PLAIN)) == (_PLAIN, None)
    body, error = _outcome(_reader([b"5\r\nhello\r\nffff\r\n"], wait=True), 1000)
    assert body == b"hello"
    assert error is not None
    assert "larger than this client's limit of 1000 bytes" in error
