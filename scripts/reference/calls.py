"""The section of one call on a page of the reference."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.reference.docstrings import Doc, read_doc
from scripts.reference.markdown import Linker, details, footer, heading, parameter_list, signature_block, text_of
from scripts.reference.signatures import call_line, option_parameters, options_type, own_parameters, returned_type

#: What these names mean in every call that does not say it.
_USUAL = {
    "item": "the key.",
    "prefix": "what the keys begin with.",
    "value": "what to store: text, bytes, or anything that JSON can hold.",
    "partition": "of Consul Enterprise; the Community Edition answers 400.",
    "namespace": "of Consul Enterprise; the Community Edition answers 400.",
    "datacenter": "the name of the datacenter; without it, the agent's own.",
}


@dataclass(frozen=True)
class Call:
    """A call as a user makes it.

    name: as a user types it ("client.kv.get"). signature: without `self`. options: the TypedDict of its options, or None.
    for_tasks: the signature of the same call of an AsyncConsul, if it has other parameters. like: another call that explains parameters
    which this one does not, as `create` does for `update`. home: the class that has it, if it is not a group of calls.
    """

    name: str
    signature: inspect.Signature
    docstring: str | None
    options: Any = None
    for_tasks: inspect.Signature | None = None
    like: Call | None = None
    home: type[Any] | None = None

    @property
    def anchor(self) -> str:
        """The anchor of its section."""
        name = f"{self.home.__name__}.{self.short_name}" if self.home else self.name.removeprefix("client.")
        return name.replace(".", "-").lower()

    @property
    def short_name(self) -> str:
        """Its name, without the places where it is."""
        return self.name.rpartition(".")[2]

    def doc(self) -> Doc:
        """Return its docstring in parts."""
        doc = read_doc(self.docstring, [*self.signature.parameters, *(self.options.__annotations__ if self.options else ())])
        for name, meaning in (self.like.meanings() if self.like else _USUAL).items():
            doc.meanings.setdefault(name, meaning)
        return doc

    def meanings(self) -> dict[str, str]:
        """Return parameter or option -> its meaning."""
        doc = self.doc()
        options = option_parameters(self.options, doc) if self.options else []
        return {**doc.meanings, **{option.name: option.meaning for option in options}}


def call_of(name: str, call: Callable[..., Any], owner: type[Any] | None = None, for_tasks: Callable[..., Any] | None = None) -> Call:
    """Return a call. call: a function, or a bound method of a group of the class `owner`. for_tasks: the one of an AsyncConsul."""
    signature = inspect.signature(call)
    other = inspect.signature(for_tasks) if for_tasks else None
    differs = other is not None and [*other.parameters] != [*signature.parameters]
    return Call(name, signature, inspect.getdoc(call), options_type(call, owner, name.rpartition(".")[2]), other if differs else None)


def section(call: Call, linker: Linker, level: int = 2) -> list[str]:
    """Return the section of a call."""
    doc = call.doc()
    lines = [heading(level, call.short_name, call.anchor), "", signature_block(call_line(call.name, call.signature)), ""]
    if call.for_tasks:
        lines += ["With `AsyncConsul`:", "", signature_block(call_line(call.name, call.for_tasks)), ""]
    lines += text_of(doc, linker)
    lines += parameter_list(own_parameters(call.signature, doc), linker)
    if call.options:
        options = option_parameters(call.options, doc)
        lines += details("Options: " + ", ".join(f"`{option.name}`" for option in options), parameter_list(options, linker))
    returned = linker.type(returned_type(call.signature))
    if "](" in returned:  # the signature has the type already; here it is a link
        lines += [f"Returns {returned}.", ""]
    return lines + footer(doc, linker)
