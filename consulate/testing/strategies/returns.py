"""Strategies for return values, from the annotation of the method: `Operation[dict[str, list[Node]]]` is a dict of lists of nodes.

They are for the operations that have no answers of their own in `replies`.
"""

from __future__ import annotations

import builtins
from inspect import signature
from typing import Any, Literal

from hypothesis.strategies import SearchStrategy

from consul_proto.api import Groups
from consul_proto.namespace import operation, unchanged
from consulate.testing.strategies.shapes import api_types, of_type


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
    return of_type(_value_of(str(signature(definition.build).return_annotation), definition.build.__globals__))


def _value_of(annotation: str, names: dict[str, Any]) -> Any:
    """Return the type in `Operation[...]`. names: those of the method's module; the API's types have theirs."""
    text = annotation.partition("[")[2].removesuffix("]")
    return eval(text, {"builtins": builtins, "Literal": Literal, **names}, api_types())  # noqa: S307 - an annotation of our own
