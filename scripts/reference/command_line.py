"""The page about the command line: the usage, the text and the options of each command, as its help has them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import click

from consulate.cli.app import consulate
from scripts.reference.docstrings import prose
from scripts.reference.markdown import heading

PAGE = "reference/command-line.md"
TITLE = "Commands"

_INTRODUCTION = """\
# Commands

Every command of `consulate`, with its arguments and options. This page is generated from the help: `consulate kv get -h` says the same.
[The command line](../cli.md) says what all commands have in common, such as [exit codes](../cli.md#exit-codes).

| command | what it does |
|---|---|
{commands}
"""


def commands() -> Iterator[tuple[str, click.Context]]:
    """Yield each command and group with its context. The name of the program itself is empty."""
    yield from _commands("", click.Context(consulate, info_name="consulate", **consulate.context_settings))


def _commands(name: str, context: click.Context) -> Iterator[tuple[str, click.Context]]:
    yield name, context
    group = context.command
    if isinstance(group, click.Group):
        for inner in group.list_commands(context):
            command = group.get_command(context, inner)
            assert command is not None
            yield from _commands(f"{name} {inner}".strip(), click.Context(command, context, info_name=inner))


def page() -> str:
    """Return the page, in Markdown."""
    found = [*commands()]
    rows = [
        f"| [`{name}`](#{_anchor(name)}) | {_line(context.command)} |"
        for name, context in found
        if name and not isinstance(context.command, click.Group)
    ]
    sections = [line for name, context in found for line in _section(name, context)]
    return _INTRODUCTION.format(commands="\n".join(rows)) + "\n" + "\n".join(sections)


def _line(command: click.Command) -> str:
    """Return what the list of commands says about a command: the first line of its file."""
    return prose(str(sys.modules[command.callback.__module__].__doc__).partition("\n")[0])


def _anchor(name: str) -> str:
    return name.replace(" ", "-") or "consulate"


def _section(name: str, context: click.Context) -> list[str]:
    command = context.command
    lines = [heading(2, f"consulate {name}".strip(), _anchor(name)), ""]
    lines += ["```{ .text .signature }", f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}".strip(), "```", ""]
    lines += _text(command.help)
    lines += _options(context)
    if isinstance(command, click.Group) and name:
        inner = [(each, f"{name} {each}") for each in command.list_commands(context)]
        lines += ["Commands: " + ", ".join(f"[{each}](#{_anchor(path)})" for each, path in inner) + ".", ""]
    return lines + _text(command.epilog)


def _text(text: str | None) -> list[str]:
    """Return paragraphs of help as Markdown. In the help, a paragraph is wrapped."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    return [line for paragraph in paragraphs if paragraph for line in (prose(" ".join(paragraph.split())), "")]


def _options(context: click.Context) -> list[str]:
    """Return the options as a list. Each command has --help; it is listed once."""
    options = [each for each in context.command.get_params(context) if isinstance(each, click.Option)]
    found = [each.get_help_record(context) for each in options if "--help" not in each.opts or context.parent is None]
    shown = [f"- <code><b>{_code(names)}</b></code>: {prose(_meaning(meaning))}" for names, meaning in filter(None, found)]
    return ["Options:", "", *shown, ""] if shown else []


def _code(names: str) -> str:
    return re.sub(r"[_*|<>\[\]{}]", lambda match: f"&#{ord(match[0])};", names)


def _meaning(text: str) -> str:
    """Return the meaning of an option. What the help has in brackets behind it becomes sentences."""
    meaning, *extras = re.split(r"  \[", text)
    sentences = [meaning if meaning.endswith(".") else f"{meaning}."]
    for extra in "; ".join(each.removesuffix("]") for each in extras).split("; "):
        what, _, value = extra.partition(": ")
        limits = re.fullmatch(r"(?:(-?\d+)<=)?x(?:<=(\d+)|>=(-?\d+))?", extra)
        if limits:
            sentences.append(f"{limits[1]} to {limits[2]}." if limits[2] else f"At least {limits[3]}.")
        elif extra:
            sentences.append(f"{what.capitalize()}: {value}.")
    return " ".join(sentences)
