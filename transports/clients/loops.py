"""Allow one event loop at a time: the state that tasks share is not thread-safe, so a second running loop is refused at once."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import anyio.lowlevel

from consul_proto.errors import RequestError
from transports.clients.task_wires import AnyioWire

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import ModuleType

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
        self._is_asyncio = False

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
            self._is_asyncio = hasattr(loop, "add_reader") and _asyncio_wire().can_register(loop)
            self.now = loop.time if self._is_asyncio else anyio.current_time

    def wire(self, sock: socket.socket) -> TaskWire:
        """Return a wire for the running event loop. sock: a connected socket."""
        return _asyncio_wire().AsyncioWire(sock, self._loop) if self._is_asyncio else AnyioWire(sock)


def _asyncio_wire() -> ModuleType:
    """Return the module, which a program on trio must not import: it imports asyncio."""
    from transports.clients import asyncio_wire

    return asyncio_wire


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
