"""Read objects into types as Go's mapstructure does with weak typing.

https://pkg.go.dev/github.com/go-viper/mapstructure/v2#DecoderConfig. The result is what Go writes for the type: empty members are left out,
unless the type says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from consul_proto.simulator.engine.versions import V1_9, V1_X, Version
from consul_proto.simulator.go.durations import as_go_writes, nanoseconds
from consul_proto.simulator.go.numbers import FALSE, TRUE, as_int64, integer

#: A time.Duration that is written as a number.
NANOSECONDS = "time.Duration as a number"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, by its type in Go. pointer: null means none, and zero is written."""

    go: str
    pointer: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that Go does not check."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A slice; a single value counts as a list of one."""

    of: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with string keys. go: Go's name of its type."""

    of: Shape
    go: str


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A struct.

    later: the members that 1.8.7 does not have. always: members that are written even if they are empty; once: only in 1.8.7. inline: not a
    pointer, so it is written even if the request does not have it. aliases: other names of members, in lower case.
    """

    members: Mapping[str, Shape]
    later: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    inline: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)


Shape = Scalar | Opaque | ListOf | MapOf | Record

#: A time.Duration that is written as text.
DURATION = Scalar("time.Duration")


class Read(NamedTuple):
    """The result of reading a value.

    faults: what did not fit the type. unknown: the paths of unknown members. empty: the paths of lists and maps that are empty and left
    out; in Go they are not the same as missing ones.
    """

    value: Any
    faults: list[str]
    unknown: list[str]
    empty: list[str]

    def refusal(self, *, version: Version) -> str:
        """Return the error for the faults, "" for none."""
        if not self.faults:
            return ""
        if version < V1_X:
            shown = "\n".join(f"* {fault}" for fault in sorted(self.faults))
            return f"{len(self.faults)} error(s) decoding:\n\n{shown}"
        return "decoding failed due to the following error(s):\n\n" + "\n".join(self.faults)


def read(value: Any, shape: Record, *, version: Version) -> Read:
    """Read an object into its type."""
    reader = _Reader(version)
    return Read(reader.record(value, shape, ""), reader.faults, reader.unknown, reader.empty)


_NAMES = {NANOSECONDS: "time.Duration"}

#: Go's names for the types and the kinds of JSON values.
_TYPES = {bool: "bool", int: "float64", float: "float64", str: "string", list: "[]interface {}", dict: "map[string]interface {}"}
_KINDS = {**_TYPES, list: "slice", dict: "map"}

#: The range of each integer type, Go's parser for it, and its name in errors of 1.8.7.
_INTEGERS = {
    "int": (-(2**63), 2**63 - 1, "ParseInt", "int"),
    "uint32": (0, 2**32 - 1, "ParseUint", "uint"),
    "uint64": (0, 2**64 - 1, "ParseUint", "uint"),
}


class _Misfit(ValueError):
    """A text does not fit a type, in the words of Go's parser."""


