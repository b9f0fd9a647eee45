"""An event for tasks that any thread can set."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel


class ThreadSafeEvent:
    """An event that any thread can set without waiting."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._thread = threading.get_ident()
        token = anyio.lowlevel.current_token()
        # Before anyio 4.11, the token is the event loop itself.
        self._loop: Any = getattr(token, "native_token", token)

    def set(self) -> None:
        """Set the event. Does nothing if its event loop has ended."""
        if self._thread == threading.get_ident() and self._is_running():
            self._event.set()
            return
        # The name of the method in asyncio's loop, and in trio's token.
        soon: Callable[..., object] = getattr(self._loop, "call_soon_threadsafe", None) or self._loop.run_sync_soon
        with suppress(RuntimeError):  # the loop is closed, and no task waits there
            soon(self._event.set)

    def _is_running(self) -> bool:
        try:
            token = anyio.lowlevel.current_token()
        except Exception:  # no event loop runs in this thread; the exception depends on anyio's version
            return False
        return getattr(token, "native_token", token) is self._loop

    async def wait(self) -> None:
        """Wait until the event is set."""
        await self._event.wait()
