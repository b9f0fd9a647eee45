"""Streams for the tests, and a way to read them on every kind of client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from consul_proto.message import Request
from consul_proto.stream import Pieces, Stream
from tests.faces import AwaitableClient

#: An endpoint whose answer is bytes.
BYTES = Stream("test.bytes", Request("GET", "/v1/test/bytes"), Pieces)


class _Lines:
    """A decoder of lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode() for line in whole]

    def end(self) -> list[str]:
        return [self._rest.decode()] if self._rest else []


#: An endpoint whose answer is lines.
LINES = Stream("test.lines", Request("GET", "/v1/test/lines"), _Lines)


async def events_of(client: Any, stream: Stream[Any], **options: Any) -> AsyncIterator[Any]:
    """Iterate over the events of a stream, on a client for threads or for tasks."""
    if isinstance(client, AwaitableClient):
        with client._target.open(stream, **options) as events:
            for event in events:
                yield event
    else:
        async with client.open(stream, **options) as events:
            async for event in events:
                yield event
