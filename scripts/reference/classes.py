"""The section of a class on a page of the reference."""

from __future__ import annotations

import inspect
import re
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any, get_args, get_origin

from consul_proto.namespace import group
from scripts.reference.calls import Call, section
from scripts.reference.docstrings import read_doc
from scripts.reference.markdown import Linker, footer, heading, parameter_list, signature_block, text_of
from scripts.reference.signatures import Parameter, annotation, call_line, options_type, own_parameters, returned_type

#: The modules whose classes are not described: Python's own. Of exceptions, only the attributes are for users.
_PYTHON = frozenset({"builtins", "typing", "collections.abc", "abc"})

#: Methods that only this library calls.
_INTERNAL = frozenset({"steps"})


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
    lines += text_of(doc, linker) + parameter_list(own_parameters(init, doc), linker) + footer(doc, linker)
    listed = [Parameter(name, type_, "", meaning or doc.meanings.get(name, "")) for name, (type_, meaning) in attributes.items()]
    lines += ["Attributes:", "", *parameter_list(listed, linker)] if listed else []
    for call in calls:
        lines += section(call, linker, 3)
    return lines


def _init(kind: type[Any]) -> inspect.Signature:
    return inspect.signature(kind).replace(return_annotation=inspect.Signature.empty)


def _attributes(kind: type[Any], init: inspect.Signature) -> dict[str, tuple[str, str]]:
    """Return attribute -> its type and what its own docstring says: the properties, and what the class declares."""
    declared = {name: (annotation(value), "") for name, value in inspect.get_annotations(kind).items()}
    declared = {name: found for name, found in declared.items() if not isinstance(getattr(kind, name, None), group)}
    properties = {}
    for name, member in inspect.getmembers(kind, lambda member: isinstance(member, property | cached_property)):
        function: Any = member.fget if isinstance(member, property) else member.func
        if not isinstance(member, group):
            said = read_doc(member.__doc__)
            properties[name] = (returned_type(inspect.signature(function)), " ".join([*said.text, said.raises]).strip())
    assigned = re.findall(r"self\.([a-z]\w*)(?:: [^=]+)? = ", inspect.getsource(kind)) if "__init__" in vars(kind) else []
    said_in_class = [name for name in assigned if re.search(rf"\b{name}\b(?:, \w+)*: ", kind.__doc__ or "")]
    both = {**dict.fromkeys(said_in_class, ("", "")), **declared, **properties}
    known = {name: found for name, found in both.items() if not name.startswith("_") and name not in init.parameters}
    return {name: found for name, found in known.items() if is_dataclass(kind) or found[1] or name in said_in_class}


def _with_arguments(signature: inspect.Signature, kind: type[Any]) -> inspect.Signature:
    """Return a signature with the type that `kind` gives to the variable of its generic base class: `Lock` is a `Lockable[Held]`."""
    names: dict[str, str] = {}
    for base in getattr(kind, "__orig_bases__", ()):
        variables = getattr(get_origin(base), "__parameters__", ())
        names |= {
            str(variable).lstrip("~+"): argument.__name__
            for variable, argument in zip(variables, get_args(base), strict=False)
            if isinstance(argument, type)
        }
    returned = annotation(signature.return_annotation)
    for variable, argument in names.items():
        returned = re.sub(rf"\b{variable}\b", argument, returned)
    return signature.replace(return_annotation=returned) if names else signature


def methods(kind: type[Any], instance: str) -> list[Call]:
    """Return the public methods of a class, in the order in which they are written; those of its base classes come first.

    instance: what its methods are called on in the signatures; "": its own name in lower case.
    """
    found: dict[str, Call] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ in _PYTHON or issubclass(kind, BaseException):
            continue
        member: Any
        for name, member in vars(base).items():
            method, is_bound = getattr(kind, name), isinstance(member, classmethod | staticmethod)
            if name.startswith("_") or name in _INTERNAL or not inspect.isroutine(member) or not inspect.getdoc(method):
                continue
            signature = inspect.signature(method)
            place = kind.__name__
            if not is_bound:
                signature = signature.replace(parameters=[*signature.parameters.values()][1:])
                place = instance or kind.__name__.lower()
            shown = _with_arguments(signature, kind)
            found[name] = Call(f"{place}.{name}", shown, inspect.getdoc(method), options_type(method, kind, name), home=kind)
    return [*found.values()]
