"""The text of every page of the reference, and how they are ordered."""

from __future__ import annotations

import inspect
from typing import Any

from consulate import AsyncConsul, Consul
from scripts.reference import command_line
from scripts.reference.calls import Call, call_of, section
from scripts.reference.classes import class_section, methods
from scripts.reference.contents import CLASS_PAGES, GUIDES, ClassPage, Group, calls_of, clients, groups
from scripts.reference.docstrings import prose
from scripts.reference.markdown import Linker
from scripts.reference.types import ALIASES_PAGE, alias_names, aliases_page, module_page, modules

#: The titles of pages, in the order of the navigation; a list has a title and pages of its own.
Navigation = list[Any]

INDEX = "reference/index.md"


def pages() -> dict[str, str]:
    """Return the path of each page of the reference -> its text, in Markdown."""
    index = _index()
    found = {INDEX: _overview()}
    for group in groups():
        found[group.page] = _group_page(group, Linker(index, group.page))
    for page in CLASS_PAGES:
        found[page.page] = _class_page(page, Linker(index, page.page))
    for module in modules():
        found[module.page] = module_page(module, Linker(index, module.page))
    found[ALIASES_PAGE] = aliases_page()
    found[command_line.PAGE] = command_line.page()
    return found


def navigation() -> Navigation:
    """Return the part of the site's navigation that has the reference."""
    of_groups: list[Any] = []
    for group in groups():
        if "." in group.place:
            of_groups[-1] = _with_inner(of_groups[-1], group)
        else:
            of_groups.append({f"client.{group.place}": group.page})
    of_types = [ALIASES_PAGE, *({module.name.replace("_", " "): module.page} for module in modules())]
    of_classes = [{page.title: page.page} for page in CLASS_PAGES]
    return [
        INDEX,
        of_classes[0],
        {"Groups of calls": of_groups},
        *of_classes[1:],
        {"Types": of_types},
        {command_line.TITLE: command_line.PAGE},
    ]


def _with_inner(outer: dict[str, Any], group: Group) -> dict[str, Any]:
    title, inside = next(iter(outer.items()))
    listed = inside if isinstance(inside, list) else [inside]
    return {title: [*listed, {f"client.{group.place}": group.page}]}


def _index() -> dict[str, str]:
    """Return each name that a page explains -> that page and the heading there."""
    found = {name: f"{ALIASES_PAGE}#{name.lower()}" for name in alias_names()}
    for module in modules():
        found |= {name: f"{module.page}#{name.lower()}" for name in module.names}
    for page in CLASS_PAGES:
        found |= {member.__name__: f"{page.page}#{member.__name__.lower()}" for member, _, _ in page.found() if isinstance(member, type)}
    return found


_OVERVIEW = """\
# Reference

Everything that users call, with its parameters, options and exceptions. These pages are generated from the signatures and the docstrings:
`help(client.kv.get)` says the same. That of the command line is generated from its help.

- [Clients](clients.md): `Consul` and `AsyncConsul`.
{pages}
- [Types](types/index.md) of results and arguments.
- [Commands](command-line.md) of `consulate`, the command line.

In signatures, `client` is a `Consul`. The calls of an `AsyncConsul` have the same parameters and results, and are awaited. Where the
parameters differ, both signatures are shown. `**options` are keyword arguments; the box below the parameters lists them.

## Groups of calls {{ #groups }}

| group | what it is for |
|---|---|
{groups}
"""


def _overview() -> str:
    listed = [f"- [{page.title}]({page.page.removeprefix('reference/')})" for page in CLASS_PAGES[1:]]
    rows = [f"| [client.{group.place}]({group.page.removeprefix('reference/')}) | {prose(group.summary)} |" for group in groups()]
    return _OVERVIEW.format(pages="\n".join(listed), groups="\n".join(rows))


def _call_table(calls: tuple[Call, ...] | list[Call]) -> list[str]:
    return [
        "| call | what it does |",
        "|---|---|",
        *(f"| [{call.short_name}](#{call.anchor}) | {call.doc().summary} |" for call in calls),
        "",
    ]


def _group_page(group: Group, linker: Linker) -> str:
    # The docstring of an object lists its calls, which are the sections below; the summary is the class's own.
    lines = [f"# client.{group.place}", "", prose(_own_doc(group.kind)), ""]
    if group.place in GUIDES:
        title, page = GUIDES[group.place]
        lines += [f"Guide: [{title}]({page}).", ""]
    inner = [other for other in groups() if other.place.startswith(f"{group.place}.")]
    if inner:
        lines += ["| group | what it is for |", "|---|---|"]
        lines += [f"| [client.{other.place}]({other.page.removeprefix('reference/')}) | {prose(other.summary)} |" for other in inner]
        lines.append("")
    lines += _call_table(group.calls)
    for call in group.calls:
        lines += section(call, linker)
    return "\n".join(lines)


def _own_doc(kind: type[Any]) -> str:
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def _class_page(page: ClassPage, linker: Linker) -> str:
    lines = [f"# {page.title}", "", page.text, ""]
    for member, instance, is_made in page.found():
        if not isinstance(member, type):
            lines += section(call_of(member.__name__, member), linker)
            continue
        own = [] if member is AsyncConsul else [*calls_of("client", *clients())] if member is Consul else methods(member, instance)
        lines += class_section(member, own, linker, is_made=is_made)
    return "\n".join(lines)
