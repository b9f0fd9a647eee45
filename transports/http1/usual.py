"""The usual answer, read without h11, at a fraction of its cost.

Usual is an HTTP/1.1 answer with a body, whose head arrives in one piece with ordinary header lines, and which has a Content-Length or plain
chunks. Any other answer is left to h11, which then reads it from its first byte, even if part of it was read here. So the result is always
that of h11. `tests/transports/http1/test_usual.py` and `scripts/fuzz-http1` compare them.
"""

from __future__ import annotations

import re
from io import BytesIO

from consul_proto.message import Headers, Response

#: RFC 9112, section 5: a header line whose value is ASCII. Not those that change how the answer is read.
_LINE = (
    rb"(?!(?i:connection|content-encoding|content-length|transfer-encoding):)"
    rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t\x20-\x7e]*+\r\n"
)

#: RFC 9112, sections 4 and 6: a status line, headers, and one header with the framing. Answers with 204 and 304 have no body.
_match_head = re.compile(
    rb"HTTP/1\.1 (?!204|304)([2-9][0-9]{2}) [\t\x20-\x7e]*+\r\n"
    rb"((?:" + _LINE + rb")*+(?:Content-Length: ([0-9]{1,15})|Transfer-Encoding: chunked)\r\n(?:" + _LINE + rb")*+)\r\n"
).match

#: RFC 9112, section 7.1: the line with the size of a chunk, after the line break of the chunk or the head before; no extension. What has
#: more than seven digits is not usual.
_match_size = re.compile(rb"\r\n([0-9A-Fa-f]{1,7})\r\n").match

#: The beginning of such a line, with nothing after it.
_match_begun = re.compile(rb"(?:\r(?:\n(?:[0-9A-Fa-f]{1,7}\r?)?)?)?\Z").match

#: The largest usual head, in bytes.
_LARGEST_HEAD = 16 * 1024

#: The fewest missing bytes for which a `_Room` is made, and the most bytes of one: an announced length alone must not take much memory.
_LARGE, _LARGEST = 1 << 16, 1 << 25


class _Room:
    """Memory for a large part of a body, which the socket writes to. begun: the bytes that have arrived. missing: how many have not.

    Joining pieces instead would take the memory of a large body twice, and most of the time goes into getting memory from the system.
    """

    __slots__ = ("_begun", "_file", "_filled", "_view")

    def __init__(self, begun: bytes, missing: int) -> None:
        self._begun = self._filled = len(begun)
        self._file = BytesIO(begun)
        self._file.seek(len(begun) + missing - 1)
        self._file.write(b"\0")
        self._view = self._file.getbuffer()

    def view(self) -> memoryview:
        """Return where the next bytes go."""
        return self._view[self._filled :]

    def fill(self, count: int) -> bool:
        """Note how many bytes were written to the view. Return whether none is missing."""
        self._filled += count
        return self._filled == len(self._view)

    def take(self) -> tuple[bytes, memoryview]:
        """Return the whole part, and the bytes of it that were written to the view."""
        self._view.release()
        self._file.truncate(self._filled)
        part = self._file.getvalue()  # CPython makes no copy
        return part, memoryview(part)[self._begun :]


