"""Read HCL into types as agents do: https://pkg.go.dev/github.com/hashicorp/hcl#DecodeObject.

Names of members are compared without regard to case, unknown members are ignored, and the last of several values of a text is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from consul_proto.simulator.go.hcl_nodes import NOWHERE, Array, Item, Literal, Node, Object, place_of


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct: its members in the order in which they are read. None: a text. A struct: a list of such structs.

    key: the member that has the label of the block.
    """

    members: Mapping[str, Struct | None]
    key: str = ""


def decode(items: list[Item], shape: Struct) -> dict[str, Any]:
    """Read items into a type. A text that is missing is "", and a list []. Raises ValueError in the words of HCL's decoder."""
    return _struct("root", items, shape)


def _refuse(place: str, says: str) -> NoReturn:
    raise ValueError(f"At {place}: {says}")


def _place(node: Node | list[Item]) -> str:
    if isinstance(node, Literal | Array):
        return node.place
    return place_of(node.items if isinstance(node, Object) else node)


def _go(node: Node | list[Item]) -> str:
    """Return Go's name for the type of a node."""
    kinds = {Literal: "LiteralType", Array: "ListType", Object: "ObjectType", list: "ObjectList"}
    return f"*ast.{kinds[type(node)]}"


def _struct(name: str, items: list[Item], shape: Struct) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member, inner in shape.members.items():
        content: Any = "" if inner is None else []
        for node in _matches(items, member):
            place = f"{name}.{member}"
            content = _text(place, node) if inner is None else [*content, *_list(place, node, inner)]
        found[member] = content
    return found


def _matches(items: list[Item], member: str) -> list[Node | list[Item]]:
    """Return the content of a member: first all of its blocks with labels, then its other values one by one."""
    matches = [Item(item.keys[1:], item.value) for item in items if item.keys and item.keys[0].name.casefold() == member.casefold()]
    labelled: list[Node | list[Item]] = [[item for item in matches if item.keys]] if any(item.keys for item in matches) else []
    plain = (item.value for item in matches if not item.keys)
    return labelled + [node.items if isinstance(node, Object) else node for node in plain]


def _text(name: str, node: Node | list[Item]) -> str:
    if isinstance(node, Literal):
        if node.kind == "NUMBER":
            return node.written
        if node.kind in ("STRING", "HEREDOC"):
            return str(node.value)
    _refuse(_place(node), f"{name}: unknown type for string {_go(node)}")


def _list(name: str, node: Node | list[Item], shape: Struct) -> list[dict[str, Any]]:
    if isinstance(node, Literal):
        _refuse(node.place, f"unknown slice type: {_go(node)}")
    if isinstance(node, Array):
        return [_element(f"{name}[{number}]", one, shape) for number, one in enumerate(node.values)]
    items = node.items if isinstance(node, Object) else node
    return [_labelled(f"{name}[{number}]", item, shape) for number, item in enumerate(items)]


def _element(name: str, node: Node, shape: Struct) -> dict[str, Any]:
    """Read an element of a list, which has no label."""
    if not isinstance(node, Object):
        _refuse(_place(node), f"{name}: not an object type for struct ({_go(node)})")
    if shape.key:
        _refuse(_place(node), f"{name}: {shape.key} asked for 'key', impossible")
    return _struct(name, node.items, shape)


def _labelled(name: str, item: Item, shape: Struct) -> dict[str, Any]:
    """Read a block with a label. A value without braces counts as a member of itself."""
    if len(item.keys) == 2:
        item = Item(item.keys[:1], Object([Item(item.keys[1:], item.value)]))
    if isinstance(item.value, Array):
        _refuse(item.value.place, f"{name}: not an object type for struct ({_go(item.value)})")
    items = item.value.items if isinstance(item.value, Object) else [item]
    return {shape.key: item.keys[0].name if item.keys else NOWHERE, **_struct(name, items, shape)}
