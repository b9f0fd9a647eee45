"""What commands print: text and bytes as they are, JSON for programs, and tables for people, which only a terminal gets.

rich is imported when a table is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Callable

#: Adds `--json` to a command that reads.
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

#: Adds `--dry-run` to a command that writes.
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")

#: Adds `--yes` to a command that asks first.
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def write(data: bytes) -> None:
    """Write bytes to standard output, as they are."""
    sys.stdout.buffer.write(data)


def write_line(text: str) -> None:
    """Write a line to standard output. What is not Unicode text is written as the bytes that it stands for."""
    write(text.encode("utf-8", "surrogateescape") + b"\n")


def write_json(value: Any, *, indent: int | None = 2) -> None:
    """Write JSON to standard output. indent: the spaces of a level; None writes one line."""
    import json

    write_line(json.dumps(value, indent=indent, ensure_ascii=False))


def shown(text: str) -> str:
    """Return text for a terminal: a control character, which could change what the terminal shows, is escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class Column(NamedTuple):
    """A column of a table. right: whether it is aligned to the right, as numbers are."""

    title: str
    right: bool = False


def write_rows(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, line: Callable[..., str]) -> None:
    """Write rows: as a table on a terminal, otherwise one line for each, as they come. line: makes a line of the cells of a row."""
    if not is_terminal():
        for row in rows:
            write_line(line(*row))
        return
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(str(cell))) for cell in row))
    if table.rows:
        Console().print(table)


def confirm(question: Callable[[], str], *, yes: bool) -> None:
    """Ask before something that destroys much, if there is somebody to ask: a terminal. Raises Abort if the answer is no.

    question: makes the question, which may take a call. yes: whether the user has answered already.
    """
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        click.confirm(shown(question()), abort=True, err=True)
