"""Show keys as a tree."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import click

from consulate.cli.output import is_terminal, json_option, shown, write_json, write_line
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection

#: Part of a key, with its slash -> the tree below it; None for a key.
Tree: TypeAlias = "dict[str, Tree | None]"

#: Before a part, before the last part, and before what is below each of them.
_LINES = ("├── ", "└── ", "│   ", "    ")
_ASCII_LINES = ("|-- ", "`-- ", "|   ", "    ")


@click.command()
@click.argument("key", default="", shell_complete=suggest_keys)
@json_option
@click.pass_obj
def command(connection: Connection, key: str, *, as_json: bool) -> None:
    """Show all keys that begin with KEY as a tree."""
    with connection.client() as consul:
        keys = consul.kv.keys(key)
    tree = tree_of(keys)
    if as_json:
        write_json(tree)
        return
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    for line in drawn(tree, _LINES if is_unicode else _ASCII_LINES):
        write_line(shown(line) if is_terminal() else line)


def tree_of(keys: list[str]) -> Tree:
    """Return keys as a tree."""
    root: Tree = {}
    for key in keys:
        level: Tree = root
        *folders, name = key.split("/")
        for folder in folders:
            below = level.setdefault(f"{folder}/", {})
            assert below is not None  # only a name without a slash is a key
            level = below
        if name:
            level[name] = None
    return root


def drawn(tree: Tree, lines: tuple[str, str, str, str] = _LINES) -> Iterator[str]:
    """Yield the lines that show a tree."""
    entries = [("", part, below, place + 1 == len(tree)) for place, (part, below) in enumerate(tree.items())]
    entries.reverse()
    while entries:
        before, part, below, is_last = entries.pop()
        yield f"{before}{lines[is_last]}{part}"
        inner = before + lines[2 + is_last]
        entries += reversed(
            [(inner, name, deeper, place + 1 == len(below or ())) for place, (name, deeper) in enumerate((below or {}).items())]
        )
