"""The fields that expressions compare: one class for each kind, with the operators that Consul has for it.

Consul has filters since 1.5. `matches`, and `contains` for strings, exist since 1.6 at the latest (hashicorp/consul pull request 6190).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, get_origin, get_type_hints

from consul_proto.filters.expression import Filter, R, quoted

_ADVICE = "use &, | and ~ between comparisons, each in parentheses: (where.A == 1) & (where.B == 2)"


class Place(NamedTuple):
    """Where a field is.

    listing: the name of the selector. path: the field's own selector. entry: an expression that says whether the map has the entry that
    the field is in, "" for a field outside of a map. many: whether it is in a list of structures.
    """

    listing: str
    path: str = ""
    entry: str = ""
    many: bool = False

    def of(self, name: str) -> Place:
        """Return the place of a member."""
        return self._replace(path=f"{self.path}.{name}" if self.path else name)

    def at(self, key: str) -> Place:
        """Return the place of an entry of a map."""
        return self._replace(path=f"{self.path}[{quoted(key)}]", entry=f"{self.path} contains {quoted(key)}")


class Selector(Generic[R]):
    """What stands for a part of a row in an expression. Immutable."""

    __slots__ = ("_place",)

    _place: Place

    def __init__(self, place: Place) -> None:
        """Make a selector for a place."""
        object.__setattr__(self, "_place", place)

    def __repr__(self) -> str:
        """Return the name of the listing and the selector, as they are written in Python."""
        return f"<{type(self).__name__} {self._shown()}>"

    def _shown(self) -> str:
        return ".".join(filter(None, (self._place.listing, self._place.path)))

    def _test(self, rest: str) -> Filter[R]:
        return Filter(self._place.listing, f"{self._place.path} {rest}")

    def _checked(self, value: object, kind: type) -> Any:
        """Return a value to compare with. Raises TypeError if it is not of this type."""
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"{self._shown()} is compared with {_KINDS[kind]}, not {type(value).__name__}")
        return value

    if not TYPE_CHECKING:  # type checkers see no such members, and reject what uses them

        def __setattr__(self, name, value):
            raise AttributeError(f"cannot set {name!r} of {self._shown()}: selectors are immutable; compare with ==")

        def __contains__(self, value):
            raise TypeError(f'Python\'s "in" does not make an expression; write {self._shown()}.contains({value!r}) if it has contains()')

        def __bool__(self):
            raise TypeError(f"{self._shown()} has no truth value; compare it, and {_ADVICE}")

        def _combined(self, _other=None):
            raise TypeError(f"{self._shown()} is not a comparison; {_ADVICE}")

        __and__ = __rand__ = __or__ = __ror__ = _combined

        def __invert__(self):
            return self._combined()


_KINDS = {str: "a str", int: "an int", bool: "a bool"}


class Text(Selector[R]):
    """A string."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # a comparison makes an expression, so a selector cannot be a key

    def __eq__(self, value: str) -> Filter[R]:  # type: ignore[override]  # it makes an expression, as in other query builders
        """Select rows in which it equals this."""
        return self._test(f"== {self._written(value)}")

    def __ne__(self, value: str) -> Filter[R]:  # type: ignore[override]  # as above
        """Select rows in which it does not equal this. An entry that a map does not have equals nothing."""
        return self._test(f"!= {self._written(value)}")

    def contains(self, part: str) -> Filter[R]:
        """Select rows in which it contains this text. Since Consul 1.6 at the latest."""
        return self._test(f"contains {self._written(part)}")

    def matches(self, expression: str) -> Filter[R]:
        """Select rows in which a regular expression matches somewhere in it. Since Consul 1.6 at the latest.

        expression: in the syntax of Go (https://pkg.go.dev/regexp/syntax); ^ and $ tie it to the ends.
        For an entry of a map, the expression also asks for the entry, because in Consul everything matches a missing one.
        Raises ValueError for an entry of a map in a list, where Consul cannot ask for both at once.
        """
        found: Filter[R] = self._test(f"matches {self._written(expression)}")
        if not self._place.entry:
            return found
        if self._place.many:
            raise ValueError(f"{self._shown()} cannot be matched: in Consul, everything matches an entry that a map does not have; use ==")
        entry: Filter[R] = Filter(self._place.listing, self._place.entry)
        return entry & found

    def _written(self, value: str) -> str:
        return quoted(self._checked(value, str))