class UsualAnswer:
    """An answer whose head was read, and whose body is not complete.

    length: its Content-Length, None for chunks. limit: the largest body in bytes; None: no limit.
    """

    __slots__ = ("_headers", "_held", "_is_chunked", "_limit", "_parts", "_rest", "_room", "_size", "_status", "given", "has_leftover")

    def __init__(self, status: int, headers: Headers, length: int | None, limit: int | None) -> None:
        self._status, self._headers = status, headers
        self._is_chunked, self._limit = length is None, limit
        self._parts: list[bytes] = []
        self._size = 0
        #: The bytes that are missing of the body or of the current chunk; the beginning of the line between two chunks.
        self._rest, self._held = length or 0, b""
        self._room: _Room | None = None
        #: Every piece, for h11 if the answer turns out not to be usual.
        self.given: list[bytes | memoryview] = []
        #: Whether bytes came after the end of the answer.
        self.has_leftover = False

    def response(self) -> Response:
        """Return the complete answer."""
        parts = self._parts
        return Response(self._status, self._headers, parts[0] if len(parts) == 1 else b"".join(parts))

    def receive(self, piece: bytes, start: int = 0) -> bool | None:
        """Take a piece, from `start` on. Return whether the answer is complete; None if it is not usual, as at the end of the stream."""
        self.given.append(piece)
        if not piece:
            return None
        if self._is_chunked:
            return self._take_chunks(piece, start) if not self._held else self._take_chunks(self._held + piece, 0)
        return self._take_length(piece[start:] if start else piece)

    def room(self) -> memoryview | None:
        """Return where the bytes that arrive next are to be written; None if `receive` takes them, because not many are missing."""
        if self._room is None:
            missing = min(self._rest, _LARGEST)
            if missing < _LARGE or (self._limit is not None and self._size + self._rest > self._limit):
                return None
            self._room = _Room(self._parts.pop() if len(self._parts) == 1 else b"", missing)
        return self._room.view()

    def fill(self, count: int) -> bool | None:
        """Take the number of bytes that were written to the room, 0 at the end of the stream; see `receive`."""
        room = self._room
        assert room is not None, "nothing was written elsewhere"
        if count and not room.fill(count):
            return False
        self._room = None
        part, written = room.take()
        self._parts.append(part)
        if written:
            self.given.append(written)
        if not count:
            return self.receive(b"")
        self._rest -= len(written)
        self._size += len(written)
        return not self._is_chunked and not self._rest

    def _take_length(self, data: bytes) -> bool:
        self._rest -= len(data)
        if self._rest < 0:
            self.has_leftover = True
            data = data[: self._rest]
        self._parts.append(data)
        return self._rest <= 0

    def _take_chunks(self, data: bytes, place: int) -> bool | None:
        self._held = b""
        while True:
            if self._rest:
                part = data[place : place + self._rest]
                self._parts.append(part)
                self._size += len(part)
                if self._limit is not None and self._size > self._limit:
                    return None
                self._rest -= len(part)
                if self._rest:
                    return False
                place += len(part)
            line = _match_size(data, place)
            if line is None:
                self._held = data[place:]
                return False if _match_begun(self._held) else None
            self._rest = int(line[1], 16)
            if not self._rest:
                return self._take_end(data, place, line.end())
            place = line.end()

    def _take_end(self, data: bytes, line: int, place: int) -> bool | None:
        """Take the line break after the last chunk. line: where the line of the last chunk begins."""
        end = data[place : place + 2]
        if end == b"\r\n":
            self.has_leftover = len(data) > place + 2
            return True
        self._held = data[line:]
        return False if b"\r\n".startswith(end) else None


def read_head(data: bytes, limit: int | None) -> tuple[Response | UsualAnswer, bool] | None:
    """Read the first piece of an answer. Return the answer, or its beginning, and whether bytes came after it; None: it is not usual.

    limit: the largest body in bytes; None: no limit. A larger one is not usual.
    """
    head = _match_head(data)
    if head is None or (start := head.end()) > _LARGEST_HEAD:
        return None
    headers = Headers.received_lines(head[2])
    if head[3] is None:
        answer = UsualAnswer(int(head[1]), headers, None, limit)
        is_whole = answer.receive(data, start - 2)
    else:
        length = int(head[3])
        stop = start + length
        if limit is not None and length > limit:
            return None
        if stop <= len(data):
            return Response(int(head[1]), headers, data[start:stop]), stop < len(data)
        answer = UsualAnswer(int(head[1]), headers, length, limit)
        is_whole = answer.receive(data, start)
    if is_whole is None:
        return None
    return (answer.response(), answer.has_leftover) if is_whole else (answer, False)
