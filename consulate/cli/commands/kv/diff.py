"""Show what restoring a backup file would change."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

from consulate.cli.output import is_terminal, json_option, shown, write_json, write_line
from consulate.cli.problems import FAILED, USAGE, Problem
from consulate.cli.suggestions import suggest_files, suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection
    from consulate.kv_files import Difference

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}


@click.command()
@click.argument("file", shell_complete=suggest_files)
@click.argument("key", default="", shell_complete=suggest_keys)
@click.option("-b", "--base64", is_flag=True, help="The backup was made with -b.")
@json_option
@click.pass_context
def command(context: click.Context, file: str, key: str, *, base64: bool, as_json: bool) -> None:
    """Show what restoring FILE to the folder KEY, or to the whole store, would change. - is standard input.

    One line for each key: + it would be added, ~ it would be changed, - it is not in FILE, and would be deleted with --prune.
    The exit code is 1 if there is a difference, and 2 if FILE cannot be read.
    """
    from consulate.kv_files import differences, opened_backup

    connection: Connection = context.obj
    count = 0
    documents = []
    source = sys.stdin.buffer if file == "-" else file
    with connection.client() as consul, ExitStack() as stack:
        try:
            backup = stack.enter_context(opened_backup(source, key, base64=base64))
        except OSError as error:
            raise Problem(f"{file}: {error.strerror}", USAGE) from None
        for each in stack.enter_context(closing(differences(consul, backup))):
            count += 1
            if as_json:
                documents.append({"Change": each.kind, "Key": each.key})
            else:
                print_difference(each)
    if as_json:
        write_json(documents)
    context.exit(FAILED if count else 0)


def print_difference(difference: Difference) -> None:
    """Print a line about a key that differs."""
    line = f"{_SIGNS[difference.kind]} {difference.key}"
    write_line(shown(line) if is_terminal() else line)
