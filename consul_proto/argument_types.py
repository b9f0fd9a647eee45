"""Check that the arguments of a call have the types in its signature.

A str is also a sequence, and Python would split it: `kv.delete_many("app")` would delete the keys a and p. So every argument is checked
before the request is built. The annotations are the only source, so type checkers and the check at run time accept the same arguments.
Arguments whose annotation is not in the table below are not checked, and neither are the calls of other packages.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import cache, partial, wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

from consul_proto.filters.expression import Filter
from consul_proto.frozen import dataclass
from consul_proto.message import StreamedBody
from consul_proto.options_of import options_of

P = ParamSpec("P")
T = TypeVar("T")

#: Types that can be iterated over, but count as one value.
_ONE = (str, bytes, bytearray, memoryview)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of argument. fits: returns whether a value is of this kind. text: the name of the kind in errors."""

    fits: Callable[[Any], bool]
    text: str


def _are(*types: type[Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, types)


def _several(element: Kind, mapping: bool) -> Kind:
    """Return the kind for several values. The values of an iterator are not checked, since that would consume it."""

    def fits(value: Any) -> bool:
        if not isinstance(value, Iterable) or isinstance(value, _ONE) or (isinstance(value, Mapping) and not mapping):
            return False
        return not isinstance(value, Collection) or all(map(element.fits, value))

    return Kind(fits, f"a list of {element.text.removeprefix('a ')}")


def _mapping(key: Kind, value: Kind) -> Kind:
    def fits(given: Any) -> bool:
        return isinstance(given, Mapping) and all(map(key.fits, given)) and all(map(value.fits, given.values()))

    return Kind(fits, f"a dict of {key.text.removeprefix('a ')} to {value.text}" if value is not _ANYTHING else "a dict")


_ANYTHING = Kind(lambda _value: True, "anything")
_NONE = Kind(lambda value: value is None, "None")
_TEXT = Kind(_are(str), "a str")
_OBJECT = Kind(_are(Mapping), "a dict")
_DURATION = "a duration (a Go string such as '10s', a number of seconds or a timedelta)"
_NUMBERS = (str, int, float, timedelta)

#: A name in an annotation -> what it means. "int" excludes bool, and "bool" includes 0 and 1.
_NAMED = {
    "str": _TEXT,
    "bytes": Kind(_are(bytes), "bytes"),
    "bool": Kind(_are(int), "a bool"),
    "int": Kind(lambda value: isinstance(value, int) and not isinstance(value, bool), "an int"),
    "type": Kind(_are(type), "a type"),
    "object": _ANYTHING,
    "Value": _ANYTHING,
    "Stored": _ANYTHING,
    "Body": _ANYTHING,
    "Query": Kind(lambda value: isinstance(value, Iterable) and not isinstance(value, _ONE), "a dict or a list of pairs"),
    "QueryValue": _ANYTHING,
    "Duration": Kind(lambda value: isinstance(value, _NUMBERS) and not isinstance(value, bool), _DURATION),
    "ConfigEntryBody": _OBJECT,
    "ConfigKind": _TEXT,
    "Consistency": _TEXT,
    "LogLevel": _TEXT,
    "AgentTokenType": _TEXT,
    "Method": _TEXT,
    "StreamedBody": Kind(_are(StreamedBody), "a StreamedBody"),
    "Filter": Kind(_are(Filter), "an expression of consulate.filters"),
    "State": _TEXT,
    "AuthMethodConfig": _OBJECT,
    "BindType": _TEXT,
    "Any": _ANYTHING,
}

#: A name in an annotation -> the annotation that it stands for.
_ALIASES = {"ACLLinks": "Sequence[ACLLink]", "Names": "str | Collection[str]"}


@cache
def kind_of(annotation: str) -> Kind:
    """Return the kind that an annotation describes."""
    return _kind(ast.parse(annotation, mode="eval").body)


def _kind(node: ast.expr) -> Kind:
    if isinstance(node, ast.Constant):
        return _NONE if node.value is None else kind_of(str(node.value))
    if isinstance(node, ast.BinOp):
        left, right = _kind(node.left), _kind(node.right)
        return Kind(lambda value: left.fits(value) or right.fits(value), f"{left.text} or {right.text}")
    if not isinstance(node, ast.Subscript):
        name = ast.unparse(node)
        return kind_of(_ALIASES[name]) if name in _ALIASES else _named(name)
    name, inner = ast.unparse(node.value), node.slice
    if name in ("Sequence", "Collection", "Iterable"):
        return _several(_kind(inner), mapping=name == "Iterable")
    if name == "Mapping" and isinstance(inner, ast.Tuple):
        return _mapping(*map(_kind, inner.elts))
    return _TEXT if name == "Literal" else _NAMED.get(name, _ANYTHING)


def _named(name: str) -> Kind:
    """Return the kind of a name. Every other class in an annotation is a TypedDict, which is not imported for this."""
    return _NAMED.get(name, _OBJECT if name[:1].isupper() else _ANYTHING)


@dataclass(frozen=True, slots=True)
class Checks:
    """The kinds of the arguments of one function: the positional ones in order, all parameters by name, and the further options.

    options: returns them; their types are imported when a call has an option.
    usual: a type that always fits the first argument. A call with only one argument of this type needs no check.
    """

    positional: list[tuple[str, Kind]]
    parameters: dict[str, Kind]
    options: Callable[[], Mapping[str, Kind]] = dict
    usual: type[Any] | None = None

    def check(self, call: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Raise TypeError for an argument of the wrong type. call: the name to show ("kv.get"). Python refuses too many arguments."""
        if len(args) > len(self.positional):
            return
        for (name, kind), value in zip(self.positional, args, strict=False):
            if not kind.fits(value):
                raise _wrong(call, name, kind, value)
        for name, value in kwargs.items():
            named = self.parameters.get(name) or self.options().get(name)
            if named is not None and not named.fits(value):
                raise _wrong(call, name, named, value)


_NO_CHECKS = Checks([], {})


@cache
def checks_of(function: Callable[..., Any], skipped: int) -> Checks:
    """Return the checks for a function of this package. skipped: how many parameters are not the caller's, such as `self`."""
    if not function.__module__.startswith("consul_proto."):
        return _NO_CHECKS
    positional: list[tuple[str, Kind]] = []
    named: dict[str, Kind] = {}
    options: Callable[[], Mapping[str, Kind]] = dict
    for parameter in list(signature(function).parameters.values())[skipped:]:
        if parameter.kind is Parameter.VAR_KEYWORD:
            options = cache(partial(_options, parameter.annotation, function))
            continue
        named[parameter.name] = kind_of(_written(parameter.annotation))
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            positional.append((parameter.name, named[parameter.name]))
    usual = str if positional and positional[0][1] is _TEXT else None
    return Checks(positional, named, options, usual)


def _options(annotation: Any, function: Callable[..., Any]) -> Mapping[str, Kind]:
    """Return the kinds of the options of a function. An option that is None is not sent."""
    found = options_of(annotation, function)
    written = {} if found is None else found.__annotations__
    return {name: kind_of(f"{_written(each)} | None") for name, each in written.items()}


def _written(annotation: Any) -> str:
    """Return an annotation as it is written in the source: a TypedDict wraps it in a ForwardRef."""
    return str(getattr(annotation, "__forward_arg__", annotation))


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function check the types of its arguments. Its annotations are read with the first call."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        checks_of(function, 0).check(function.__name__, args, kwargs)
        return function(*args, **kwargs)

    return call


def check_value(call: str, name: str, annotation: str, value: object) -> None:
    """Raise TypeError for an argument of the wrong type. call, name: what to show. annotation: as in a signature."""
    kind = kind_of(annotation)
    if not kind.fits(value):
        raise _wrong(call, name, kind, value)


#: Parameter -> its name in errors, if its own name is not clear enough.
_NOUNS = {"item": "a key", "path": "a path", "port": "a port"}

#: Call and parameter -> what to write instead, if that is not obvious.
_INSTEAD = {
    "service.register check": "; check= is a shell line: give a check in Consul's own words as checks=[{...}]",
    "service.register httpcheck": "; httpcheck= is a URL: give a check in Consul's own words as checks=[{...}]",
}


def _wrong(call: str, name: str, kind: Kind, value: Any) -> TypeError:
    text = kind.text.removesuffix(" or None")
    instead = _INSTEAD.get(f"{'.'.join(call.split('.')[-2:])} {name}", "")
    if not instead and text.startswith("a list") and isinstance(value, (*_ONE, Mapping)):
        instead = "; put it into a list"
    return TypeError(f"{call}(): {_NOUNS.get(name, name)} must be {text}, not {_told(value)}{instead}")


def _told(value: Any) -> str:
    """Return the type of a value, and the types of its members; never the value itself, which may be a secret."""
    name = type(value).__name__
    if isinstance(value, Mapping):
        return f"{name} of {_types(value)} to {_types(value.values())}" if value else name
    return f"{name} of {_types(value)}" if isinstance(value, list | tuple | set | frozenset) and value else name


def _types(values: Iterable[Any]) -> str:
    return ", ".join(sorted({type(value).__name__ for value in values}))
