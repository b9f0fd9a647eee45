"""Allow one event loop at a time: the state that tasks share is not thread-safe, so a second running loop is refused at once."""

from __future__ import annotations

import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.lowlevel

from consul_proto.errors import RequestError
from transports.clients.task_wires import AnyioWire

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from transports.clients.task_wires import TaskWire


class LoopGuard:
    """Remembers the event loop that uses a transport. When that loop no longer runs, another one may use the transport."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: Any = None
        #: Is another object in each run of an event loop.
        self.run: object = None
        #: The time of the event loop, in seconds.
        self.now: Callable[[], float] = anyio.current_time
        #: Makes the wire of a connected socket in this event loop.
        self.wire: Callable[[socket.socket], TaskWire] = AnyioWire

    def check(self) -> None:
        """Raise RequestError if another event loop uses the transport and still runs."""
        # Each run of an event loop sets its own hooks, on asyncio and on trio. Comparing them is the cheapest check for the same run.
        run = sys.get_asyncgen_hooks().firstiter
        if run is None or run is not self.run:
            self._take_over(run)

    def _take_over(self, run: object) -> None:
        token = anyio.lowlevel.current_token()
        # Before anyio 4.11 the token is the event loop's own.
        loop: Any = getattr(token, "native_token", token)
        with self._lock:
            if self._loop is not None and self._loop is not loop and _is_running(self._loop):
                raise RequestError(
                    "the client is in use by another event loop, which still runs; make an AsyncConsul for each event loop",
                    maybe_applied=False,
                )
            self._loop, self.run = loop, run
            self.wire = _wire_for(loop)
            self.now = loop.time if hasattr(loop, "time") else anyio.current_time


def _wire_for(loop: Any) -> Callable[[socket.socket], TaskWire]:
    """Return what makes wires in an event loop. A program on trio does not import asyncio for it, nor the reverse."""
    if hasattr(loop, "add_reader"):
        from transports.clients.asyncio_wire import AsyncioWire, can_register

        return partial(AsyncioWire, loop=loop) if can_register(loop) else AnyioWire
    from transports.clients.trio_wire import TrioWire

    return TrioWire


def _is_running(loop: Any) -> bool:
    """Return whether an event loop is running: asyncio has a method for it; trio's token accepts no work after the loop has ended."""
    if hasattr(loop, "is_running"):
        return bool(loop.is_running())
    try:
        loop.run_sync_soon(_nothing)
    except RuntimeError:
        return False
    return True


def _nothing() -> None:
    """Do nothing, in the event loop."""
