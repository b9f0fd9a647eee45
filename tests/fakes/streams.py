"""Long answers in pieces. No body is held in memory, so 1 GB takes little time and no memory.

The body is made of numbered lines, so that a piece that is missing, doubled or in the wrong place is seen: see `body`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Literal

from tests.fakes.raw_server import Close, Send, SendEach, Step

Framing = Literal["chunks", "length", "close"]

#: Bytes of a line, with its line break.
LINE = 64

#: The content of every piece: 1 MiB of numbered lines, made once.
_LINES = b"".join(b"%0*d\n" % (LINE - 1, number) for number in range((1 << 20) // LINE))

_LAST_CHUNK = b"0\r\n\r\n"

#: Bytes of the largest piece.
LARGEST_PIECE = len(_LINES)


def stream(
    size: int,
    framing: Framing = "chunks",
    *,
    piece: int = LARGEST_PIECE,
    interval: float = 0.0,
    cut_at: int | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> tuple[Step, ...]:
    """Return the steps of an answer with a long body. In a script, ReadRequest() must come before them.

    size: bytes of the body. framing: how it ends; "close" closes the connection. piece: bytes that are sent at once, and of each chunk.
    interval: seconds after each piece. cut_at: bytes of the body after which the connection is closed, though more was promised.
    """
    lines = ["HTTP/1.1 200 Whatever", *(f"{name}: {value}" for name, value in headers)]
    lines += {"chunks": ["Transfer-Encoding: chunked"], "length": [f"Content-Length: {size}"], "close": []}[framing]
    head = Send("\r\n".join([*lines, "", ""]).encode("latin-1"))
    sent, make = size if cut_at is None else cut_at, _chunks if framing == "chunks" else _plain
    ends: dict[Framing, tuple[Step, ...]] = {"chunks": (Send(_LAST_CHUNK),), "length": (), "close": (Close(notify=True),)}
    return head, SendEach(lambda: make(sent, piece), interval), *(ends[framing] if cut_at is None else (Close(),))


def packed_stream(size: int) -> tuple[Step, ...]:
    """Return the steps of an answer of zeros, as gzip in chunks: about a thousandth of the size is sent."""
    head = Send(b"HTTP/1.1 200 Whatever\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    return head, SendEach(lambda: map(_chunk, _gzip_pieces(size))), Send(_LAST_CHUNK)


def body(size: int, piece: int = LARGEST_PIECE) -> bytes:
    """Return the body that `stream` sends, for sizes that fit into memory: each piece has the first bytes of the lines."""
    return b"".join(_plain(size, piece))


def _plain(size: int, piece: int) -> Iterator[memoryview]:
    assert 0 < piece <= LARGEST_PIECE, "a piece is a part of the 1 MiB of lines"
    whole = memoryview(_LINES)[:piece]
    for _ in range(size // piece):
        yield whole
    if rest := size % piece:
        yield whole[:rest]


def _chunks(size: int, piece: int) -> Iterator[bytes]:
    assert 0 < piece <= LARGEST_PIECE, "a piece is a part of the 1 MiB of lines"
    whole = _chunk(_LINES[:piece])
    for _ in range(size // piece):
        yield whole
    if rest := size % piece:
        yield _chunk(_LINES[:rest])


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _gzip_pieces(size: int) -> Iterator[bytes]:
    packer, zeros = zlib.compressobj(wbits=31), memoryview(bytes(1 << 20))
    for start in range(0, size, len(zeros)):
        if packed := packer.compress(zeros[: size - start]):
            yield packed
    yield packer.flush()
