"""The nodes of HCL and of its JSON: items with keys, literals, lists and objects.

Each node knows its place, "line:column", which Consul's errors show; in JSON it is "-".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

#: The place of a node in JSON, and of an empty object.
NOWHERE = "-"


class Key(NamedTuple):
    """A key or a label. written: as in the text, with its quotes."""

    name: str
    place: str = NOWHERE
    written: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text or a bool. kind: its token, such as "NUMBER". written: as in the text."""

    kind: str
    value: Any
    written: str = ""
    place: str = NOWHERE


@dataclass(frozen=True, slots=True)
class Array:
    """A list."""

    values: list[Node]
    place: str = NOWHERE


@dataclass(frozen=True, slots=True)
class Object:
    """An object, or the content of a block."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class Item:
    """A value below one or more keys. is_block: there is no "=" between them."""

    keys: tuple[Key, ...]
    value: Node
    is_block: bool = False


Node: TypeAlias = "Literal | Array | Object"


def place_of(items: list[Item]) -> str:
    """Return the place of items: that of the first key."""
    return items[0].keys[0].place if items and items[0].keys else NOWHERE


def value_of(node: Node) -> Any:
    """Return a node as a value. An object becomes a dict, in which several blocks with the same labels become a list of dicts."""
    match node:
        case Literal():
            return node.value
        case Array():
            return [value_of(one) for one in node.values]
        case _:
            return _dict_of(node.items)


def _dict_of(items: list[Item]) -> dict[str, Any]:
    every: dict[str, Any] = {}
    for item in items:
        found, value = every, value_of(item.value)
        *labels, last = [key.name for key in item.keys]
        for label in labels:
            below = found.setdefault(label, {})
            if isinstance(below, list) and below and isinstance(below[-1], dict):
                below = below[-1]
            if not isinstance(below, dict):
                below = found[label] = {}
            found = below
        before = found.get(last)
        if item.is_block and isinstance(before, dict | list):
            found[last] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[last] = value
    return every
