"""A connected socket in an asyncio event loop, where it stays registered from one answer to the next.

anyio registers a socket for each wait and unregisters it after; on asyncio this costs more than all else in a call. So does a cancel scope
for each time limit: here, a limit is a note, and one timer for each connection looks at it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from transports.clients.task_wires import CHUNK, WOULD_BLOCK, first_part, next_part

if TYPE_CHECKING:
    import socket

_NEVER = float("inf")


def can_register(loop: object) -> bool:
    """Return whether an event loop is one of asyncio's that watches sockets. That of Windows, which waits for results, does not."""
    return isinstance(loop, asyncio.AbstractEventLoop) and type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


class AsyncioWire:
    """A `TaskWire` in one event loop. The loop reads the socket as soon as bytes arrive for a task that waits for them."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._socket = sock
        self._is_registered = False
        #: What the task waits for: bytes, or, while it sends, that the socket can be written.
        self._waiter: asyncio.Future[bytes] | None = None
        self._is_sending = False
        self._deadline = _NEVER
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, data: bytes, deadline: float) -> None:
        """Send all bytes."""
        sent = first_part(self._socket, data)
        while sent < len(data):
            self.loop.add_writer(self._socket, self._on_writable)
            self._is_sending = True
            try:
                await self._wait(deadline)
            finally:
                self._is_sending = False
                self.loop.remove_writer(self._socket)
            sent += next_part(self._socket, data, sent)

    async def receive(self, deadline: float) -> bytes:
        """Return bytes that arrived."""
        if not self._is_registered:
            self.loop.add_reader(self._socket, self._on_readable)
            self._is_registered = True
        return await self._wait(deadline)

    async def _wait(self, deadline: float) -> bytes:
        self._deadline = deadline
        timer = self._timer
        if deadline != _NEVER and (timer is None or timer.when() > deadline):
            self._start_timer(deadline)
        waiter: asyncio.Future[bytes] = self.loop.create_future()
        self._waiter = waiter
        try:
            return await waiter
        finally:
            self._waiter = None

    def _start_timer(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(deadline, self._on_time, deadline)

    def _on_time(self, due: float) -> None:
        """End the wait if its deadline has come. Otherwise the timer is of an earlier wait: start it again for this one."""
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._deadline <= due:
            waiter.set_exception(TimeoutError())
        elif self._deadline != _NEVER:
            self._start_timer(self._deadline)

    def _on_readable(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done() or self._is_sending:
            # The server closed the idle connection, or sends more than the task reads. The system keeps the bytes.
            self._unregister()
            return
        try:
            waiter.set_result(self._socket.recv(CHUNK))
        except WOULD_BLOCK:
            pass
        except OSError as error:
            waiter.set_exception(error)

    def _on_writable(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(b"")

    def _unregister(self) -> None:
        if self._is_registered:
            self._is_registered = False
            self.loop.remove_reader(self._socket)  # does nothing if the loop is closed

    def release(self) -> None:
        """Leave the event loop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._unregister()

    def close(self) -> None:
        """Leave the event loop and close the socket: in the loop's own thread, if it runs in another one."""
        if self.loop.is_running() and asyncio._get_running_loop() is not self.loop:  # noqa: SLF001 - get_running_loop raises where there is none
            with suppress(RuntimeError):  # the loop was closed in the meantime
                self.loop.call_soon_threadsafe(self._close)
                return
        self._close()

    def _close(self) -> None:
        self.release()
        self._socket.close()
