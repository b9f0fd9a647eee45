"""The chunked transfer coding (RFC 9112, section 7.1), read strictly: http.client takes more for a chunk than HTTP does."""

from __future__ import annotations

import re
from typing import IO

from consul_proto.errors import RequestError
from transports.errors import too_large

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")

#: The longest line of a size or a trailer, in bytes; h11's limit for the whole head of a chunk is 20, Consul sends no trailers.
_LONGEST_LINE = 8192


def read_chunks(reader: IO[bytes], limit: int | None) -> bytes:
    """Return the body that these chunks make up. Raises RequestError for what is not HTTP or above the limit, EOFError at an early end."""
    body = bytearray()
    while size := _size(reader):
        if limit is not None and len(body) + size > limit:
            raise too_large(limit)
        body += _exactly(reader, size)
        if _line(reader) not in (b"\r\n", b"\n"):
            raise RequestError("the answer is not HTTP: a chunk is longer than it says")
    while _line(reader) not in (b"\r\n", b"\n"):
        pass
    return bytes(body)


def _size(reader: IO[bytes]) -> int:
    match = _SIZE.fullmatch(_line(reader))
    if match is None:
        raise RequestError("the answer is not HTTP: a chunk has no size")
    return int(match[1], 16)


def _line(reader: IO[bytes]) -> bytes:
    line = reader.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        if len(line) == _LONGEST_LINE:
            raise RequestError("the answer is not HTTP: a line between two chunks does not end")
        raise EOFError
    return line


def _exactly(reader: IO[bytes], size: int) -> bytes:
    """Read so many bytes, a piece at a time: a size is only a claim."""
    pieces: list[bytes] = []
    while size:
        piece = reader.read(min(size, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
