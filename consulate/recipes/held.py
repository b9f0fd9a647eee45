"""What a block gets: what is held, and whether it is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from consul_proto.errors import LockLost

if TYPE_CHECKING:
    from consul_proto.recipes.outcomes import Acquired, SessionOpened


class RunView(Protocol):
    """What is known of the machine behind what is held."""

    @property
    def held_until(self) -> float | None:
        """The time from which on it counts as lost."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the machine is over."""
        ...

    @property
    def is_forked(self) -> bool:
        """Whether this process was forked from the holder."""
        ...

    def now(self) -> float:
        """Return the time of the machine's clock."""
        ...


class _AnyLoss:
    """Whether something is lost: what threads and tasks share."""

    def __init__(self, run: Any, what: str) -> None:
        self._run = run
        self._what = what
        self._error: LockLost | None = None
        self._is_final = False

    def is_set(self) -> bool:
        """Return whether it is lost. It reads the clock, so it is right even if the process was just resumed. Once true, it stays so."""
        return self.error is not None

    @property
    def error(self) -> LockLost | None:
        """Why it is lost; None if it is not."""
        run: RunView = self._run
        if self._error is None and not self._is_final:
            until = run.held_until
            if run.is_forked:
                self._error = LockLost(f"{self._what} is lost: it belongs to the parent of this process")
            elif until is not None and run.now() >= until:
                self._error = LockLost(f"{self._what} was lost: its session was not renewed within its TTL")
        return self._error

    def _lose(self, error: LockLost) -> None:
        self._error = self._error or error

    def _settle(self) -> LockLost | None:
        """Return why it was lost. What happens later does not count."""
        error = self.error
        self._is_final = True
        return error

    def _left(self, end: float | None) -> float | None:
        """Return the seconds to wait for a loss or for this time."""
        times = [time for time in (end, self._run.held_until) if time is not None]
        return max(0.0, min(times) - self._run.now()) if times else None

    def _goes_on(self, end: float | None) -> bool:
        return not (self.is_set() or self._is_final or self._run.is_over or (end is not None and self._run.now() >= end))

    def __repr__(self) -> str:
        return f"<{self._what}: {'lost' if self.is_set() else 'not lost'}>"


class Loss(_AnyLoss):
    """Whether something that is held is lost, for threads."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is lost or given back, at most this many seconds (None: no limit). Return whether it is lost."""
        end = None if timeout is None else self._run.now() + timeout
        while self._goes_on(end):
            self._run.wait(lambda: not self._goes_on(end), self._left(end))
        return self.is_set()


class AsyncLoss(_AnyLoss):
    """Whether something that is held is lost, for tasks."""

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is lost or given back, at most this many seconds (None: no limit). Return whether it is lost."""
        end = None if timeout is None else self._run.now() + timeout
        while self._goes_on(end):
            await self._run.wait(lambda: not self._goes_on(end), self._left(end))
        return self.is_set()


class Held:
    """A lock, a slot of a semaphore or a leadership that is held, for threads.

    fencing_token: larger for each later holder; send it with every write to what the lock protects, which refuses smaller ones.
    session: the ID of the session that holds it. lost: whether it is lost.
    """

    def __init__(self, lost: Loss, told: Acquired, release: Callable[[], None]) -> None:
        self.lost = lost
        self.session = told.session
        self.fencing_token = told.fencing_token
        self._release = release

    def release(self) -> None:
        """Give it back, and wait until that is done (at most the TTL). Releasing twice does nothing. Raises LockLost if it was lost."""
        self._release()

    def __repr__(self) -> str:
        return f"<Held {self.lost!r} fencing_token={self.fencing_token}>"


class AsyncHeld:
    """A lock, a slot of a semaphore or a leadership that is held, for tasks; see `Held`."""

    def __init__(self, lost: AsyncLoss, told: Acquired, release: Callable[[], Awaitable[None]]) -> None:
        self.lost = lost
        self.session = told.session
        self.fencing_token = told.fencing_token
        self._release = release

    async def release(self) -> None:
        """Give it back, and wait until that is done (at most the TTL). Releasing twice does nothing. Raises LockLost if it was lost."""
        await self._release()

    def __repr__(self) -> str:
        return f"<AsyncHeld {self.lost!r} fencing_token={self.fencing_token}>"


class LiveSession:
    """A session that is kept alive, for threads. id: its ID. lost: whether it has ended."""

    def __init__(self, lost: Loss, told: SessionOpened, _release: object) -> None:
        self.lost = lost
        self.id = told.session

    def __repr__(self) -> str:
        return f"<LiveSession {self.id} {self.lost!r}>"


class AsyncLiveSession:
    """A session that is kept alive, for tasks. id: its ID. lost: whether it has ended."""

    def __init__(self, lost: AsyncLoss, told: SessionOpened, _release: object) -> None:
        self.lost = lost
        self.id = told.session

    def __repr__(self) -> str:
        return f"<AsyncLiveSession {self.id} {self.lost!r}>"
