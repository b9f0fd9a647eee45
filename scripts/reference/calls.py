"""The section of one call on a page of the reference."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.reference.docstrings import Doc, read_doc
from scripts.reference.markdown import Linker, details, footer, heading, parameter_list, signature_block, text_of
from scripts.reference.signatures import call_line, option_parameters, options_type, own_parameters, returned_type


@dataclass(frozen=True)
class Call:
    """A call as a user makes it.

    name: as a user types it ("client.kv.get"). signature: without `self`. options: the TypedDict of its options, or None.
    for_tasks: the signature of the same call of an AsyncConsul, if it has other parameters.
    """

    name: str
    signature: inspect.Signature
    docstring: str | None
    options: Any = None
    for_tasks: inspect.Signature | None = None

    @property
    def anchor(self) -> str:
        """The anchor of its section."""
        return self.name.removeprefix("client.").replace(".", "-").lower()

    @property
    def short_name(self) -> str:
        """Its name, without the places where it is."""
        return self.name.rpartition(".")[2]

    def doc(self) -> Doc:
        """Return its docstring in parts."""
        return read_doc(self.docstring, [*self.signature.parameters, *(self.options.__annotations__ if self.options else ())])


def call_of(name: str, call: Callable[..., Any], owner: type[Any] | None = None, for_tasks: Callable[..., Any] | None = None) -> Call:
    """Return a call. call: a function, or a bound method of a group of the class `owner`. for_tasks: the one of an AsyncConsul."""
    signature = inspect.signature(call)
    other = inspect.signature(for_tasks) if for_tasks else None
    differs = other is not None and [*other.parameters] != [*signature.parameters]
    return Call(name, signature, inspect.getdoc(call), options_type(call, owner, name.rpartition(".")[2]), other if differs else None)


def section(call: Call, linker: Linker, level: int = 2) -> list[str]:
    """Return the section of a call."""
    doc = call.doc()
    shown = [call_line(call.name, call.signature)]
    if call.for_tasks:
        shown += ["", "# AsyncConsul", call_line(call.name, call.for_tasks)]
    lines = [heading(level, call.short_name, call.anchor), "", signature_block(shown), "", *text_of(doc)]
    lines += parameter_list(own_parameters(call.signature, doc), linker)
    if call.options:
        options = option_parameters(call.options, doc)
        lines += details("Options: " + ", ".join(f"`{option.name}`" for option in options), parameter_list(options, linker))
    returned = linker.type(returned_type(call.signature))
    if "](" in returned:  # the signature has the type already; here it is a link
        lines += [f"Returns {returned}.", ""]
    return lines + footer(doc, linker)
