"""The section of a class on a page of the reference."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from typing import Any

from consul_proto.namespace import group
from scripts.reference.calls import Call, section
from scripts.reference.docstrings import read_doc
from scripts.reference.markdown import Linker, footer, heading, parameter_list, signature_block, text_of
from scripts.reference.signatures import Parameter, annotation, call_line, options_type, own_parameters, returned_type

#: The modules whose classes are not described: Python's own.
_PYTHON = frozenset({"builtins", "typing", "collections.abc", "abc"})


def class_section(kind: type[Any], calls: list[Call], linker: Linker, *, is_made: bool) -> list[str]:
    """Return the section of a class: what it is, its parameters, its attributes and its methods.

    calls: its methods. is_made: whether users make objects of it.
    """
    init = _init(kind) if is_made else inspect.Signature()
    attributes = _attributes(kind, init)
    doc = read_doc(kind.__doc__, [*init.parameters, *attributes])
    if is_made:
        from_init = read_doc(vars(kind).get("__init__", kind).__doc__, [*init.parameters])
        doc.meanings.update({name: meaning for name, meaning in from_init.meanings.items() if name not in doc.meanings})
    lines = [heading(2, kind.__name__, kind.__name__.lower()), ""]
    if init.parameters:
        lines += [signature_block(call_line(kind.__name__, init)), ""]
    bases = [linker.type(base.__name__) for base in kind.__bases__ if linker.knows(base.__name__)]
    lines += [f"Is a {' and a '.join(bases)}.", ""] if bases else []
    lines += text_of(doc, linker) + parameter_list(own_parameters(init, doc), linker)
    lines += parameter_list(
        [Parameter(name, kind_, "", meaning or doc.meanings.get(name, "")) for name, (kind_, meaning) in attributes.items()], linker
    )
    lines += footer(doc, linker)
    for call in calls:
        lines += section(call, linker, 3)
    return lines


def _init(kind: type[Any]) -> inspect.Signature:
    return inspect.signature(kind).replace(return_annotation=inspect.Signature.empty)


def _attributes(kind: type[Any], init: inspect.Signature) -> dict[str, tuple[str, str]]:
    """Return attribute -> its type and what its own docstring says: the properties, and what the class declares."""
    declared = {name: (annotation(value), "") for name, value in vars(kind).get("__annotations__", {}).items()}
    declared = {name: found for name, found in declared.items() if not isinstance(getattr(kind, name, None), group)}
    properties = {}
    for name, member in inspect.getmembers(kind, lambda member: isinstance(member, property | cached_property)):
        function = member.fget if isinstance(member, property) else member.func
        if not isinstance(member, group):
            said = read_doc(member.__doc__)
            properties[name] = (returned_type(inspect.signature(function)), " ".join([*said.text, said.raises]).strip())
    assigned = re.findall(r"self\.([a-z]\w*)(?:: [^=]+)? = ", inspect.getsource(kind)) if "__init__" in vars(kind) else []
    said_in_class = [name for name in assigned if f"{name}: " in (kind.__doc__ or "")]
    both = {**dict.fromkeys(said_in_class, ("", "")), **declared, **properties}
    return {name: found for name, found in both.items() if not name.startswith("_") and name not in init.parameters}


def methods(kind: type[Any], instance: str) -> list[Call]:
    """Return the public methods of a class, in the order in which they are written; those of its base classes come first.

    instance: what its methods are called on in the signatures; "": its own name in lower case.
    """
    found: dict[str, Call] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ in _PYTHON:
            continue
        for name, member in vars(base).items():
            method = getattr(kind, name)
            if name.startswith("_") or not inspect.isroutine(member) or not inspect.getdoc(method):
                continue
            signature = inspect.signature(method)
            place = kind.__name__
            if not isinstance(member, classmethod | staticmethod):
                signature = signature.replace(parameters=[*signature.parameters.values()][1:])
                place = instance or kind.__name__.lower()
            found[name] = Call(f"{place}.{name}", signature, inspect.getdoc(method), options_type(method, kind, name))
    return [*found.values()]
