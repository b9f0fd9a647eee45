"""A connected socket in a run of trio, whose time limits cost no cancel scope: one task of the system watches those of all calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from transports.clients.task_wires import CHUNK, WOULD_BLOCK, first_part, next_part

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

_NEVER = float("inf")

#: The name of the one task of the system in each run of trio.
LIMITS_TASK = "time limits of consulate"


class TimeLimits:
    """The waits of one run of trio that have a deadline."""

    def __init__(self) -> None:
        self.waits: set[TrioWire] = set()
        #: When the task looks at the deadlines, at the latest.
        self.next = _NEVER
        self._sleep = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._watch, name=LIMITS_TASK)

    def wake_at(self, deadline: float) -> None:
        """Look at the deadlines at this time already."""
        self.next = self._sleep.deadline = deadline

    async def _watch(self) -> None:
        while True:
            with trio.CancelScope(deadline=self.next) as self._sleep:
                await trio.sleep_forever()
            now = trio.current_time()
            for wire in [wire for wire in self.waits if wire.deadline <= now]:
                wire.end_wait()
            self.next = min((wire.deadline for wire in self.waits), default=_NEVER)


_LIMITS: trio.lowlevel.RunVar[TimeLimits] = trio.lowlevel.RunVar(LIMITS_TASK)


def _limits_of_this_run() -> TimeLimits:
    try:
        return _LIMITS.get()
    except LookupError:
        limits = TimeLimits()
        _LIMITS.set(limits)
        return limits


class TrioWire:
    """A `TaskWire` in one run of trio."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._limits = _limits_of_this_run()
        self.deadline = _NEVER

    async def send(self, data: bytes, deadline: float) -> None:
        """Send all bytes."""
        sent = first_part(self._socket, data)
        while sent < len(data):
            await self._wait(trio.lowlevel.wait_writable, deadline)
            sent += next_part(self._socket, data, sent)

    async def receive(self, deadline: float) -> bytes:
        """Return bytes that arrived."""
        while True:
            await self._wait(trio.lowlevel.wait_readable, deadline)
            try:
                return self._socket.recv(CHUNK)
            except WOULD_BLOCK:
                continue

    async def _wait(self, wait: Callable[[socket.socket], Awaitable[None]], deadline: float) -> None:
        limits = self._limits
        if deadline != _NEVER:
            self.deadline = deadline
            limits.waits.add(self)
            if deadline < limits.next:
                limits.wake_at(deadline)
        try:
            await wait(self._socket)
        except trio.ClosedResourceError:  # by `end_wait`: the socket is closed only when no task waits for it
            raise TimeoutError from None
        finally:
            limits.waits.discard(self)

    def end_wait(self) -> None:
        """End the wait of the task, whose deadline has come."""
        self._limits.waits.discard(self)
        trio.lowlevel.notify_closing(self._socket)

    def release(self) -> None:
        """Do nothing: no task waits."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
