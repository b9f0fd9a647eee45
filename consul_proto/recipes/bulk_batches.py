"""Split the items of a bulk call into batches: transactions that every Consul accepts. An item is written as JSON when it comes."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from binascii import b2a_base64
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from consul_proto.codec import encode
from consul_proto.decode import boolean
from consul_proto.endpoints.txn import MORE_OPERATIONS, MOST_BYTES, MOST_OPERATIONS, commit_written, split_options
from consul_proto.options import write_operation
from consul_proto.paths import checked_text, key_path, prefix_is_found_by_path
from consul_proto.query import uint64
from consul_proto.recipes.bulk import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from consul_proto.codec import Value
    from consul_proto.operation import Operation

#: What `put_many` takes: a key and its value, or also its flags.
Pair: TypeAlias = "tuple[str, Value] | tuple[str, Value, int]"

#: Bytes for the brackets of a transaction, and for the separator of each operation.
_BRACKETS, _SEPARATOR = 2, 2

#: Bytes to keep free for each operation: a client's namespace and partition, of up to 64 letters each, may be added to it.
_SETTINGS = len(json.dumps({"Namespace": "n" * 64, "Partition": "p" * 64}))

#: Flags below this number are surely valid.
_SMALL = 2**63

_quote = json.encoder.encode_basestring_ascii

#: How an operation begins that writes a key.
_SET = '{"KV": {"Verb": "set",'


class Put(NamedTuple):
    """A key to write. position: of the input. body: the bytes to store."""

    position: int
    key: str
    body: bytes
    flags: int


class Delete(NamedTuple):
    """A key to delete. position: of the input; None: a key that the input does not name."""

    position: int | None
    key: str


Change: TypeAlias = Put | Delete

#: A change that is in a batch: its position, its key, and its operation as JSON.
_Written: TypeAlias = "tuple[int | None, str, str]"


def _at(position: int, key: object, error: Exception) -> Exception:
    """Return the error with the position and the key that it is about."""
    where = f"position {position}" if not isinstance(key, str) else f"position {position}, key {key!r}"
    return type(error)(f"{where}: {error}")


def put_of(position: int, item: Any, flags: int = 0) -> Put:
    """Return the change that an item asks for. flags: those of an item that has none. Raises TypeError, ValueError."""
    if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
        raise TypeError(f"position {position}: expected (key, value) or (key, value, flags), got an object of {type(item).__name__}")
    key, value = item[:2]
    number = item[2] if len(item) == 3 else flags
    try:
        uint64("flags", number)
        return Put(position, _checked(key), encode(value), number)
    except (TypeError, ValueError) as error:
        raise _at(position, key, error) from None


def delete_of(position: int, key: str) -> Delete:
    """Return the change that deletes a key. Raises TypeError, ValueError."""
    try:
        return Delete(position, _checked(key))
    except (TypeError, ValueError) as error:
        raise _at(position, key, error) from None


def _checked(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be a str, not {type(key).__name__}")
    return checked_text(key, "a key")


def _write_put(key: str, body: bytes, flags: int, members: str) -> str:
    """Return the operation that writes a key, as JSON. members: more of its members, as JSON too."""
    value = b2a_base64(body, newline=False).decode()
    return f'{_SET} "Key": {_quote(key)}, "Value": "{value}", "Flags": {flags}{members}}}}}'


class Collector(ABC):
    """Makes batches of the items of an input.

    taken: how many items it got, also those that need no change. unclaimed: the batches that it has made, until its user has them and
    removes them here: Ctrl-C may come at any moment, and each batch must be known to somebody. is_stopped: whether no other batch will be
    sent; its user sets it.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.unclaimed: list[Batch] = []
        self.is_stopped = False

    @abstractmethod
    def learn(self, accepts_more: bool | None) -> None:
        """Note whether Consul accepts more operations in a transaction than every version does; None: it is not known yet."""

    @abstractmethod
    def add(self, item: Any) -> list[Batch]:
        """Take an item. Return the batches that are complete now. Raises TypeError, ValueError."""

    @abstractmethod
    def rest(self) -> list[Batch]:
        """Return the batch of what is left, if there is anything."""

    def batches(self, items: Iterable[Any]) -> Iterator[list[Batch]]:
        """Take items, one after the other. Yield the batches that an item completes; the list may be empty.

        Once `is_stopped` is set, it yields after each item, so that its user can stop. Raises TypeError, ValueError.
        """
        return map(self.add, items)


def _as_it_is(_position: int, change: Any) -> Any:
    return change