class _Reader:
    """Reads one value, and collects its faults."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self.faults: list[str] = []
        self.unknown: list[str] = []
        self.empty: list[str] = []

    def read(self, value: Any, shape: Shape, place: str) -> Any:
        """Return a value, converted to its type."""
        if isinstance(shape, Opaque):
            return value
        if isinstance(shape, ListOf):
            return self._list(value, shape, place)
        for _ in range(2 if isinstance(shape, Record) and not shape.inline else 1):
            if isinstance(value, list) and len(value) == 1 and value[0] is not None:
                value = value[0]  # Consul's own rule; pointers are checked twice
        if isinstance(shape, Record):
            return self.record(value, shape, place)
        if isinstance(shape, MapOf):
            return self._map(value, shape, place)
        return self._scalar(value, shape, place)

    def _list(self, value: Any, shape: ListOf, place: str) -> list[Any] | None:
        if value is None:
            return None
        members = value if isinstance(value, list) else [] if value == {} else [value]
        return [self._or_zero(self.read(one, shape.of, f"{place}[{number}]"), shape.of) for number, one in enumerate(members)]

    def _map(self, value: Any, shape: MapOf, place: str) -> dict[str, Any] | None:
        if value is None:
            return None
        if isinstance(value, list):
            found: dict[str, Any] = {}
            for number, one in enumerate(value):
                if (members := self._map(one, shape, f"{place}[{number}]")) is None:
                    break  # it stops at the first value that does not fit
                found |= members
            return found
        if not isinstance(value, dict):
            self.faults.append(no_map(value, shape.go, place, version=self._version))
            return None
        return {name: self._or_zero(self.read(one, shape.of, f"{place}[{name}]"), shape.of) for name, one in value.items()}

    def _or_zero(self, value: Any, shape: Shape) -> Any:
        """Return the value; an empty value for null."""
        if value is None:
            return self.record({}, shape, "") if isinstance(shape, Record) else _zero(shape)
        return value

    def record(self, value: Any, shape: Record, place: str) -> dict[str, Any] | None:
        """Return the members by name."""
        if value is None:
            return self.record({}, shape, place) if shape.inline else None
        if not isinstance(value, dict):
            kind = _KINDS[type(value)]
            self.faults.append(
                f"'{place}' expected a map, got '{kind}'" if self._version < V1_X else f"'{place}' expected a map or struct, got \"{kind}\""
            )
            return None
        known = {name.lower(): name for name in shape.members if not (self._version < V1_X and name in shape.later)}
        given: dict[str, Any] = {}
        for name, one in value.items():
            own = known.get(name.lower().replace("_", "")) or shape.aliases.get(name.lower())
            if own is None:
                self.unknown.append(f"{place}.{name}" if place else name)
            else:
                given[own] = one
        always = shape.always | shape.once if self._version < V1_X else shape.always
        found = {}
        # A type with durations as text writes these before its other members.
        for name in sorted(known.values(), key=lambda name: shape.members[name] != DURATION):
            member = shape.members[name]
            content = self.read(given.get(name), member, f"{place}.{name}" if place else name)
            if content is None and name in always:
                content = _zero(member)
            elif not _is_written(content, member) and name not in always:
                if isinstance(content, (list, dict)):
                    self.empty.append(f"{place}.{name}")
                continue
            found[name] = content
        return found

    def _scalar(self, value: Any, shape: Scalar, place: str) -> Any:
        if value is None:
            return None
        if isinstance(value, (list, dict)):
            self.faults.append(_unconvertible(value, shape.go, place))
            return None
        try:
            return _SCALARS[shape.go](value, shape.go)
        except _Misfit as misfit:
            self._misfit(str(value), shape.go, str(misfit), place)
            return None

    def _misfit(self, text: str, go: str, reason: str, place: str) -> None:
        """Add the fault of a text that does not fit its type. Since 1.9 empty text is zero, except for durations."""
        if go in ("time.Duration", NANOSECONDS):
            self.faults.append(f"error decoding '{place}': {reason}" if self._version < V1_X else f"'{place}' {reason.rpartition(' ')[0]}")
            return
        if not text and (self._version >= V1_9 or go == "bool"):
            return
        function, _, rest = reason.partition(": ")
        if self._version < V1_X:
            kind = _INTEGERS[go][3] if go in _INTEGERS else go.removesuffix("32")
            self.faults.append(f"cannot parse '{place}' as {kind}: {function}: parsing \"{text}\": {rest}")
        else:
            self.faults.append(f"'{place}' cannot parse value as '{go}': {reason}")


def no_map(value: Any, go: str, place: str, *, version: Version) -> str:
    """Return the error for a value that is not a map."""
    return f"'{place}' expected a map, got '{_KINDS[type(value)]}'" if version < V1_X else _unconvertible(value, go, place)


def _unconvertible(value: Any, go: str, place: str) -> str:
    return f"'{place}' expected type '{_NAMES.get(go, go)}', got unconvertible type '{_TYPES[type(value)]}'"


def _text(value: str | float, _go: str) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, (bool, int)) else f"{Decimal(repr(value)):f}"


def _bool(value: str | float, _go: str) -> bool:
    if not isinstance(value, str):
        return value != 0
    if value not in TRUE | FALSE:
        raise _Misfit("strconv.ParseBool: invalid syntax")
    return value in TRUE


def _integer(value: str | float, go: str) -> int:
    least, most, function, _ = _INTEGERS[go]
    if isinstance(value, str):
        try:
            return integer(value, least, most)
        except ValueError as error:
            raise _Misfit(f"strconv.{function}: {error}") from None
    number = as_int64(value)
    return number if least <= number <= most else number % (most + 1)


def _float(value: str | float, _go: str) -> float:
    """Return a float32, as Go writes it."""
    try:
        number = float(value) if not isinstance(value, str) or (value.strip() == value and "_" not in value) else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise _Misfit("strconv.ParseFloat: invalid syntax")
    return as_written(number)


def as_written(number: float) -> float:
    """Return a number as Go writes it: an integer without a point."""
    return int(number) if number.is_integer() else number


def _nanoseconds(value: str | float, _go: str) -> int:
    if not isinstance(value, str):
        return as_int64(value)
    try:
        return nanoseconds(value)
    except ValueError as error:
        raise _Misfit(str(error)) from None


def _duration(value: str | float, go: str) -> str:
    """Return a duration as Go writes it, "" for none."""
    length = _nanoseconds(value, go)
    return as_go_writes(length / 10**9) if length else ""


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "string": _text,
    "bool": _bool,
    **dict.fromkeys(_INTEGERS, _integer),
    "float32": _float,
    "time.Duration": _duration,
    NANOSECONDS: _nanoseconds,
}

_ZEROS = {"string": "", "bool": False, "time.Duration": ""}


def _zero(shape: Shape) -> Any:
    """Return what Go writes for an empty value."""
    return _ZEROS.get(shape.go, 0) if isinstance(shape, Scalar) and not shape.pointer else None


def _is_written(value: Any, shape: Shape) -> bool:
    """Return whether Go writes a member that it may leave out."""
    if isinstance(shape, Record) or (isinstance(shape, Scalar) and shape.pointer):
        return value is not None
    return bool(value)
