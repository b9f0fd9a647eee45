"""Decode JSON into types as Go does, with Go's errors: https://pkg.go.dev/encoding/json#Unmarshal.

A value of the wrong type does not stop Go's decoder: it keeps the first error, goes on, and returns that error at the end. The error of a
type that decodes itself stops the decoder at once, so it comes before what is wrong around that type, whatever the order in the body.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from consul_proto.simulator.engine.versions import V1_22_5, V1_X, Version
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.json_text import Number, Unreadable, parse

#: The name of a type in Go, or its names in 1.8.7 and in 1.22.5.
Go = str | tuple[str, str]


class Place(NamedTuple):
    """The place of a value in the body, as Go's errors show it.

    saved: what is wrong so far, for the type that decodes itself around this place. pinned: that type hides the places below it.
    """

    saved: list[Unreadable]
    version: Version = V1_22_5
    struct: str | None = None
    path: tuple[str, ...] = ()
    pinned: bool = False

    def refuse(self, value: Any, go: str, shown: str = "") -> None:
        """Save Go's error for a value of the wrong kind."""
        where = "value" if self.struct is None else f"struct field {self.struct}.{'.'.join(self.path)}"
        self.saved.append(Unreadable(f"json: cannot unmarshal {kind_of(value)}{shown} into Go {where} of type {go}"))


_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def kind_of(value: Any) -> str:
    """Return Go's name for the kind of a JSON value."""
    return "number" if isinstance(value, Number) else _KINDS[type(value)]


def _name(go: Go, place: Place) -> str:
    return go if isinstance(go, str) else go[0 if place.version < V1_X else 1]


@dataclass(frozen=True, slots=True)
class Text:
    """A string, or a type that is a string."""

    go: Go = "string"

    def read(self, value: Any, place: Place) -> Any:
        """Return the text; None for null, which leaves it out."""
        if value is not None and type(value) is not str:
            place.refuse(value, _name(self.go, place))
            return None
        return value


@dataclass(frozen=True, slots=True)
class Bool:
    """A bool."""

    go: Go = "bool"

    def read(self, value: Any, place: Place) -> Any:
        """Return the bool; None for null, which leaves it out."""
        if value is not None and not isinstance(value, bool):
            place.refuse(value, _name(self.go, place))
            return None
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer. embedded: the embedded type that has the member."""

    go: Go = "int"
    least: int = -(2**63)
    largest: int = 2**63 - 1
    embedded: str = ""

    def read(self, value: Any, place: Place) -> Any:
        """Return the number; None for null, which leaves it out."""
        if value is not None and not (type(value) is int and self.least <= value <= self.largest):
            place.refuse(value, _name(self.go, place), f" {value}" if kind_of(value) == "number" else "")
            return None
        return value


@dataclass(frozen=True, slots=True)
class Float:
    """A number."""

    go: Go = "float64"

    def read(self, value: Any, place: Place) -> Any:
        """Return the number; None for null, which leaves it out."""
        if value is None:
            return None
        if kind_of(value) != "number":
            place.refuse(value, _name(self.go, place))
            return None
        return _float(value, place)


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes in base64; line ends are ignored."""

    go: Go = "[]uint8"

    def read(self, value: Any, place: Place) -> Any:
        """Return the bytes; None for null, which leaves them out."""
        if value is None:
            return None
        if type(value) is not str:
            place.refuse(value, _name(self.go, place))
            return None
        try:
            return read_base64(value)
        except Unreadable as error:
            place.saved.append(error)
            return None


