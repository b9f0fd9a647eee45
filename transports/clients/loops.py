"""One event loop at a time: what tasks share is not safe between threads, so a second loop that runs is refused at once."""

from __future__ import annotations

import sys
import threading
from typing import Any

import anyio.lowlevel

from consul_proto.errors import RequestError


class LoopGuard:
    """Knows the event loop that uses a transport. When that loop has ended, or stands still, another may have it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: Any = None
        self._run: object = None

    def check(self) -> None:
        """Raise RequestError if another event loop uses the transport and still runs."""
        # Each run of an event loop sets its own hooks, on asyncio and on trio: the cheapest way to know that it is still the same.
        run = sys.get_asyncgen_hooks().firstiter
        if run is None or run is not self._run:
            self._take_over(run)

    def _take_over(self, run: object) -> None:
        token = anyio.lowlevel.current_token()
        # Before anyio 4.11 the token is the event loop's own.
        loop = getattr(token, "native_token", token)
        with self._lock:
            if self._loop is not None and self._loop is not loop and _is_running(self._loop):
                raise RequestError(
                    "the client is in use by another event loop, which still runs; make an AsyncConsul for each event loop",
                    maybe_applied=False,
                )
            self._loop, self._run = loop, run


def _is_running(loop: Any) -> bool:
    """Return whether an event loop runs: asyncio's tells; trio's token takes no more work once the loop has ended."""
    if hasattr(loop, "is_running"):
        return bool(loop.is_running())
    try:
        loop.run_sync_soon(_nothing)
    except RuntimeError:
        return False
    return True


def _nothing() -> None:
    """Do nothing, in the event loop."""
