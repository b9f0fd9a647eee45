"""What the servers keep: one raft index, the index of each table, and who waits for what."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Protocol

from consul_proto.simulator.engine.answers import Parked, Topic


class SortedKeys:
    """Keys in order, for reads by prefix that cost as much as their answer."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = sorted(keys)

    def add(self, key: str) -> None:
        """Add a key that is not there."""
        insort(self._keys, key)

    def remove(self, key: str) -> None:
        """Remove a key that is there."""
        del self._keys[bisect_left(self._keys, key)]

    def below(self, prefix: str) -> Iterator[str]:
        """The keys that begin with a prefix, in order."""
        keys = self._keys
        for place in range(bisect_left(keys, prefix), len(keys)):
            if not keys[place].startswith(prefix):
                return
            yield keys[place]


class State(Protocol):
    """A part of the state."""

    def dump(self) -> Any:
        """All of it, as JSON."""
        ...

    def load(self, state: Any, shift: float, /) -> None:
        """Take over the dumped state. shift: seconds by which its times are moved."""
        ...


class Store:
    """Indexes, undoing, and waking. Each group keeps its own table beside it."""

    def __init__(self) -> None:
        #: Of the last write that raft has applied. The first three are its own.
        self.index = 3
        self._tables: dict[str, int] = {}
        self._waiting: dict[Hashable, set[Parked]] = {}
        self._to_wake: set[Parked] = set()
        self._undo: list[Callable[[], object]] | None = None

    def dump(self) -> Any:
        """The indexes, as JSON."""
        return {"index": self.index, "tables": self._tables}

    def load(self, state: Any, _shift: float) -> None:
        """Take over the dumped state."""
        self.index, self._tables = state["index"], dict(state["tables"])

    def table(self, *names: str) -> int:
        """The index of the last change to any of these tables, 0 where there was none."""
        return max(self._tables.get(name, 0) for name in names)

    def apply(self) -> int:
        """Apply one more write: its index."""
        self.index += 1
        return self.index

    def change(self, table: str, *topics: Topic) -> None:
        """Note that a table changed with the write that is applied, and what else this concerns."""
        self.count(table)
        for topic in (("table", table), *topics):
            self._to_wake |= self._waiting.get(topic, set())

    def count(self, table: str) -> None:
        """Give a table the index of the write that is applied, where nothing of it changed: this wakes nobody."""
        before = self._tables.get(table, 0)
        self.on_rollback(lambda: self._tables.__setitem__(table, before))
        self._tables[table] = self.index

    def touch(self, topic: Topic) -> None:
        """Note that what no table keeps has changed."""
        self._to_wake |= self._waiting.get(topic, set())

    def touch_all(self) -> None:
        """Note that anything may have changed."""
        for waiting in self._waiting.values():
            self._to_wake |= waiting

    def change_key(self, key: str, table: str = "kv") -> None:
        """Note that a key changed: whoever waits for it, or for a prefix of it, looks again."""
        self.change(table, ("kv", key))
        for end in range(len(key) + 1):
            if waiting := self._waiting.get(("kv/", key[:end])):
                self._to_wake |= waiting

    def on_rollback(self, undo: Callable[[], object]) -> None:
        """Within a transaction, note how a step is undone."""
        if self._undo is not None:
            self._undo.append(undo)

    @property
    def may_roll_back(self) -> bool:
        """Whether a transaction is under way."""
        return self._undo is not None

    def begin(self) -> None:
        """Begin a transaction."""
        self._undo = []

    def commit(self) -> None:
        """Keep what the transaction did."""
        self._undo = None

    def rollback(self) -> None:
        """Undo what the transaction did, last step first."""
        steps, self._undo = self._undo or [], None
        for undo in reversed(steps):
            undo()

    def park(self, parked: Parked) -> None:
        """Let a query wait for its topics."""
        for topic in parked.topics:
            self._waiting.setdefault(topic, set()).add(parked)

    def unpark(self, parked: Parked) -> None:
        """Forget a query: it was answered, or nobody waits for it any more."""
        self._to_wake.discard(parked)
        for topic in parked.topics:
            waiting = self._waiting.get(topic)
            if waiting is not None:
                waiting.discard(parked)
                if not waiting:
                    del self._waiting[topic]

    def queries_to_wake(self) -> set[Parked]:
        """The queries that what changed since the last call concerns."""
        changed, self._to_wake = self._to_wake, set()
        return changed
