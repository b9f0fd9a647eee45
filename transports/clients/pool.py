"""The connection pool: which connection a call gets, and which call waits. It does no I/O of its own, and wakes nobody.

Ordinary calls and blocking queries have separate limits, so that any number of blocking queries never delays a write. Calls that wait get
their place in order. Both kinds of calls share the idle connections; the most recently used one is taken first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from consul_proto.config import Limits

C = TypeVar("C", bound="Closable")


class Closable(Protocol):
    """The methods of a connection that the pool needs."""

    def is_stale(self) -> bool:
        """Return whether the server closed an idle connection, or sent bytes that no request asked for."""
        ...

    def close(self) -> None:
        """Close the connection, without waiting."""
        ...


class Turn:
    """A call that waits for a place. wake: called when the call has a place, or when the client is closed."""

    __slots__ = ("blocking", "has_place", "wake")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self.blocking = False
        self.has_place = False


def close_idle(pool: Pool[Any]) -> None:
    """Close all idle connections of a pool."""
    for connection in pool.drop_idle():
        connection.close()


class Pool(Generic[C]):
    """The connections of one client, and the calls that wait for a place."""

    def __init__(self, limits: Limits) -> None:
        self._bounds = (limits.connections, limits.blocking)
        self._busy = [0, 0]
        self._waiting: tuple[deque[Turn], deque[Turn]] = (deque(), deque())
        self._idle: list[tuple[C, float]] = []
        self._longest_idle = limits.idle

    @property
    def busy(self) -> int:
        """The number of calls that have a place."""
        return self._busy[0] + self._busy[1]

    @property
    def idle(self) -> int:
        """The number of idle connections."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """The number of calls that wait for a place."""
        return len(self._waiting[0]) + len(self._waiting[1])

    def has_place(self, blocking: bool) -> bool:
        """Return whether a call would get a place at once."""
        return self._busy[blocking] < self._bounds[blocking]

    def reserve(self, blocking: bool) -> bool:
        """Take a place. Return False if all are taken; then the call must `wait`."""
        if self._busy[blocking] >= self._bounds[blocking]:
            return False
        self._busy[blocking] += 1
        return True

    def reserve_idle(self, now: float) -> C | None:
        """Take a place for an ordinary call, with an idle connection. Return None, and take no place, if one of them is lacking."""
        connection = self.take(now) if self.has_place(blocking=False) else None
        if connection is not None:
            self._busy[False] += 1
        return connection

    def wait(self, turn: Turn, blocking: bool) -> None:
        """Add a call to the end of the queue."""
        turn.blocking = blocking
        self._waiting[blocking].append(turn)

    def release(self, blocking: bool) -> Turn | None:
        """Give a place back. Return the call that has it now and must be woken, or None if no call waits."""
        if self._waiting[blocking]:
            turn = self._waiting[blocking].popleft()
            turn.has_place = True
            return turn
        self._busy[blocking] -= 1
        return None

    def give_up(self, turn: Turn) -> Turn | None:
        """Remove a call from the queue. If it had a place already, return the call that has that place now and must be woken."""
        if turn.has_place:
            return self.release(turn.blocking)
        if turn in self._waiting[turn.blocking]:
            self._waiting[turn.blocking].remove(turn)
        return None

    def drop_waiting(self) -> list[Turn]:
        """Empty the queues because the client is closed. Return the calls, which must be woken without a place."""
        turns = [turn for queue in self._waiting for turn in queue]
        for queue in self._waiting:
            queue.clear()
        return turns

    def take(self, now: float) -> C | None:
        """Return the idle connection that was used last and can be used; None: open a new one. Close those that cannot be used."""
        idle = self._idle
        if idle and idle[0][1] < now - self._longest_idle:
            self._drop_expired(now - self._longest_idle)
            idle = self._idle
        while idle:
            connection = idle.pop()[0]
            if not connection.is_stale():
                return connection
            connection.close()
        return None

    def _drop_expired(self, oldest: float) -> None:
        expired = [connection for connection, since in self._idle if since < oldest]
        self._idle = [(connection, since) for connection, since in self._idle if since >= oldest]
        for connection in expired:
            connection.close()

    def give_back(self, connection: C | None, blocking: bool, now: float) -> Turn | None:
        """Take back a connection that can be used again (None: it is closed) and its place; return what `release` returns."""
        if connection is not None:
            self._idle.append((connection, now))
            if len(self._idle) > self._bounds[0]:
                # After many blocking queries, their idle connections would count against the agent's limit.
                self._idle.pop(0)[0].close()
        return self.release(blocking)

    def drop_idle(self) -> list[C]:
        """Remove all idle connections and return them. The caller must close them."""
        dropped = [connection for connection, _ in self._idle]
        self._idle = []
        return dropped
