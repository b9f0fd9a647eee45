"""What to change so that a tree holds given pairs: both are read in the order of the keys, side by side, in memory for one of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from consul_proto.errors import DecodeError
from consul_proto.recipes.bulk_batches import Change, Delete, Put, put_of

if TYPE_CHECKING:
    from consul_proto.recipes.bulk_batches import Pair
    from consul_proto.types.kv import Record


def in_order(pairs: Mapping[str, Any] | Iterable[Pair]) -> Iterable[Pair]:
    """Return pairs in the order of their keys. What is not a mapping, a list or a tuple must have this order already."""
    if not isinstance(pairs, (Mapping, list, tuple)):
        return pairs
    whole: list[Any] = list(pairs.items() if isinstance(pairs, Mapping) else pairs)
    whole.sort(key=_key)
    return whole


def _key(item: Any) -> str:
    if not isinstance(item, (tuple, list)) or not item or not isinstance(item[0], str):
        raise TypeError(f"expected (key, value) or (key, value, flags), got an object of {type(item).__name__}")
    key: str = item[0]
    return key


class Step(NamedTuple):
    """What to do about the first record and the first pair that are left.

    change: the change that is needed; the position of a pair that needs none. record, pair: whether to go on to the next one.
    """

    change: Change | int
    record: bool
    pair: bool


class Comparison:
    """Compares the keys of a tree with pairs. prefix: of the tree. flags: those of a pair that has none."""

    def __init__(self, prefix: str, flags: int = 0) -> None:
        self._prefix = prefix
        self._flags = flags
        self._position = 0
        self._last_pair: str | None = None
        self._last_record: str | None = None

    def checked_pair(self, item: Any) -> Put | None:
        """Return the change that a pair asks for; None for None, the end.

        Raises ValueError for a pair that is not in the tree, or not after the one before it, TypeError.
        """
        if item is None:
            return None
        pair = put_of(self._position, item, self._flags)
        if not pair.key.startswith(self._prefix):
            raise ValueError(f"position {pair.position}: the key {pair.key!r} is not in the tree {self._prefix!r}; give whole keys")
        if self._last_pair is not None and pair.key <= self._last_pair:
            fault = "is there twice" if pair.key == self._last_pair else f"comes after {self._last_pair!r}"
            raise ValueError(f"position {pair.position}: the key {pair.key!r} {fault}; give a dict, or pairs sorted by key, each key once")
        self._last_pair = pair.key
        self._position += 1
        return pair

    def checked_record(self, record: Record | None) -> Record | None:
        """Return a record of the tree, whose value must be raw; None is the end.

        Raises DecodeError if the tree is not in order: a key that is not UTF-8 is shown as another key.
        """
        if record is not None:
            if self._last_record is not None and record["Key"] <= self._last_record:
                raise DecodeError(
                    f"expected the keys in order, got {record['Key']!r} after {self._last_record!r}: one of them is not UTF-8; delete it"
                    " with kv.delete and recurse=True",
                    maybe_applied=False,
                )
            self._last_record = record["Key"]
        return record

    @staticmethod
    def step(record: Record | None, pair: Put | None) -> Step | None:
        """Return what to do about a record and a pair; None at the end of both."""
        if record is None:
            return None if pair is None else Step(pair, record=False, pair=True)
        if pair is None or record["Key"] < pair.key:
            return Step(Delete(None, record["Key"]), record=True, pair=False)
        if record["Key"] > pair.key:
            return Step(pair, record=False, pair=True)
        is_same = (record["Value"], record["Flags"]) == (pair.body, pair.flags)
        return Step(pair.position if is_same else pair, record=True, pair=True)


def check_apart(source: str, target: str) -> None:
    """Raise ValueError if one tree contains the other."""
    if source.startswith(target) or target.startswith(source):
        raise ValueError(
            f"the trees {source!r} and {target!r} overlap; copy to a prefix that is not in the source, and does not contain it"
        )


def copy_of(source: str, target: str, position: int, record: Record) -> Put:
    """Return the change that writes a record of one tree into another."""
    stored: Any = record["Value"]
    return Put(position, target + record["Key"][len(source) :], stored, record["Flags"])