def read_base64(value: str) -> bytes:
    """Decode base64, in which line ends are ignored. Raises Unreadable."""
    text = value.replace("\r", "").replace("\n", "")
    well = _BASE64.match(text)
    end = well.end() if well else 0
    if end < len(text):
        wrong = _NOT_BASE64.search(text, end)
        raise Unreadable(f"illegal base64 data at input byte {wrong.start() if wrong and well and not well[1] else end}")
    return b64decode(text)


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration: text, or nanoseconds. Values of other kinds are ignored. own: whether it decodes itself, and not the type around it."""

    own: bool = False

    def read(self, value: Any, place: Place) -> Any:
        """Return the text or the nanoseconds; None for an ignored value."""
        if isinstance(value, Number):
            return int(_float(value, place))
        if self.own:
            self.check(value)
        return value if type(value) in (int, str) else None

    def check(self, value: Any) -> None:
        """Raise Unreadable for text that is not a duration."""
        if isinstance(value, str):
            try:
                nanoseconds(value)
            except ValueError as error:
                raise Unreadable(str(error)) from None


@dataclass(frozen=True, slots=True)
class Anything:
    """A value that Go does not check."""

    def read(self, value: Any, place: Place) -> Any:
        """Return the value."""
        return _plain(value, place)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A slice."""

    of: Shape
    go: Go = ""

    def name(self, place: Place) -> str:
        """Return Go's name of the type."""
        return _name(self.go, place) or f"[]{_type(self.of, place)}"

    def read(self, value: Any, place: Place) -> Any:
        """Return the members; null becomes an empty value."""
        if value is None:
            return None
        if not isinstance(value, list):
            place.refuse(value, self.name(place))
            return None
        return [_empty(self.of) if one is None else self.of.read(one, place) for one in value]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with string keys."""

    of: Shape
    go: Go = ""

    def name(self, place: Place) -> str:
        """Return Go's name of the type."""
        return _name(self.go, place) or f"map[string]{_type(self.of, place)}"

    def read(self, value: Any, place: Place) -> Any:
        """Return the members; null becomes an empty value."""
        if value is None:
            return None
        if not isinstance(value, dict):
            place.refuse(value, self.name(place))
            return None
        return {name: _empty(self.of) if one is None else self.of.read(one, place) for name, one in value.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Struct:
    """An object.

    later, gone: the members that 1.8.7 does not have, and that 1.22.5 does not have. unknown: what happens to unknown members. snake: the
    other names of members, such as `like_this` for `LikeThis`; `later` may have some of them. own: for a type that decodes itself through
    an alias in a wrapper, the members of the wrapper.
    """

    go: Go
    members: Mapping[str, Shape]
    later: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    unknown: Literal["refused", "ignored", "kept"] = "refused"
    snake: frozenset[str] = frozenset()
    own: tuple[str, ...] | None = None

    def read(self, value: Any, place: Place) -> Any:
        """Return the members by their documented names, without those that are null. Raises Unreadable if the type decodes itself."""
        if value is None or self.own is None:
            return self._read(value, place)
        inner = place._replace(saved=[])
        found = self._read(value, inner)
        if inner.saved:
            raise inner.saved[0]
        for name, member in self.members.items():  # a duration is read when nothing else is wrong
            if isinstance(member, Duration):
                member.check(found.get(name))
        return found

    def _read(self, value: Any, place: Place) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            place.refuse(value, _name(self.go, place))
            return None
        members = self.members
        others = self.later if place.version < V1_X else self.gone
        known = {name.lower(): name for name in members if name not in others}
        found: dict[str, Any] = {}
        for given, one in value.items():
            plain = given.lower()
            name = known.get(plain.replace("_", "") if plain in self.snake and plain not in others else plain)
            if name is not None:
                content = members[name].read(one, self._inside(place, name))
                if content is not None or isinstance(members[name], (ListOf, MapOf, Struct)):
                    found[name] = content
            elif self.unknown == "refused":
                place.saved.append(Unreadable(f'json: unknown field "{given}"'))
            elif self.unknown == "kept":
                found[given] = _plain(one, place)
        return found

    def _inside(self, place: Place, name: str) -> Place:
        shown = name.lower() if name.lower() in (self.own or ()) else name
        member = self.members[name]
        embedded = (member.embedded,) if isinstance(member, Integer) and member.embedded and place.version >= V1_X else ()
        struct = _name(self.go, place).rpartition(".")[2].partition(" ")[0]
        if self.own is None:
            return (
                place
                if place.pinned and place.version < V1_X
                else place._replace(struct=place.struct if place.pinned else struct, path=(*place.path, *embedded, name))
            )
        alias = () if place.version < V1_X or shown in self.own else ("Alias",)
        path = (*alias, *embedded, shown)
        if place.struct is None:
            return place._replace(struct="", path=path)
        return place._replace(pinned=True, path=place.path if place.version < V1_X else (*place.path, *path))


Shape = Text | Bool | Integer | Float | Bytes | Duration | Anything | ListOf | MapOf | Struct


def _type(shape: Shape, place: Place) -> str:
    if isinstance(shape, (ListOf, MapOf)):
        return shape.name(place)
    return "interface {}" if isinstance(shape, (Anything, Duration)) else _name(shape.go, place)


def _empty(shape: Shape) -> Any:
    """Return the value for null in a list."""
    match shape:
        case Text():
            return ""
        case Bool():
            return False
        case Integer() | Float():
            return 0
        case Struct():
            return {}
    return None


#: From this number on, Go writes a float with an exponent.
_WITH_EXPONENT = 1e21


def _float(value: int | Number, place: Place) -> int | float:
    """Return a float64; an integer is written without a point."""
    number = float(value)
    if math.isinf(number):
        place.refuse(value, "float64", f" {value}")
        return 0
    return int(number) if number.is_integer() and abs(number) < _WITH_EXPONENT else number


def _plain(value: Any, place: Place) -> Any:
    """Return a value with ordinary numbers."""
    if isinstance(value, Number):
        return _float(value, place)
    if isinstance(value, list):
        return [_plain(one, place) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one, place) for name, one in value.items()}
    return value


def decode(body: bytes, shape: Shape, *, version: Version) -> Any:
    """Decode the first value of a body into a type. null becomes an empty value. Raises Unreadable."""
    value = parse(body.decode("utf-8", "replace"))
    if value is None:
        return [] if isinstance(shape, ListOf) else _empty(shape)
    saved: list[Unreadable] = []
    found = shape.read(value, Place(saved, version))
    if saved:
        raise saved[0]
    return found
