"""Compare a value with an annotation: TypedDicts with their required and other members, lists, dicts, unions, literals and plain types.

pydantic would do the same, but it refuses `typing.TypedDict` before Python 3.12.
"""

from __future__ import annotations

import builtins
import pkgutil
import types
import typing
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from inspect import signature
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, is_typeddict

import consul_proto.types


@cache
def named_types() -> dict[str, Any]:
    """Everything that an annotation of the API can name."""
    modules = [import_module(f"consul_proto.types.{found.name}") for found in pkgutil.iter_modules(consul_proto.types.__path__)]
    modules += [import_module(f"consul_proto.{name}") for name in ("codec", "durations", "query")]
    names = {name: value for module in modules for name, value in vars(module).items() if not name.startswith("_")}
    return {**vars(typing), **names, "builtins": builtins}


def returned_type(build: Any) -> Any:
    """Return the type of the value of a method of the API: X of its annotation `Operation[X]`."""
    text = str(signature(build).return_annotation).partition("[")[2].removesuffix("]")
    return eval(text, dict(named_types()))  # an annotation of our own


@cache
def members_of(shape: Any) -> dict[str, tuple[Any, bool]]:
    """Return the members of a TypedDict: name -> its type, and whether it is required."""
    found: dict[str, tuple[Any, bool]] = {}
    for base in getattr(shape, "__orig_bases__", ()):
        if is_typeddict(base):
            found |= members_of(base)
    for name in vars(shape).get("__annotations__", {}) or shape.__annotations__:
        if name not in found:
            hint = typing.get_type_hints(shape, localns=named_types(), include_extras=True)[name]
            is_required = shape.__total__
            while get_origin(hint) in (Required, NotRequired):
                is_required, (hint,) = get_origin(hint) is Required, get_args(hint)
            found[name] = (hint, is_required)
    return found


def differences(value: Any, shape: Any, where: str = "value") -> Iterator[str]:
    """Yield what is wrong with a value: undeclared members, missing members, and values of another type."""
    origin, arguments = get_origin(shape), get_args(shape)
    if shape in (Any, object):
        return
    if is_typeddict(shape):
        yield from _of_members(value, shape, where)
    elif origin in (Union, types.UnionType):
        tried = [list(differences(value, one, where)) for one in arguments]
        yield from min(tried, key=len)
    elif origin is Literal:
        if value not in arguments:
            yield f"{where}: {value!r} is none of {arguments}"
    elif not _is_plain(value, origin or shape):
        yield f"{where}: {type(value).__name__} is not {shape}"
    elif origin in (list, dict) and arguments:
        pairs: Iterable[tuple[Any, Any]] = value.items() if origin is dict else enumerate(value)
        for key, item in pairs:
            yield from differences(item, arguments[-1], f"{where}[{key!r}]")


def _is_plain(value: Any, kind: Any) -> bool:
    if kind is float:
        return type(value) in (int, float)  # JSON has one kind of number
    return isinstance(value, type(None) if kind is None else kind) and (kind is not int or not isinstance(value, bool))


def _of_members(value: Any, shape: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {type(value).__name__} is not a {shape.__name__}"
        return
    declared = members_of(shape)
    for name, item in value.items():
        if name in declared:
            yield from differences(item, declared[name][0], f"{where}.{name}")
        else:
            yield f"{where}.{name}: not declared in {shape.__name__}"
    for name, (_, is_required) in declared.items():
        if is_required and name not in value:
            yield f"{where}.{name}: missing, but required in {shape.__name__}"
