"""Decode JSON into types as Go does, with Go's errors: https://pkg.go.dev/encoding/json#Unmarshal."""

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

#: The name of a type in Go, or its names in 1.8.7 and in 1.22.5.
Go = str | tuple[str, str]


class Unreadable(ValueError):
    """The body is not valid JSON, or does not fit its type, in Go's words."""


class Place(NamedTuple):
    """The place of a value in the body, as Go's errors show it. pinned: a type with its own decoder hides the places below it."""

    struct: str | None = None
    path: tuple[str, ...] = ()
    version: Version = V1_22_5
    pinned: bool = False

    def refuse(self, value: Any, go: str, shown: str = "") -> NoReturn:
        """Raise Go's error for a value of the wrong kind."""
        where = "value" if self.struct is None else f"struct field {self.struct}.{'.'.join(self.path)}"
        raise Unreadable(f"json: cannot unmarshal {kind_of(value)}{shown} into Go {where} of type {go}")


_KINDS = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def kind_of(value: Any) -> str:
    """Return Go's name for the kind of a JSON value."""
    return "number" if isinstance(value, Number) else _KINDS[type(value)]


class Number(str):
    """A number as text: one that is not an integer of usual size."""

    __slots__ = ()


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
        return value


@dataclass(frozen=True, slots=True)
class Bool:
    """A bool."""

    go: Go = "bool"

    def read(self, value: Any, place: Place) -> Any:
        """Return the bool; None for null, which leaves it out."""
        if value is not None and not isinstance(value, bool):
            place.refuse(value, _name(self.go, place))
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
    """A duration: text, or nanoseconds. Values of other kinds are ignored."""

    def read(self, value: Any, place: Place) -> Any:
        """Return the text or the nanoseconds; None for an ignored value."""
        if isinstance(value, Number):
            return int(_float(value, place))
        if isinstance(value, str):
            try:
                nanoseconds(value)
            except ValueError as error:
                raise Unreadable(str(error)) from None
            return value
        return value if type(value) is int else None


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
        """Return the members by their documented names, without those that are null."""
        if value is None:
            return None
        if not isinstance(value, dict):
            place.refuse(value, _name(self.go, place))
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
                raise Unreadable(f'json: unknown field "{given}"')
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


def _float(value: int | Number, place: Place) -> int | float:
    """Return a float64; an integer is written without a point."""
    number = float(value)
    if math.isinf(number):
        place.refuse(value, "float64", f" {value}")
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
    value = _parse(body.decode("utf-8", "replace"))
    if value is None:
        return [] if isinstance(shape, ListOf) else _empty(shape)
    return shape.read(value, Place(version=version))


def _no_constant(_name: str) -> NoReturn:
    raise _NotANumber


class _NotANumber(ValueError):
    """NaN or Infinity: Python's decoder accepts them, JSON does not have them."""


#: From this number on, Go writes a float with an exponent.
_WITH_EXPONENT = 1e21

#: The deepest nesting. Go's limit is 10,000; Python's is lower.
_DEPTH = 200

#: The most digits of a number that is converted; longer ones fit into no type.
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
#: An escape in a string. The first group is a surrogate without its other half, which Go replaces with U+FFFD.
_ESCAPE = re.compile(r"\\u[dD][89aAbB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w)|\\.", re.ASCII | re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_CONSTANT = re.compile(r"[NI]")

#: Go's words for the errors of Python's decoder, by the beginning of these.
_SAYS = {
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma": "looking for beginning of object key string",
    "Expecting ':'": "after object key",
    "Invalid control character": "in string literal",
    "Invalid \\": "in string escape code",
    "Expecting value": "looking for beginning of value",
}


def _why(text: str, position: int, message: str) -> str:
    """Return what is wrong with JSON, in Go's words."""
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
                break
    if position >= len(text):
        return "unexpected EOF"
    return f"invalid character {_quote(text[position])} {says}"


def _quote(character: str) -> str:
    """Quote a character as Go does; of one that is not ASCII, its first byte."""
    return {"'": "'\\''", '"': "'\"'", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'"}.get(character, f"'{chr(character.encode()[0])}'")


def _brackets(text: str) -> tuple[str, int]:
    """Return the brackets that are open at the end, and the deepest nesting."""
    found: list[str] = []
    most = 0
    for bracket in _BRACKET.findall(text):
        if bracket in "[{":
            found.append(bracket)
            most = max(most, len(found))
        elif found:
            found.pop()
    return "".join(found), most
