"""Draw filter expressions, each with its meaning: a function that says which rows it selects, written without the simulator.

The meaning is that of the builder: a comparison of something in a list holds if it holds for any of its elements, and an entry that a map
does not have equals nothing, contains nothing and matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from consul_proto.filters.expression import Filter
from consul_proto.filters.fields import Each, Flag, Number, Selector, Structure, Text, TextList, TextMap, fields_of
from consul_proto.filters.listings import AddressMap

Row = Any
Selects = Callable[[Row], bool]

#: Strings that expressions have to quote, and usual ones. The scene has most of them.
ODD = ('a"b', "a`b", "a\\b", "a\nb", "é😀", "\ufffd", "\x01", '`"\\\n', "\u2028", "a\\", "a.b", "", " ", "] == x", "or", "not")
WORDS = ("web", "db", "a", "b", "v1", "passing", "n1", "n2", "10.0.0", "consul", "serfHealth", "lan", "wan", "allow", "http", "zone")

#: Regular expressions in Go's syntax and in Python's.
EXPRESSIONS = [
    (text, text) for text in ("", "^web", "a.?b", r"\d+", "[ab]", "(?i)WEB", "^n[0-9]", r"^$|\\", '"|`', "^(passing|allow)", "é|ä")
]
EXPRESSIONS += [(r"b\z", r"b\Z")]

_NUMBERS = (0, 1, -1, 80, 81, 8000, 2, 9, 3, (1 << 63) - 1)

#: The value of a field that a row leaves out.
_EMPTY: tuple[tuple[Any, Any], ...] = (
    (Text, ""),
    (Flag, False),
    (Number, 0),
    ((TextList, Each), ()),
    ((TextMap, AddressMap, Structure), {}),
)


def _empty_of(selector: object) -> Any:
    return next(empty for kinds, empty in _EMPTY if isinstance(selector, kinds))


class Step(NamedTuple):
    """A step from a row to a value. key: whether it is a key of a map. many: whether it leads to a list of structures."""

    name: str
    empty: Any
    key: bool = False
    many: bool = False


class Leaf(NamedTuple):
    """A selector, and the steps to its value."""

    selector: Any
    steps: tuple[Step, ...]


def holds(row: Row, steps: Sequence[Step], test: Callable[[Any], bool], of_missing: bool) -> bool:
    """Return whether a test holds for what the steps lead to; for any of it, if they lead into a list."""
    value = row
    for place, step in enumerate(steps):
        if step.key:
            if step.name not in value:
                return of_missing
            value = value[step.name]
        else:
            value = value.get(step.name)
            value = step.empty if value is None else value
        if step.many and steps[place + 1 :]:
            return any(holds(one, steps[place + 1 :], test, of_missing) for one in value)
    return test(value)


def draw(chance: Random, where: Structure[Any], known: Mapping[str, Sequence[Any]], is_new: bool) -> tuple[Filter[Any], Selects]:
    """Draw an expression about rows, and its meaning. known: values that the rows have, by field. is_new: whether newer fields exist."""
    return _Draw(chance, where, known, is_new).expression(chance.choice((0, 0, 1, 1, 2, 3)))


class _Draw:
    def __init__(self, chance: Random, where: Structure[Any], known: Mapping[str, Sequence[Any]], is_new: bool) -> None:
        self._chance, self._where, self._known, self._is_new = chance, where, known, is_new

    def expression(self, depth: int) -> tuple[Filter[Any], Selects]:
        if depth == 0:
            return self._comparison()
        match self._chance.choice(("and", "or", "not")):
            case "not":
                inner, selects = self.expression(depth - 1)
                return ~inner, lambda row: not selects(row)
            case word:
                (left, one), (right, other) = self.expression(depth - 1), self.expression(self._chance.randrange(depth))
                if word == "and":
                    return left & right, lambda row: one(row) and other(row)
                return left | right, lambda row: one(row) or other(row)

    def _comparison(self) -> tuple[Filter[Any], Selects]:
        selector, steps = self._leaf()
        kind = type(selector)
        if issubclass(kind, Text):
            return self._of_text(selector, steps)
        if issubclass(kind, Number | Flag):
            values: tuple[Any, ...] = (True, False) if issubclass(kind, Flag) else self._numbers(selector, steps[-1].name)
            value = self._chance.choice(values)
            if self._chance.random() < 0.5:
                return selector == value, lambda row: holds(row, steps, lambda found: bool(found == value), False)
            return selector != value, lambda row: holds(row, steps, lambda found: bool(found != value), True)
        if issubclass(kind, Each) or self._chance.random() < 0.4:
            return selector.is_empty(), lambda row: holds(row, steps, lambda found: not found, False)
        item = self._text(steps[-1].name)
        return selector.contains(item), lambda row: holds(row, steps, lambda found: item in found, False)

    def _numbers(self, selector: Number[Any], name: str) -> tuple[int, ...]:
        return tuple(number for number in (*_NUMBERS, *self._known.get(name, ())) if selector.least <= number <= selector.most)

    def _of_text(self, selector: Text[Any], steps: tuple[Step, ...]) -> tuple[Filter[Any], Selects]:
        text = self._text(steps[-1].name)
        is_entry_in_list = any(step.key for step in steps) and any(step.many for step in steps)
        match self._chance.choice(("==", "!=", "contains") if is_entry_in_list else ("==", "!=", "contains", "matches")):
            case "==":
                return selector == text, lambda row: holds(row, steps, lambda found: bool(found == text), False)
            case "!=":
                return selector != text, lambda row: holds(row, steps, lambda found: bool(found != text), True)
            case "contains":
                return selector.contains(text), lambda row: holds(row, steps, lambda found: text in found, False)
        go, python = self._chance.choice(EXPRESSIONS)
        compiled = re.compile(python, re.ASCII)
        return selector.matches(go), lambda row: holds(row, steps, lambda found: compiled.search(found) is not None, False)

    def _text(self, name: str) -> str:
        known = [value for value in self._known.get(name, ()) if isinstance(value, str)]
        pool = self._chance.choice((known or WORDS, known or WORDS, WORDS, ODD))
        text = self._chance.choice(pool)
        return text[: self._chance.randrange(1, 5)] if self._chance.random() < 0.2 else text

    def _leaf(self) -> Leaf:
        """Walk from the row to a field, and into maps and structures."""
        selector: Selector[Any] = self._where
        steps: tuple[Step, ...] = ()
        while isinstance(selector, Structure):
            if isinstance(selector, Each) and self._chance.random() < 0.1:
                return Leaf(selector, steps)
            name = self._chance.choice([name for name in fields_of(type(selector)) if self._is_new or name not in NEW])
            selector = getattr(selector, name)
            steps += (Step(name, _empty_of(selector), many=isinstance(selector, Each)),)
            if isinstance(selector, TextMap | AddressMap) and self._chance.random() < 0.6:
                key = self._text(name)
                selector = selector[key]
                steps += (Step(key, "", key=True),)
        return Leaf(selector, steps)


#: The fields that Consul 1.8 does not have.
NEW = frozenset(
    {
        *("PeerName", "Partition", "SocketPath", "ServiceSocketPath", "Interval", "Timeout", "ExposedPort"),
        *("SourcePartition", "DestinationPartition", "SourcePeer", "SourceSamenessGroup"),
    }
)


def values_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return the values that rows have, by the name of the field; for a map, its keys and values."""
    found: dict[str, list[Any]] = {}

    def visit(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            found.setdefault(name, []).extend(value)
            for key, inner in value.items():
                visit(key, inner)
                if isinstance(inner, str):
                    found[name].append(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                visit(name, inner)
        elif isinstance(value, str | int):
            found.setdefault(name, []).append(value)

    visit("", list(rows))
    return found
