"""Clocks: the system's, for threads and for tasks, and the clock of a transport."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from transports.protocol import AsyncClock, AsyncTransport, Clock, Transport


class SystemClock:
    """The monotonic clock, for threads."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class EventLoopClock:
    """The clock of the running event loop. It is virtual if a test gave the loop a virtual clock."""

    def now(self) -> float:
        """Return the event loop's time, in seconds."""
        return _event_loop_time()()

    async def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
        import anyio

        await anyio.sleep(seconds)


@cache
def _event_loop_time() -> Callable[[], float]:
    import anyio  # imported here, so that threads need no anyio

    return anyio.current_time


SYSTEM_CLOCK = SystemClock()
EVENT_LOOP_CLOCK = EventLoopClock()


class _SleepClock:
    """The clock of a transport with its own `sleep`. If a sleep returns early, the clock jumps ahead by the rest."""

    def __init__(self, sleep: Callable[[float], object]) -> None:
        self._sleep = sleep
        self._skipped = 0.0

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Call the transport's `sleep`."""
        due = self.now() + seconds
        self._sleep(seconds)
        self._skipped += max(0.0, due - self.now())


class _AsyncSleepClock(_SleepClock):
    """As `_SleepClock`, for tasks."""

    async def sleep(self, seconds: float) -> None:  # type: ignore[override] # for tasks
        """Call the transport's `sleep`."""
        due = self.now() + seconds
        await cast("Awaitable[object]", self._sleep(seconds))
        self._skipped += max(0.0, due - self.now())


def clock_of(transport: Transport) -> Clock:
    """Return the transport's `clock`. Without one, return the system's clock, with the transport's `sleep` if it has one."""
    own: Clock | None = getattr(transport, "clock", None)
    if own is not None:
        return own
    sleep = getattr(transport, "sleep", None)
    return SYSTEM_CLOCK if sleep is None else _SleepClock(sleep)


def async_clock_of(transport: AsyncTransport) -> AsyncClock:
    """Return the transport's `clock`; see `clock_of`. Without one, return the event loop's clock."""
    own: AsyncClock | None = getattr(transport, "clock", None)
    if own is not None:
        return own
    sleep = getattr(transport, "sleep", None)
    return EVENT_LOOP_CLOCK if sleep is None else _AsyncSleepClock(sleep)
