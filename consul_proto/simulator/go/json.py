"""JSON as Go decodes it into a type, with Go's words where it cannot: https://pkg.go.dev/encoding/json#Unmarshal."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, NoReturn

from consul_proto.simulator.engine.versions import V1_22_5, V1_X, Version
from consul_proto.simulator.go.durations import nanoseconds

#: A name of Go's, or the two that it has in 1.8.7 and in 1.22.5.
Go = str | tuple[str, str]


class Unreadable(ValueError):
    """A body that is no JSON, or not that of its type, in Go's words."""


class Place(NamedTuple):
    """Where in a body a value stands, as Go's errors tell it. pinned: what a type with a decoder of its own makes of that."""

    struct: str | None = None
    path: tuple[str, ...] = ()
    version: Version = V1_22_5
    pinned: bool = False

    def refuse(self, value: Any, go: str, shown: str = "") -> NoReturn:
        """Raise what Go says of a value of another kind."""
        where = "value" if self.struct is None else f"struct field {self.struct}.{'.'.join(self.path)}"
        raise Unreadable(f"json: cannot unmarshal {kind_of(value)}{shown} into Go {where} of type {go}")


_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def kind_of(value: Any) -> str:
    """A kind of JSON, by the name that Go gives it."""
    return "number" if isinstance(value, Number) else _KINDS[type(value)]


class Number(str):
    """A number as it is written, where it is not a whole one of a usual size."""

    __slots__ = ()


def _name(go: Go, place: Place) -> str:
    return go if isinstance(go, str) else go[0 if place.version < V1_X else 1]


@dataclass(frozen=True, slots=True)
class Text:
    """A string, or a type that is one."""

    go: Go = "string"

    def read(self, value: Any, place: Place) -> Any:
        """The text; null leaves it out."""
        if value is not None and type(value) is not str:
            place.refuse(value, _name(self.go, place))
        return value


@dataclass(frozen=True, slots=True)
class Bool:
    """A bool."""

    go: Go = "bool"

    def read(self, value: Any, place: Place) -> Any:
        """The bool; null leaves it out."""
        if value is not None and not isinstance(value, bool):
            place.refuse(value, _name(self.go, place))
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number. embedded: the type inside the object's own that has it."""

    go: Go = "int"
    least: int = -(2**63)
    largest: int = 2**63 - 1
    embedded: str = ""

    def read(self, value: Any, place: Place) -> Any:
        """The number; null leaves it out."""
        if value is not None and not (type(value) is int and self.least <= value <= self.largest):
            place.refuse(value, _name(self.go, place), f" {value}" if kind_of(value) == "number" else "")
        return value


