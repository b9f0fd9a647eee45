"""Strategies for the JSON objects of the API, built from their TypedDicts."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consul_proto import types

#: At this depth and below, optional members are left out.
_DEEP = 2

_STATES = st.sampled_from(("passing", "warning", "critical"))

#: Members with a limited set of values.
_MEMBERS: dict[str, SearchStrategy[Any]] = {
    "Status": _STATES,
    "AggregatedStatus": _STATES,
    "CreateIndex": st.integers(1, 2**32),
    "ModifyIndex": st.integers(1, 2**32),
    "Flags": st.integers(0, 2**64 - 1),
    "Behavior": st.sampled_from(("release", "delete")),
    "TTL": st.sampled_from(("", "10s", "1m0s")),
}

_PLAIN: dict[Any, SearchStrategy[Any]] = {
    str: st.text("abc é-1", max_size=6),
    int: st.integers(0, 2**31),
    float: st.floats(0, 1e6),
    bool: st.booleans(),
    object: st.none() | st.integers(0, 9) | st.text("abc", max_size=3),
    type(None): st.none(),
}


@cache
def api_types() -> dict[str, Any]:
    """Return the types of the API by name: the modules of `consul_proto.types` import some of each other's only for type checkers."""
    modules = [import_module(f"{types.__name__}.{found.name}") for found in pkgutil.iter_modules(types.__path__)]
    return {name: value for module in modules for name, value in vars(module).items() if not name.startswith("_")}


def of_type(shape: Any) -> SearchStrategy[Any]:
    """Return a strategy for JSON of this type: a TypedDict, a list or dict, a union, a literal, or a plain type."""
    return _build(shape, 0)


@cache
def _build(shape: Any, depth: int) -> SearchStrategy[Any]:
    if shape in _PLAIN:
        return _PLAIN[shape]
    if is_typeddict(shape):
        return _object(shape, depth)
    origin, inner = get_origin(shape), get_args(shape)
    if origin is list:
        return st.lists(_build(inner[0], depth + 1), max_size=2)
    if origin is dict:
        return st.dictionaries(_PLAIN[str], _build(inner[1], depth + 1), max_size=2)
    if origin in (Union, UnionType):
        return st.one_of([_build(each, depth) for each in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    raise TypeError(f"there is no strategy for {shape!r}; use a TypedDict, a list, a dict, a union, a literal or a plain type")


def _object(shape: Any, depth: int) -> SearchStrategy[Any]:
    required: dict[str, SearchStrategy[Any]] = {}
    optional: dict[str, SearchStrategy[Any]] = {}
    for name, hint in get_type_hints(shape, localns=api_types(), include_extras=True).items():
        is_marked = get_origin(hint) in (Required, NotRequired)
        is_optional = get_origin(hint) is NotRequired or (not shape.__total__ and get_origin(hint) is not Required)
        if is_optional and depth >= _DEEP:
            continue
        kind = get_args(hint)[0] if is_marked else hint
        (optional if is_optional else required)[name] = _MEMBERS[name] if name in _MEMBERS else _build(kind, depth + 1)
    return st.fixed_dictionaries(required, optional=optional)
