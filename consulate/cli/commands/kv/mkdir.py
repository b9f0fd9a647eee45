"""Create a folder: a key that ends with a slash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulate.cli.output import dry_run_option, write_line
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection


@click.command()
@click.argument("path", shell_complete=suggest_keys)
@dry_run_option
@click.pass_obj
def command(connection: Connection, path: str, *, dry_run: bool) -> None:
    """Create the folder PATH: an empty key whose name ends with a slash. A folder that exists stays as it is."""
    folder = path if path.endswith("/") else f"{path}/"
    with connection.client() as consul:
        if dry_run:
            consul.ops.kv.put(folder, None)  # it checks the key
            write_line(f"would create {folder}")
        else:
            consul.kv.put(folder, None, cas=0)
