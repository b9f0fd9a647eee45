"""The types of services and checks in configuration files, and how their values are read.

https://developer.hashicorp.com/consul/docs/reference/service. Members that Consul does not know are errors, as are values of another type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consul_proto.simulator.engine.versions import V1_X, Version
from consul_proto.simulator.go.durations import nanoseconds


class InvalidValue(Exception):
    """A setting has a value of the wrong type. The message does not show the value, which could be a token."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is. name: as messages show it. is_hcl: HCL, where a block is a list of one. version: the one that reads it."""

    name: str
    is_hcl: bool
    version: Version

    def inside(self, member: str) -> Place:
        """Return the place of a member."""
        return self.named(f"{self.name}.{member}" if self.name else member)

    def named(self, name: str) -> Place:
        """Return the place of this name in the same file."""
        return Place(name, self.is_hcl, self.version)

    def at(self, number: int) -> Place:
        """Return the place of a member of a list."""
        return self.named(f"{self.name}[{number}]")

    def refuse(self, expected: str) -> InvalidValue:
        """Return the error for a value of another type."""
        return InvalidValue(f"{self.name} must be {expected}")


def single(value: Any) -> Any:
    """Return the only member of a list, any other value as it is: a list of one stands for its member."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class Text:
    """A string."""

    def read(self, value: Any, place: Place) -> str:
        """Return the string. Raises InvalidValue."""
        value = single(value)
        if not isinstance(value, str):
            raise place.refuse("a string")
        return value


class Duration:
    """A duration, such as "10s"."""

    def read(self, value: Any, place: Place) -> str:
        """Return the text. Raises InvalidValue."""
        value = single(value)
        if isinstance(value, str):
            try:
                nanoseconds(value)
            except ValueError:
                pass
            else:
                return value
        raise place.refuse('a duration in quotes, such as "10s"')


class Flag:
    """True or false."""

    def read(self, value: Any, place: Place) -> bool:
        """Return the bool. Raises InvalidValue."""
        value = single(value)
        if not isinstance(value, bool):
            raise place.refuse("true or false")
        return value


class Number:
    """A whole number; a fraction is cut off."""

    def read(self, value: Any, place: Place) -> int:
        """Return the number. Raises InvalidValue."""
        value = single(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise place.refuse("a whole number")
        return int(value)


class Opaque:
    """A block of the user, which is passed on unchanged."""

    def read(self, value: Any, place: Place) -> Any:
        """Return the block. Raises InvalidValue."""
        value = single(value)
        if not isinstance(value, dict):
            raise place.refuse("a block")
        return value


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list. In HCL a single block is a list of one; in JSON it is not."""

    of: Shape

    def read(self, value: Any, place: Place) -> list[Any]:
        """Return the members. Raises InvalidValue."""
        if isinstance(value, dict) and place.is_hcl:
            value = [value]
        if not isinstance(value, list):
            raise place.refuse("a list")
        return [None if one is None else self.of.read(one, place.at(number)) for number, one in enumerate(value)]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A block with any names."""

    of: Shape

    def read(self, value: Any, place: Place) -> dict[str, Any]:
        """Return the members. Raises InvalidValue."""
        value = single(value)
        if not isinstance(value, dict):
            raise place.refuse("a block")
        return {name: None if one is None else self.of.read(one, place.inside(name)) for name, one in value.items()}


@dataclass(frozen=True, slots=True)
class Block:
    """A block.

    members: by their names in files, which may be in any case. later: those that 1.8.7 does not have. aliases: other names of members.
    api: names in the API, of members whose name is not the same without "_". defaults: values of members that are not given, by API names.
    """

    members: Mapping[str, Shape]
    later: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    api: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def read(self, value: Any, place: Place) -> dict[str, Any]:
        """Return the members by their names in the API. Raises InvalidValue."""
        value = single(value)
        if not isinstance(value, dict):
            raise place.refuse("one block")
        found: dict[str, Any] = {}
        for given, one in value.items():
            name = self.aliases.get(given.lower(), given.lower())
            if name not in self.members or (name in self.later and place.version < V1_X):
                raise InvalidValue(f"{place.name}.{given} is not a setting of Consul {place.version}")
            known = self.api.get(name) or "".join(map(str.capitalize, name.split("_")))
            if known in found:
                raise InvalidValue(f"{place.name}.{given} is given twice")
            found[known] = None if one is None else self.members[name].read(one, place.inside(given))
        return {**self.defaults, **{name: one for name, one in found.items() if one is not None}}


Shape = Text | Duration | Flag | Number | Opaque | ListOf | MapOf | Block
