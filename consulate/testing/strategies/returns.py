"""Strategies for return values, from the annotation of the method: `Operation[list[Node]]` is a list of nodes.

They are for the operations that have no answers of their own in `replies`.
"""

from __future__ import annotations

import builtins
import pkgutil
from functools import cache
from importlib import import_module
from inspect import signature
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consul_proto import types
from consul_proto.api import Groups
from consul_proto.namespace import operation, unchanged
from consulate.testing.strategies.shapes import of_type


@cache
def _types() -> dict[str, Any]:
    """The TypedDicts of the API, and the plain types, by name."""
    modules = [import_module(f"{types.__name__}.{found.name}") for found in pkgutil.iter_modules(types.__path__)]
    return {name: value for module in (builtins, *modules) for name, value in vars(module).items() if isinstance(value, type)}


def returned_by(name: str) -> SearchStrategy[Any] | None:
    """Return a strategy for what an operation returns; None if the API has no method with this name.

    name: the name of the operation ("coordinate.nodes"). Its method has the same name, except for a few documented methods.
    """
    *groups, method = name.split(".")
    namespace: Any = Groups._over(unchanged)  # noqa: SLF001 - as the clients make it
    for group in groups:
        namespace = getattr(namespace, group, None)
    definition = getattr(type(namespace), method, None)
    if not isinstance(definition, operation):
        return None
    text = str(signature(definition.build).return_annotation).partition("[")[2].removesuffix("]").replace("builtins.", "")
    inner = text.removeprefix("list[").removesuffix("]") if text.startswith("list[") else None
    found = _types()[inner or text]
    return of_type(found) if inner is None else st.lists(of_type(found), max_size=2)