class Number(Selector[R]):
    """An integer."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # a comparison makes an expression, so a selector cannot be a key

    #: What Consul can compare it with.
    least: ClassVar[int] = -(1 << 63)
    most: ClassVar[int] = (1 << 63) - 1

    def __eq__(self, value: int) -> Filter[R]:  # type: ignore[override]  # it makes an expression, as in other query builders
        """Select rows in which it equals this. Raises ValueError for a number that the field cannot have."""
        return self._test(f"== {self._written(value)}")

    def __ne__(self, value: int) -> Filter[R]:  # type: ignore[override]  # as above
        """Select rows in which it does not equal this. Raises ValueError for a number that the field cannot have."""
        return self._test(f"!= {self._written(value)}")

    def _written(self, value: int) -> str:
        if not self.least <= self._checked(value, int) <= self.most:
            raise ValueError(f"{self._shown()} is between {self.least} and {self.most}; Consul refuses to compare it with {value}")
        return str(int(value))


class Uint8(Number[R]):
    """An integer below 2**8."""

    __slots__ = ()
    least, most = 0, (1 << 8) - 1


class Uint16(Number[R]):
    """An integer below 2**16."""

    __slots__ = ()
    least, most = 0, (1 << 16) - 1


class Uint64(Number[R]):
    """An integer below 2**64."""

    __slots__ = ()
    least, most = 0, (1 << 64) - 1


class Flag(Selector[R]):
    """True or false."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # a comparison makes an expression, so a selector cannot be a key

    def __eq__(self, value: bool) -> Filter[R]:  # type: ignore[override]  # it makes an expression, as in other query builders
        """Select rows in which it is this."""
        return self._test(f"== {self._written(value)}")

    def __ne__(self, value: bool) -> Filter[R]:  # type: ignore[override]  # as above
        """Select rows in which it is not this."""
        return self._test(f"!= {self._written(value)}")

    def _written(self, value: bool) -> str:
        return "true" if self._checked(value, bool) else "false"


class _Several(Selector[R]):
    """Something that can be empty."""

    __slots__ = ()

    def is_empty(self) -> Filter[R]:
        """Select rows in which it is empty, or missing."""
        return self._test("is empty")


class Container(_Several[R]):
    """Something that contains strings."""

    __slots__ = ()

    def contains(self, item: str) -> Filter[R]:
        """Select rows in which it has this element; of a map, this key."""
        return self._test(f"contains {quoted(self._checked(item, str))}")


class TextList(Container[R]):
    """A list of strings."""

    __slots__ = ()


class TextMap(Container[R]):
    """Strings by name, such as metadata. `Meta["zone"]` is an entry."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Text[R]:
        """Return the selector of an entry. key: any string."""
        return Text(self._place.at(self._checked(key, str)))


class Structure(Selector[R]):
    """A structure with the fields that its class lists."""

    __slots__ = ()

    if not TYPE_CHECKING:  # type checkers see the fields

        def __getattr__(self, name):
            fields = fields_of(type(self))
            if name not in fields:
                raise AttributeError(f"{self._shown()} has no field {name!r}{_advice(name, fields)}", name=name, obj=self)
            kind = fields[name]
            place = self._place.of(name)
            return kind(place._replace(many=True) if issubclass(kind, Each) else place)

        def __dir__(self):
            """Return the names of the fields, for completion."""
            return sorted(fields_of(type(self)))


class Each(Structure[R], _Several[R]):
    """A list of structures. A comparison of a field selects rows in which it holds for at least one of them.

    So `where.Checks.Status != "passing"` means that a check is not passing, and `~(where.Checks.Status == "passing")` that none is.
    """

    __slots__ = ()


def fields_of(structure: type[Structure[Any]]) -> dict[str, type[Selector[Any]]]:
    """Return the class of each field of a structure, in the order in which they are listed."""
    kinds = {name: get_origin(hint) for name, hint in get_type_hints(structure).items() if name != "_place"}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _advice(name: str, fields: dict[str, type[Selector[Any]]]) -> str:
    if name in _LEFT_OUT:
        return f"; {_LEFT_OUT[name]}"
    meant = get_close_matches(name, fields, 1) or [field for field in fields if field.lower() == name.lower()]
    return f"; did you mean {meant[0]!r}?" if meant else f"; it has {', '.join(fields)}"


_PANIC = "Consul has it, but panics on some of its fields for a service that is not in the mesh"

#: Fields that Consul has, and that are left out here -> the reason.
_LEFT_OUT = dict.fromkeys(("Proxy", "Connect", "ServiceProxy", "ServiceConnect"), _PANIC) | {
    "Addr": "Consul compares it byte by byte; filter by Name, or compare Addr in the answer"
}
