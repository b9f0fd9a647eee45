"""The clock of machines: it goes on while the computer is suspended, and is never compared with the clock of an event loop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

#: Linux: CLOCK_MONOTONIC stands still while the computer is suspended, and CLOCK_BOOTTIME does not.
_BOOT_TIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def boot_time() -> float:
    """Return the seconds since the computer was started, with the time in which it was suspended where the system counts it."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)


class TaskEvent(Protocol):
    """An event for tasks."""

    def set(self) -> object:
        """Wake the tasks that wait."""
        ...

    async def wait(self) -> None:
        """Wait until the event is set."""
        ...


class MachineClock(Protocol):
    """A clock that threads can wait by. is_virtual: whether it moves only when somebody moves it."""

    @property
    def is_virtual(self) -> bool:
        """Whether the clock moves only when somebody moves it."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Let this many seconds pass, which moves a virtual clock."""
        ...

    def settle(self) -> None:
        """Of a virtual clock: wait until what is due has been done."""
        ...

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        ...

    def wait(self, woken: threading.Event, until: float | None) -> None:
        """Wait until the event is set or the time has come; None: only for the event."""
        ...


class AsyncMachineClock(Protocol):
    """A clock that tasks can wait by. is_virtual: whether it moves only when somebody moves it."""

    @property
    def is_virtual(self) -> bool:
        """Whether the clock moves only when somebody moves it."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Let this many seconds pass, which moves a virtual clock."""
        ...

    async def settle(self) -> None:
        """Of a virtual clock: wait until what is due has been done."""
        ...

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        ...

    def event(self) -> TaskEvent:
        """Return a new event, which whatever moves this clock can set."""
        ...

    async def wait(self, woken: TaskEvent, until: float | None) -> None:
        """Wait until the event is set or the time has come; None: only for the event."""
        ...


class BootClock:
    """The computer's clock, for threads. A wait that a suspension interrupts ends after the rest of its time: `now` says what is due."""

    is_virtual = False
    now = staticmethod(boot_time)

    sleep = staticmethod(time.sleep)

    def settle(self) -> None:
        """Do nothing: this clock moves by itself."""

    def wait(self, woken: threading.Event, until: float | None) -> None:
        """Wait until the event is set or the time has come; None: only for the event."""
        woken.wait(None if until is None else min(max(0.0, until - boot_time()), threading.TIMEOUT_MAX))


class AsyncBootClock:
    """The computer's clock, for tasks."""

    is_virtual = False
    now = staticmethod(boot_time)

    async def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
        import anyio

        await anyio.sleep(seconds)

    async def settle(self) -> None:
        """Do nothing: this clock moves by itself."""

    def event(self) -> TaskEvent:
        """Return a new event."""
        import anyio  # imported here, so that threads need no anyio

        return anyio.Event()

    async def wait(self, woken: TaskEvent, until: float | None) -> None:
        """Wait until the event is set or the time has come; None: only for the event."""
        import anyio

        with anyio.move_on_after(None if until is None else max(0.0, until - boot_time())):
            await woken.wait()


_BOOT_CLOCK, _ASYNC_BOOT_CLOCK = BootClock(), AsyncBootClock()


def machine_clock(clock: Any) -> MachineClock:
    """Return the transport's clock, if threads can wait by it: that of an agent in memory. Otherwise return the computer's."""
    return cast("MachineClock", clock) if hasattr(clock, "wait") else _BOOT_CLOCK


def async_machine_clock(clock: Any) -> AsyncMachineClock:
    """Return the transport's clock, if tasks can wait by it; see `machine_clock`."""
    return cast("AsyncMachineClock", clock) if hasattr(clock, "wait") else _ASYNC_BOOT_CLOCK


def due(now: Callable[[], float], timeout: float | None) -> float | None:
    """Return when a time limit ends; None: never."""
    return None if timeout is None else now() + timeout
