"""Write keys to a backup file."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from consulate.cli.output import is_terminal
from consulate.cli.progress import bar, draw_nothing
from consulate.cli.suggestions import suggest_files, suggest_keys

if TYPE_CHECKING:
    from consul_proto.kv_backup import Form
    from consulate.cli.connection import Connection


@click.command()
@click.argument("key", default="", shell_complete=suggest_keys)
@click.option("-b", "--base64", is_flag=True, help="Write all values as base64; restore it with -b. Without it, only what is not text.")
@click.option(
    "-f", "--file", default="-", metavar="FILE", shell_complete=suggest_files,
    help="The file to write; a complete backup replaces it.  [default: stdout]",
)  # fmt: skip
@click.option("-p", "--pretty", is_flag=True, help="Indent the JSON.")
@click.option(
    "--format", "form", type=click.Choice(["consulate", "consul"]), default="consulate",
    help="consul: what `consul kv import` reads.  [default: consulate]",
)  # fmt: skip
@click.pass_obj
def command(connection: Connection, key: str, file: str, form: Form, *, base64: bool, pretty: bool) -> None:
    """Write all keys of the folder KEY, or all keys, to a backup.

    With KEY, the names in the file are relative to it.
    """
    from consulate.kv_files import backup

    target = sys.stdout.buffer if file == "-" else file
    is_shown = file == "-" and is_terminal()  # there is no place for a bar
    with connection.client() as consul, nullcontext(draw_nothing) if is_shown else bar("backing up") as advance:
        backup(consul, target, key, base64=base64, pretty=pretty, form=form, progress=lambda count: advance(count, None))