class Changes(Collector):
    """Collects changes into batches.

    name: of the call. options: its datacenter, namespace and partition. make: returns the change that an item asks for, or the position of
    an item that needs none; it gets the item, and how many were taken before.

    If there are enough changes, the first batch has more operations than older versions of Consul accept. Later batches have as many as
    every version accepts, until `learn` says that this Consul accepts more.
    """

    def __init__(self, name: str, options: Mapping[str, Any], make: Callable[[int, Any], Change | int] = _as_it_is) -> None:
        super().__init__()
        self._name = name
        self._options = options
        self._make = make
        self._query, members = split_options(options)
        self._members = "".join(f", {_quote(name)}: {_quote(value)}" for name, value in members.items())
        #: What comes to the bytes of each operation.
        self._added = _SEPARATOR + max(_SETTINGS - len(self._members), 0)
        self._most, self._is_known = MORE_OPERATIONS, False
        self._changes: list[_Written] = []
        self._size = _BRACKETS

    def learn(self, accepts_more: bool | None) -> None:
        """Note whether Consul accepts more operations; see `Collector`."""
        if accepts_more is not None:
            self._most, self._is_known = MORE_OPERATIONS if accepts_more else MOST_OPERATIONS, True

    def add(self, item: Any) -> list[Batch]:
        """Take an item; see `Collector`. Raises ValueError also for a change that fits no request."""
        change = self._make(self.taken, item)
        if isinstance(change, int):
            self.taken = change + 1
            return []
        return self._collect(change, self._write(change))

    def _collect(self, change: Change, written: str) -> list[Batch]:
        """Add a change to the next batch, which is completed first if the change does not fit. written: the operation of the change."""
        size = len(written) + self._added
        if self._size + size <= MOST_BYTES and len(self._changes) < self._most:
            complete = []
        elif _BRACKETS + size > MOST_BYTES:
            alone = self._alone(change)
            complete = self.rest()
            self._reach(change)
            batch = self._batch(alone, [(change.position, change.key, written)])
            self.unclaimed = [*complete, batch]
            return self.unclaimed
        else:
            complete = [self._take()]
        self._changes.append((change.position, change.key, written))
        self._size += size
        self._reach(change)
        return complete

    def rest(self) -> list[Batch]:
        """Return the batch of the changes that are left, if there are any."""
        return [self._take()] if self._changes else []

    def _reach(self, change: Change) -> None:
        if change.position is not None:
            self.taken = change.position + 1

    def _take(self) -> Batch:
        batch = self._transaction(self._changes)
        # Without a call in between, at which Ctrl-C could come.
        self.unclaimed = [batch]
        self._changes, self._size = [], _BRACKETS
        if not self._is_known:
            self._most = MOST_OPERATIONS
        return batch

    def _transaction(self, changes: list[_Written]) -> Batch:
        return self._batch(commit_written(self._name, [written for _, _, written in changes], self._query), changes)

    def _batch(self, operation: Operation[Any], changes: list[_Written]) -> Batch:
        positions, keys, written = zip(*changes, strict=True)
        halves = None if len(changes) <= MOST_OPERATIONS else partial(self._halves, changes)
        return Batch(operation, keys, positions, sum([one.startswith(_SET) for one in written]), self.taken, halves)

    def _halves(self, changes: list[_Written]) -> tuple[Batch, Batch]:
        """Return two batches of the changes of one that has too many operations."""
        middle = len(changes) // 2
        return self._transaction(changes[:middle]), self._transaction(changes[middle:])

    def _write(self, change: Change) -> str:
        """Return an operation of a transaction as JSON."""
        if isinstance(change, Delete):
            return f'{{"KV": {{"Verb": "delete", "Key": {_quote(change.key)}{self._members}}}}}'
        return _write_put(change.key, change.body, change.flags, self._members)

    def _alone(self, change: Change) -> Operation[Any]:
        """Return the request for a value that is too large for a transaction: a write of this key, as `kv.put` makes it."""
        if isinstance(change, Put) and prefix_is_found_by_path(change.key):
            query = {"flags": change.flags or None, **self._options}
            return write_operation(self._name, key_path(change.key), _nothing, query, body=change.body)
        size = f"a value of {len(change.body)} bytes" if isinstance(change, Put) else "the key"
        raise ValueError(
            f"position {change.position}, key {change.key!r}: {size} is too large for a transaction; only a transaction reaches this key"
        )


class Puts(Changes):
    """Collects pairs into batches that write them. flags: those of a pair that has none. The other parameters are as in `Changes`."""

    def __init__(self, name: str, options: Mapping[str, Any], flags: int = 0) -> None:
        super().__init__(name, options, partial(put_of, flags=flags))
        self._flags = flags

    def batches(self, items: Iterable[Any]) -> Iterator[list[Batch]]:
        """Take items; see `Collector`. What `add` does for a pair that is surely valid is done here, in less than half the time."""
        flags, members, added = self._flags, self._members, self._added
        for item in items:
            if item.__class__ is tuple and 2 <= len(item) <= 3:
                key, body, number = item if len(item) == 3 else (*item, flags)
                is_plain = key.__class__ is str and body.__class__ is bytes and number.__class__ is int
                if is_plain and key and key.isascii() and 0 <= number < _SMALL and not self.is_stopped:
                    written = _write_put(key, body, number, members)
                    size = self._size + len(written) + added
                    if size <= MOST_BYTES and len(self._changes) < self._most:
                        self._changes.append((self.taken, key, written))
                        self._size = size
                        self.taken += 1
                    else:
                        yield self._collect(Put(self.taken, key, body, number), written)
                    continue
            yield self.add(item)


def _nothing(response: Any) -> None:
    """Check the answer to a write, which says nothing else."""
    boolean(response)


class Reads(Collector):
    """Collects keys into batches of reads. operation: returns the operation or the flow that reads some keys."""

    def __init__(self, operation: Callable[[list[str]], Any]) -> None:
        super().__init__()
        self._operation = operation
        self._keys: list[str] = []

    def learn(self, accepts_more: bool | None) -> None:
        """Do nothing: a read has as many keys as every version of Consul accepts."""

    def add(self, item: Any) -> list[Batch]:
        """Take a key. Return the batches that are complete now. Raises TypeError, ValueError."""
        self._keys.append(delete_of(self.taken, item).key)
        self.taken += 1
        return self.rest() if len(self._keys) == MOST_OPERATIONS else []

    def rest(self) -> list[Batch]:
        """Return the batch of the keys that are left, if there are any."""
        keys = self._keys
        if not keys:
            return []
        positions = tuple(range(self.taken - len(keys), self.taken))
        batch = Batch(self._operation(keys), tuple(keys), positions, 0, self.taken)
        self.unclaimed = [batch]
        self._keys = []
        return [batch]
