"""The body of an open answer: turns the bytes that arrive into decoded pieces."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from transports.http1.any_answer import Data, Head
from transports.http1.content import ContentDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transports.http1.client import HTTP1Connection


class OpenBody:
    """One answer, while it arrives. `head` is None until the head is complete. `is_whole` is True once the body is complete."""

    def __init__(self, http1: HTTP1Connection) -> None:
        self._http1 = http1
        self._pending: Iterator[bytes] = iter(())
        self._decoder: ContentDecoder | None = None
        self.head: Head | None = None
        self.is_whole = False

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived, b"" at the end of the stream. Raises RequestError for a broken head."""
        pieces = self._pieces(data)
        if self.head is None:
            first = next(pieces, b"")  # reads the head
            pieces = chain((first,), pieces)
        self._pending = pieces

    def next_piece(self) -> bytes:
        """Return the next piece of the body; b"" if more bytes must arrive first, or at its end. Raises RequestError."""
        for piece in self._pending:
            if piece:
                return piece
        return b""

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        for event in self._http1.events(data):
            if isinstance(event, Data):
                if self._decoder is None:
                    yield event.data
                else:
                    yield from self._decoder.feed(event.data)
            elif isinstance(event, Head):
                self.head = event
                encoding = event.headers.get("content-encoding")
                self._decoder = None if encoding is None else ContentDecoder(encoding)
            else:
                if self._decoder is not None:
                    self._decoder.end()
                self.is_whole = True
