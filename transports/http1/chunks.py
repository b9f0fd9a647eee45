"""The chunked transfer coding (RFC 9112, section 7.1), read strictly: http.client accepts chunks that are not HTTP."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from consul_proto.errors import RequestError
from transports.errors import size_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")

#: The longest line with a size or a trailer, in bytes. Consul sends no extensions of chunks and no trailers.
_LONGEST_LINE = 8192

#: The largest piece of a body that arrives piece by piece, in bytes.
LARGEST_PIECE = 1 << 16

#: The largest piece of a body that is read whole, in bytes: a chunk may claim any size, and so much memory is reserved for it.
_LARGEST_BLOCK = 1 << 24


def iter_chunks(reader: IO[bytes], limit: int | None = None) -> Iterator[bytes]:
    """Yield the body that these chunks make up, in pieces of at most `LARGEST_PIECE` bytes, as soon as they arrive.

    reader: its `read1` is used if it has one, because that does not wait for a whole piece. limit: the largest body, in bytes; None: no
    limit. Raises RequestError for what is not HTTP or above the limit, EOFError at an early end, and what the reader raises.
    """
    return _pieces(reader, getattr(reader, "read1", reader.read), LARGEST_PIECE, limit)


def read_chunks(reader: IO[bytes], limit: int | None) -> bytes:
    """Return the whole body that these chunks make up; see `iter_chunks`."""
    # Agents send a body as one chunk. It is read into its place, without a call for each part that arrives.
    parts = list(_pieces(reader, reader.read, _LARGEST_BLOCK, limit))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _pieces(reader: IO[bytes], read: Callable[[int], bytes], largest: int, limit: int | None) -> Iterator[bytes]:
    received = 0
    while size := _size(reader):
        received += size
        if limit is not None and received > limit:
            raise size_error(limit)
        while size:
            piece = read(min(size, largest))
            if not piece:
                raise EOFError
            size -= len(piece)
            yield piece
        if _line(reader) not in (b"\r\n", b"\n"):
            raise RequestError("the answer is not valid HTTP: a chunk is longer than its size")
    while _line(reader) not in (b"\r\n", b"\n"):
        pass


def _size(reader: IO[bytes]) -> int:
    match = _SIZE.fullmatch(_line(reader))
    if match is None:
        raise RequestError("the answer is not valid HTTP: a chunk does not begin with its size")
    return int(match[1], 16)


def _line(reader: IO[bytes]) -> bytes:
    line = reader.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        if len(line) == _LONGEST_LINE:
            raise RequestError(f"the answer is not valid HTTP: a line between two chunks is longer than {_LONGEST_LINE} bytes")
        raise EOFError
    return line
