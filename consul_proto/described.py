"""The text of `help()` for a group of calls: its calls with their parameters, and the type that each returns in the group's mode."""

from __future__ import annotations

import inspect
from typing import Any


class GroupDoc:
    """The `__doc__` of a group. The class has the docstring as it is written; an object has a list of its calls as well.

    doc: the docstring of the class.
    """

    def __init__(self, doc: str | None) -> None:
        self._doc = doc

    def __get__(self, namespace: Any, owner: type[Any]) -> str | None:
        """Return the docstring. If that of an object differs from that of its class, help() describes the object, not the class."""
        return self._doc if namespace is None else describe(namespace)


def describe(namespace: Any) -> str:
    """Return the docstring of a group's class, and after it each call and each group inside it."""
    parts = [inspect.getdoc(type(namespace)) or ""]
    for name in sorted(name for name in dir(namespace) if not name.startswith("_")):
        member = getattr(type(namespace), name, None)
        if isinstance(member, type):
            continue  # a class that the documented API has inside another class
        if not callable(member):
            parts.append(f"{name}: {getattr(member, '__doc__', None) or ''}".strip())
            continue
        call = getattr(namespace, name)
        is_awaited = getattr(member, "is_awaited", not inspect.isasyncgenfunction(call))
        prefix = "await " if namespace._awaits and is_awaited else ""  # noqa: SLF001 - its own kind
        doc = "\n".join(f"    {line}".rstrip() for line in (inspect.getdoc(call) or "").splitlines())
        parts.append(f"{prefix}{name}{_shown(inspect.signature(call))}\n{doc}")
    return "\n\n".join(parts)


class _Unquoted(str):
    """An annotation that is shown without quotes."""

    __slots__ = ()

    __repr__ = str.__str__


def _shown(signature: inspect.Signature) -> str:
    """Return a signature as it is written in the source."""
    parameters = [parameter.replace(annotation=_unquoted(parameter.annotation)) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=_unquoted(signature.return_annotation)))


def _unquoted(annotation: Any) -> Any:
    return _Unquoted(annotation) if isinstance(annotation, str) else annotation
