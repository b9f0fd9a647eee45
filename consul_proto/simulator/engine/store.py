"""The state of the servers that all groups share: the raft index, the index of each table, and the queries that wait."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Protocol

from consul_proto.simulator.engine.answers import Parked, Topic


class SortedKeys:
    """Keys in order: a read by prefix costs as much as its answer."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = sorted(keys)

    def add(self, key: str) -> None:
        """Add a new key."""
        insort(self._keys, key)

    def remove(self, key: str) -> None:
        """Remove an existing key."""
        del self._keys[bisect_left(self._keys, key)]

    def below(self, prefix: str) -> Iterator[str]:
        """Return the keys that begin with a prefix, in order."""
        keys = self._keys
        for place in range(bisect_left(keys, prefix), len(keys)):
            if not keys[place].startswith(prefix):
                return
            yield keys[place]


class State(Protocol):
    """A group with state."""

    def dump(self) -> Any:
        """Return the state as JSON."""
        ...

    def load(self, state: Any, shift: float, /) -> None:
        """Load the dumped state. shift: seconds to add to its times."""
        ...


class Store:
    """Indexes, rollback and waking. Each group has its own table beside it."""

    def __init__(self) -> None:
        #: The index of the last write. Raft itself used the first three.
        self.index = 3
        self._tables: dict[str, int] = {}
        self._waiting: dict[Hashable, set[Parked]] = {}
        self._to_wake: set[Parked] = set()
        self._undo: list[Callable[[], object]] | None = None
        #: What there was to wake when the running transaction began.
        self._woken_before: set[Parked] = set()

    def dump(self) -> Any:
        """Return the indexes as JSON."""
        return {"index": self.index, "tables": self._tables}

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self.index, self._tables = state["index"], dict(state["tables"])

    def table(self, *names: str) -> int:
        """Return the index of the last change to any of these tables, 0 if there was none."""
        return max(self._tables.get(name, 0) for name in names)

    def apply(self) -> int:
        """Begin one more write, and return its index."""
        self.index += 1
        return self.index

    def change(self, table: str, *topics: Topic) -> None:
        """Record that the current write changed a table, and the topics that depend on it."""
        self.count(table)
        for topic in (("table", table), *topics):
            self._to_wake |= self._waiting.get(topic, set())

    def count(self, table: str) -> None:
        """Give a table the index of the current write, although nothing in it changed: no query wakes."""
        before = self._tables.get(table, 0)
        self.on_rollback(lambda: self._tables.__setitem__(table, before))
        self._tables[table] = self.index

    def touch(self, topic: Topic) -> None:
        """Record a change of something that has no table."""
        self._to_wake |= self._waiting.get(topic, set())

    def touch_all(self) -> None:
        """Record that anything may have changed."""
        for waiting in self._waiting.values():
            self._to_wake |= waiting

    def change_key(self, key: str, table: str = "kv") -> None:
        """Record a change of a key: queries of the key and of its prefixes are read again."""
        self.change(table, ("kv", key))
        for end in range(len(key) + 1):
            if waiting := self._waiting.get(("kv/", key[:end])):
                self._to_wake |= waiting

    def on_rollback(self, undo: Callable[[], object]) -> None:
        """Record how to undo a step, if a transaction is running."""
        if self._undo is not None:
            self._undo.append(undo)

    @property
    def may_roll_back(self) -> bool:
        """Whether a transaction is running."""
        return self._undo is not None

    def begin(self) -> None:
        """Begin a transaction."""
        self._undo, self._woken_before = [], set(self._to_wake)

    def commit(self) -> None:
        """End the transaction, and keep its changes."""
        self._undo = None

    def rollback(self) -> None:
        """Undo the transaction, last step first. It wakes no query."""
        steps, self._undo = self._undo or [], None
        for undo in reversed(steps):
            undo()
        self._to_wake = self._woken_before

    def park(self, parked: Parked) -> None:
        """Add a query to those that wait."""
        for topic in parked.topics:
            self._waiting.setdefault(topic, set()).add(parked)

    def unpark(self, parked: Parked) -> None:
        """Remove a query: it was answered, or its caller has gone."""
        self._to_wake.discard(parked)
        for topic in parked.topics:
            waiting = self._waiting.get(topic)
            if waiting is not None:
                waiting.discard(parked)
                if not waiting:
                    del self._waiting[topic]

    def queries_to_wake(self) -> set[Parked]:
        """Return the queries that depend on what changed since the last call."""
        changed, self._to_wake = self._to_wake, set()
        return changed
