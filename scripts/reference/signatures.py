"""Signatures as a user types them, and the parameters of a call with their types, defaults and meanings."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from consul_proto.options_of import options_of
from consul_proto.types import options as shared_options
from scripts.reference.docstrings import Doc, read_doc


@dataclass(frozen=True)
class Parameter:
    """A parameter, or an option: its type as text, its default ("" if it must be given) and its meaning in Markdown."""

    name: str
    type: str
    default: str
    meaning: str


def annotation(value: Any) -> str:
    """Return an annotation as it is written in the source."""
    text = getattr(value, "__forward_arg__", None) or (value if isinstance(value, str) else inspect.formatannotation(value))
    text = re.sub(r"\bbuiltins\.|\b(?:[a-z_]\w*\.)+(?=[A-Z]\w*)", "", text.replace('"', "'") if "Literal" not in text else text)
    return text.replace("'", '"') if "Literal" in text else text.replace("'", "")


def call_line(name: str, signature: inspect.Signature) -> str:
    """Return a call as a user types it, with the defaults, and the type that it returns."""
    shown, kinds = [], inspect.Parameter
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is kinds.KEYWORD_ONLY and not starred:
            shown.append("*")
        starred = starred or parameter.kind in (kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL)
        prefix = "*" if parameter.kind is kinds.VAR_POSITIONAL else "**" if parameter.kind is kinds.VAR_KEYWORD else ""
        default = "" if parameter.default is kinds.empty else f"={_default(parameter.default)}"
        shown.append(f"{prefix}{parameter.name}{default}")
    returned = returned_type(signature)
    return f"{name}({', '.join(shown)})" + (f" -> {returned}" if returned else "")


def returned_type(signature: inspect.Signature) -> str:
    """Return the type of the result as text; "" if there is none."""
    returned = signature.return_annotation
    return "" if returned in (inspect.Signature.empty, None, "None") else annotation(returned)


def _default(value: object) -> str:
    return "..." if value is ... or repr(value).startswith("<") else repr(value).replace("'", '"')


def own_parameters(signature: inspect.Signature, doc: Doc) -> list[Parameter]:
    """Return the parameters of a call, without its `**options`."""
    return [
        Parameter(
            parameter.name,
            "" if parameter.annotation is inspect.Parameter.empty else annotation(parameter.annotation),
            "" if parameter.default is inspect.Parameter.empty else _default(parameter.default),
            doc.meanings.get(parameter.name, ""),
        )
        for parameter in signature.parameters.values()
        if parameter.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL) and parameter.name != "self"
    ]


def options_type(call: Callable[..., Any], owner: type[Any] | None, name: str) -> Any:
    """Return the TypedDict of the options of a call; None if it has none. It is found at the call, or at what the call overrides."""
    for place in (call, *(vars(kind).get(name) for kind in (owner.__mro__ if owner else ()))):
        build = getattr(place, "build", place)
        if not callable(build) or isinstance(build, type):
            continue
        last = next(iter([*inspect.signature(build).parameters.values()][::-1]), None)
        if last is not None and last.kind is inspect.Parameter.VAR_KEYWORD and (found := options_of(last.annotation, build)) is not None:
            return found
    return None


def _typed_dicts(kind: Any) -> list[Any]:
    """Return a TypedDict and those that it may inherit from: Python 3.11 does not say which. The nearest come first."""
    known = [*vars(sys.modules[kind.__module__]).values(), *vars(shared_options).values()]
    bases = [
        other for other in known if hasattr(other, "__optional_keys__") and other.__annotations__.keys() <= kind.__annotations__.keys()
    ]
    return [kind, *sorted(bases, key=lambda base: -len(base.__annotations__))]


def _shared_meanings() -> dict[str, str]:
    """Return what an option means where its own TypedDict does not say it."""
    found: dict[str, str] = {}
    for kind in vars(shared_options).values():
        if hasattr(kind, "__optional_keys__"):
            for name, meaning in read_doc(kind.__doc__, kind.__annotations__).meanings.items():
                found.setdefault(name, meaning)
    return found


_SHARED = _shared_meanings()


def option_parameters(kind: Any, doc: Doc) -> list[Parameter]:
    """Return the options in a TypedDict. `doc` is the docstring of the call, which may say more about them."""
    meanings = dict(doc.meanings)
    for each in _typed_dicts(kind):
        for name, meaning in read_doc(each.__doc__, kind.__annotations__).meanings.items():
            meanings.setdefault(name, meaning)
    return [
        Parameter(name, annotation(value), "", meanings.get(name) or _SHARED.get(name, "")) for name, value in kind.__annotations__.items()
    ]
