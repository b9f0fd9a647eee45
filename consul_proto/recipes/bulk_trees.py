"""What to change so that a tree holds given pairs: both are read in the order of the keys, side by side, in memory for one of each."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

from consul_proto.errors import DecodeError
from consul_proto.recipes.bulk_batches import Change, Delete, Put, put_of

if TYPE_CHECKING:
    from consul_proto.recipes.bulk_batches import Pair
    from consul_proto.types.kv import Record


class Next(Enum):
    """What a comparison asks for: the next record of the tree, or the next pair; None is the end."""

    RECORD = auto()
    PAIR = auto()


#: Yields what it needs, and the changes; the answer to a change does not matter.
Comparison: TypeAlias = "Generator[Next | Change | int, Any, None]"


def in_order(pairs: Mapping[str, Any] | Iterable[Pair]) -> Iterable[Pair]:
    """Return pairs in the order of their keys. What is not a mapping, a list or a tuple must have this order already."""
    if isinstance(pairs, Mapping):
        return sorted(pairs.items(), key=_key)
    if isinstance(pairs, (list, tuple)):
        return sorted(pairs, key=_key)
    return pairs


def _key(item: Any) -> str:
    if not isinstance(item, (tuple, list)) or not item or not isinstance(item[0], str):
        raise TypeError(f"expected (key, value) or (key, value, flags), got an object of {type(item).__name__}")
    key: str = item[0]
    return key


def differences(prefix: str, flags: int = 0) -> Comparison:
    """Return the comparison of a tree with pairs. It yields the puts and deletes that make them equal, and the positions of equal pairs.

    Each record must have a raw value. Raises ValueError for a pair that is not in the tree, or not after the one before it.
    """
    record = yield from _record(None)
    last: str | None = None
    position = 0
    while (item := (yield Next.PAIR)) is not None:
        pair = put_of(position, item, flags)
        _check_order(prefix, last, pair)
        while record is not None and record["Key"] < pair.key:
            yield Delete(None, record["Key"])
            record = yield from _record(record)
        if record is None or record["Key"] != pair.key:
            yield pair
        else:
            yield position if (record["Value"], record["Flags"]) == (pair.body, pair.flags) else pair
            record = yield from _record(record)
        last = pair.key
        position += 1
    while record is not None:
        yield Delete(None, record["Key"])
        record = yield from _record(record)


def _record(last: Record | None) -> Generator[Any, Any, Record | None]:
    """Return the next record of the tree. Raises DecodeError if the tree is not in order, as with a key that is not UTF-8."""
    record: Record | None = yield Next.RECORD
    if record is not None and last is not None and record["Key"] <= last["Key"]:
        raise DecodeError(
            f"expected the keys in order, got {record['Key']!r} after {last['Key']!r}: one of them is not UTF-8; delete it with kv.delete"
            " of a shorter prefix",
            maybe_applied=False,
        )
    return record


def _check_order(prefix: str, last: str | None, pair: Put) -> None:
    if not pair.key.startswith(prefix):
        raise ValueError(f"position {pair.position}: the key {pair.key!r} is not in the tree {prefix!r}; give whole keys")
    if last is not None and pair.key <= last:
        fault = "is there twice" if pair.key == last else f"comes after {last!r}"
        raise ValueError(f"position {pair.position}: the key {pair.key!r} {fault}; give a dict, or pairs sorted by key, each key once")


def check_apart(source: str, target: str) -> None:
    """Raise ValueError for trees of which one contains the other."""
    if source.startswith(target) or target.startswith(source):
        raise ValueError(
            f"the trees {source!r} and {target!r} overlap; copy to a prefix that is not in the source, and does not contain it"
        )


def copy_of(source: str, target: str, position: int, record: Record) -> Put:
    """Return the change that writes a record of one tree into another."""
    stored: Any = record["Value"]
    return Put(position, target + record["Key"][len(source) :], stored, record["Flags"])