@dataclass(frozen=True, slots=True)
class Float:
    """A number."""

    go: Go = "float64"

    def read(self, value: Any, place: Place) -> Any:
        """The number; null leaves it out."""
        if value is None:
            return None
        if kind_of(value) != "number":
            place.refuse(value, _name(self.go, place))
        return _float(value, place)


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes, in base64; line ends do not count."""

    go: Go = "[]uint8"

    def read(self, value: Any, place: Place) -> Any:
        """The bytes; null leaves them out."""
        if value is None:
            return None
        if type(value) is not str:
            place.refuse(value, _name(self.go, place))
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
    """A duration: text, or nanoseconds. Of any other kind it is passed over."""

    def read(self, value: Any, _place: Place) -> Any:
        """The text or the nanoseconds, None for what was passed over."""
        if isinstance(value, Number):
            return int(float(value))
        if isinstance(value, str):
            try:
                nanoseconds(value)
            except ValueError as error:
                raise Unreadable(str(error)) from None
            return value
        return value if type(value) is int else None


@dataclass(frozen=True, slots=True)
class Anything:
    """What Go does not look into."""

    def read(self, value: Any, _place: Place) -> Any:
        """The value."""
        return _plain(value)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A slice."""

    of: Shape
    go: Go = ""

    def name(self, place: Place) -> str:
        """Its type, as Go writes it."""
        return _name(self.go, place) or f"[]{_type(self.of, place)}"

    def read(self, value: Any, place: Place) -> Any:
        """The members; in the place of null stands what is empty."""
        if value is None:
            return None
        if not isinstance(value, list):
            place.refuse(value, self.name(place))
        return [_empty(self.of) if one is None else self.of.read(one, place) for one in value]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map by strings."""

    of: Shape
    go: Go = ""

    def name(self, place: Place) -> str:
        """Its type, as Go writes it."""
        return _name(self.go, place) or f"map[string]{_type(self.of, place)}"

    def read(self, value: Any, place: Place) -> Any:
        """The members; in the place of null stands what is empty."""
        if value is None:
            return None
        if not isinstance(value, dict):
            place.refuse(value, self.name(place))
        return {name: _empty(self.of) if one is None else self.of.read(one, place) for name, one in value.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Struct:
    """An object.

    later, gone: the members that 1.8.7 does not know, and that 1.22.5 does not. unknown: what becomes of members that it does not have.
    snake: whether `like_this` is `LikeThis`. own: of a type that decodes itself by a wrapper around its alias, the members that are the
    wrapper's own.
    """

    go: Go
    members: Mapping[str, Shape]
    later: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    unknown: Literal["refused", "ignored", "kept"] = "refused"
    snake: bool = False
    own: tuple[str, ...] | None = None

    def read(self, value: Any, place: Place) -> Any:
        """The members by the names of the documentation, without those that null leaves out."""
        if value is None:
            return None
        if not isinstance(value, dict):
            place.refuse(value, _name(self.go, place))
        members = self.members
        others = self.later if place.version < V1_X else self.gone
        known = {name.lower(): name for name in members if name not in others}
        found: dict[str, Any] = {}
        for given, one in value.items():
            name = known.get(given.lower()) or (known.get(given.lower().replace("_", "")) if self.snake else None)
            if name is not None:
                content = members[name].read(one, self._inside(place, name))
                if content is not None or isinstance(members[name], (ListOf, MapOf, Struct)):
                    found[name] = content
            elif self.unknown == "refused":
                raise Unreadable(f'json: unknown field "{given}"')
            elif self.unknown == "kept":
                found[given] = _plain(one)
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
    """What stands where null is a member of a list."""
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


def _float(value: int | Number, place: Place) -> int | float:
    """A float64; a whole one is written without a point."""
    number = float(value)
    if math.isinf(number):
        place.refuse(value, "float64", f" {value}")
    return int(number) if number.is_integer() and abs(number) < _WITH_EXPONENT else number


def _plain(value: Any) -> Any:
    """A value without the spelling of its numbers."""
    if isinstance(value, Number):
        return _float(value, Place())
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def decode(body: bytes, shape: Shape, *, version: Version) -> Any:
    """The first value in a body, as a type takes it; null is what is empty. Raises Unreadable."""
    value = _parse(body.decode("utf-8", "replace"))
    if value is None:
        return [] if isinstance(shape, ListOf) else _empty(shape)
    return shape.read(value, Place(version=version))


def _no_constant(_name: str) -> NoReturn:
    raise _NotANumber


class _NotANumber(ValueError):
    """NaN and its like, which Python reads and JSON does not have."""


#: From here on Go writes a float with an exponent.
_WITH_EXPONENT = 1e21

#: How deep arrays and objects may be in each other. Go's limit is 10,000; it is less here for Python's sake.
_DEPTH = 200

#: Digits of a number that is read as one; a longer one fits into no type.
_DIGITS = 25

_decode = json.JSONDecoder(
    parse_int=lambda text: int(text) if len(text) <= _DIGITS else Number(text), parse_float=Number, parse_constant=_no_constant
).raw_decode


def _parse(text: str) -> Any:
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise Unreadable("EOF")
    if text.count("[") + text.count("{") > _DEPTH and _brackets(_STRING.sub("", text))[1] > _DEPTH:
        raise Unreadable("exceeded max depth")
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    try:
        return _decode(text, start)[0]
    except _NotANumber:
        constant = _CONSTANT.search(_STRING.sub(lambda found: " " * len(found[0]), text))
        raise Unreadable(f"invalid character '{constant[0] if constant else 'N'}' looking for beginning of value") from None
    except json.JSONDecodeError as error:
        raise Unreadable(_why(text, error.pos, error.msg)) from None


_STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
#: An escape in a string; the first group is half a character without its other half, in the place of which Go puts U+FFFD.
_ESCAPE = re.compile(r"\\u[dD][89aAbB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)|\\.", re.ASCII | re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_CONSTANT = re.compile(r"[NI]")

#: What Go says in the place of Python's decoder, by the beginning of that.
_SAYS = {
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma": "looking for beginning of object key string",
    "Expecting ':'": "after object key",
    "Invalid control character": "in string literal",
    "Invalid \\": "in string escape code",
    "Expecting value": "looking for beginning of value",
}


def _why(text: str, position: int, message: str) -> str:
    """What is wrong with JSON, in Go's words."""
    if message.startswith("Unterminated"):
        return "unexpected EOF"
    if message.startswith("Illegal"):
        position += len(text[position + 1 :]) - len(text[position + 1 :].lstrip()) + 1
    if message.startswith("Invalid \\"):
        position += 1
    says = next((words for start, words in _SAYS.items() if message.startswith(start)), "")
    if message.startswith("Expecting ','"):
        open_ones = _brackets(_STRING.sub("", text[:position]))[0]
        says = "after object key:value pair" if open_ones.endswith("{") else "after array element"
    if message.startswith("Expecting value"):
        for literal in ("true", "false", "null"):
            same = next((length for length in range(len(literal), 0, -1) if text.startswith(literal[:length], position)), 0)
            if same:
                position += same
                says = f"in literal {literal} (expecting '{literal[same]}')"
    if position >= len(text):
        return "unexpected EOF"
    return f"invalid character {_quote(text[position])} {says}"


def _quote(character: str) -> str:
    """A character as Go quotes it: of one that is not ASCII, its first byte."""
    return {"'": "'\\''", '"': "'\"'", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'"}.get(character, f"'{chr(character.encode()[0])}'")


def _brackets(text: str) -> tuple[str, int]:
    """The brackets that are still open, and how many were at the most."""
    found: list[str] = []
    most = 0
    for bracket in _BRACKET.findall(text):
        if bracket in "[{":
            found.append(bracket)
            most = max(most, len(found))
        elif found:
            found.pop()
    return "".join(found), most
