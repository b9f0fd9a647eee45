"""Which connection a call gets, and who waits for one: bookkeeping that says what to do, and does no I/O itself.

Ordinary calls and blocking queries have a bound of places each, so that blocking queries, however many, never keep a write from being
sent. Calls that wait for a place get it in the order in which they came. Idle connections serve both, the one used last first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from consul_proto.config import Limits

C = TypeVar("C", bound="Closable")


class Closable(Protocol):
    """A connection, as far as a pool looks at it."""

    def is_stale(self) -> bool:
        """Return whether an idle connection was closed by the server, or has bytes that nobody asked for."""
        ...

    def close(self) -> None:
        """Close it, without waiting for anything."""
        ...


class Turn:
    """A call that waits for a place. wake: what makes it go on, called by whoever gives it the place, or closes the pool."""

    __slots__ = ("blocking", "has_place", "wake")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self.blocking = False
        self.has_place = False


def close_idle(pool: Pool[Any]) -> None:
    """Close the idle connections of a pool."""
    for connection in pool.drop_idle():
        connection.close()


def take_usable(pool: Pool[C], now: float) -> C | None:
    """Return an idle connection that is still open, None where there is none; close those that are not."""
    connection, expired = pool.take(now)
    while connection is not None and connection.is_stale():
        expired.append(connection)
        connection, _ = pool.take(now)
    for old in expired:
        old.close()
    return connection


class Pool(Generic[C]):
    """The connections of one client, and the calls that wait for one."""

    def __init__(self, limits: Limits) -> None:
        self._bounds = (limits.connections, limits.blocking)
        self._busy = [0, 0]
        self._waiting: tuple[deque[Turn], deque[Turn]] = (deque(), deque())
        self._idle: list[tuple[C, float]] = []
        self._longest_idle = limits.idle

    @property
    def busy(self) -> int:
        """How many places are taken."""
        return self._busy[0] + self._busy[1]

    @property
    def idle(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return len(self._waiting[0]) + len(self._waiting[1])

    def reserve(self, blocking: bool) -> bool:
        """Take a place; False where all are taken, and the call must `wait` for one."""
        if self._busy[blocking] >= self._bounds[blocking]:
            return False
        self._busy[blocking] += 1
        return True

    def wait(self, turn: Turn, blocking: bool) -> None:
        """Put a call at the end of the queue for a place."""
        turn.blocking = blocking
        self._waiting[blocking].append(turn)

    def release(self, blocking: bool) -> Turn | None:
        """Give a place back. Return the call that has it now and must be woken; None where nobody waits."""
        if self._waiting[blocking]:
            turn = self._waiting[blocking].popleft()
            turn.has_place = True
            return turn
        self._busy[blocking] -= 1
        return None

    def give_up(self, turn: Turn) -> Turn | None:
        """Take a call out of the queue. Where it was given a place already, return the call that has it now and must be woken."""
        if turn.has_place:
            return self.release(turn.blocking)
        if turn in self._waiting[turn.blocking]:
            self._waiting[turn.blocking].remove(turn)
        return None

    def drop_waiting(self) -> list[Turn]:
        """Empty the queues, as the client is closed: return the calls, to be woken without a place."""
        turns = [turn for queue in self._waiting for turn in queue]
        for queue in self._waiting:
            queue.clear()
        return turns

    def take(self, now: float) -> tuple[C | None, list[C]]:
        """Return the idle connection to look at and use, None: open one; and the connections to close, which were idle for too long."""
        idle = self._idle
        if not idle:
            return None, []
        oldest = now - self._longest_idle
        if idle[0][1] >= oldest:
            return idle.pop()[0], []
        expired = [connection for connection, since in idle if since < oldest]
        self._idle = idle = [(connection, since) for connection, since in idle if since >= oldest]
        return idle.pop()[0] if idle else None, expired

    def keep(self, connection: C, now: float) -> list[C]:
        """Take back a connection that can be used again, and return connections to close."""
        self._idle.append((connection, now))
        # Idle connections of a burst of blocking queries would count against the agent's limit.
        return [self._idle.pop(0)[0]] if len(self._idle) > self._bounds[0] else []

    def drop_idle(self) -> list[C]:
        """Forget the idle connections and return them, to be closed: one was stale, or the client is closed."""
        dropped = [connection for connection, _ in self._idle]
        self._idle = []
        return dropped
