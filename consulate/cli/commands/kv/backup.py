"""Write keys to a backup file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from consulate.cli.progress import bar

if TYPE_CHECKING:
    from consul_proto.kv_backup import Form
    from consulate.cli.connection import Connection


@click.command()
@click.argument("key", default="")
@click.option("-b", "--base64", is_flag=True, help="Write all values as base64; restore it with -b. Without it, only what is not text.")
@click.option("-f", "--file", default="-", metavar="FILE", help="The file to write; a complete backup replaces it.  [default: stdout]")
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

    with connection.client() as consul, bar("backing up") as advance:
        target = sys.stdout.buffer if file == "-" else file
        backup(consul, target, key, base64=base64, pretty=pretty, form=form, progress=lambda count: advance(count, None))
