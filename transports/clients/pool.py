"""Which connection a call gets: bookkeeping that returns what to do, and does no I/O itself.

Ordinary calls and blocking queries have a bound each, so that blocking queries, however many, never keep a write from being sent.
Idle connections serve both, the one used last first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from consul_proto.config import Limits

C = TypeVar("C", bound="Closable")


class Closable(Protocol):
    """A connection, as far as closing goes."""

    def close(self) -> None:
        """Close it, without waiting for anything."""
        ...


def close_idle(pool: Pool[Any]) -> None:
    """Close the idle connections of a pool."""
    for connection in pool.drop_idle():
        connection.close()


class Pool(Generic[C]):
    """The connections of one client."""

    def __init__(self, limits: Limits) -> None:
        self._bounds = (limits.connections, limits.blocking)
        self._busy = [0, 0]
        self._idle: list[tuple[C, float]] = []
        self._longest_idle = limits.idle

    @property
    def busy(self) -> int:
        """How many connections are in use."""
        return self._busy[0] + self._busy[1]

    @property
    def idle(self) -> int:
        """How many connections are idle."""
        return len(self._idle)

    def reserve(self, blocking: bool) -> bool:
        """Take one of the places for calls in use; False where all are taken, so that the call must wait for one to be handed over."""
        if self._busy[blocking] >= self._bounds[blocking]:
            return False
        self._busy[blocking] += 1
        return True

    def release(self, blocking: bool) -> None:
        """Give a place back. Where a call waits for one, whoever drives the pool hands the place over to it instead."""
        self._busy[blocking] -= 1

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
