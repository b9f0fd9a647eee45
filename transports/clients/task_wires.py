"""A connected socket with deadlines, for tasks. anyio waits for it, on asyncio and on trio; `asyncio_wire` does so at less cost."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: The most bytes read, or sent after the first piece, at once.
CHUNK = 1 << 16

WOULD_BLOCK = (BlockingIOError, InterruptedError)


class TaskWire(Protocol):
    """A connected socket. Deadlines are in seconds of the event loop's clock. Only one task uses it at a time."""

    async def send(self, data: bytes, deadline: float) -> None:
        """Send all bytes. Raises OSError, TimeoutError after the deadline."""
        ...

    async def receive(self, deadline: float) -> bytes:
        """Return bytes that arrived, b"" at the end of the stream. Raises OSError, TimeoutError after the deadline."""
        ...

    def release(self) -> None:
        """Leave the event loop. The socket stays open."""
        ...

    def close(self) -> None:
        """Leave the event loop and close the socket. Any thread may call it."""
        ...


class AnyioWire:
    """A `TaskWire` on every event loop. The socket belongs to the loop only while a task waits for it."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    async def send(self, data: bytes, deadline: float) -> None:
        """Send all bytes."""
        sent = first_part(self._socket, data)
        while sent < len(data):
            await wait_until(anyio.wait_writable, self._socket, deadline)
            sent += next_part(self._socket, data, sent)

    async def receive(self, deadline: float) -> bytes:
        """Return bytes that arrived."""
        while True:
            await wait_until(anyio.wait_readable, self._socket, deadline)
            try:
                return self._socket.recv(CHUNK)
            except WOULD_BLOCK:
                continue

    def release(self) -> None:
        """Do nothing: no task waits."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


async def wait_until(wait: Callable[[socket.socket], Awaitable[None]], sock: socket.socket, deadline: float) -> None:
    """Wait for a socket. Raises TimeoutError after the deadline."""
    with anyio.CancelScope(deadline=deadline) as limit:
        await wait(sock)
    if limit.cancelled_caught:
        raise TimeoutError


def first_part(sock: socket.socket, data: bytes) -> int:
    """Send what the system takes at once; return the number of bytes. Mostly that is all."""
    try:
        return sock.send(data)
    except WOULD_BLOCK:
        return 0


def next_part(sock: socket.socket, data: bytes, start: int) -> int:
    """Send a part of the rest; return the number of bytes."""
    try:
        return sock.send(memoryview(data)[start : start + CHUNK])
    except WOULD_BLOCK:
        return 0
