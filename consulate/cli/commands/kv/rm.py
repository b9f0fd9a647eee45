"""Delete a key, or all keys with a prefix (also `kv del`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulate.cli.output import confirm, dry_run_option, write_line, yes_option
from consulate.cli.problems import USAGE, Problem
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection
    from consulate.client import Consul


@click.command()
@click.argument("key", shell_complete=suggest_keys)
@click.option("-r", "--recurse", is_flag=True, help="Delete all keys that begin with KEY: `app` is the beginning of `apple` too.")
@yes_option
@dry_run_option
@click.pass_obj
def command(connection: Connection, key: str, *, recurse: bool, yes: bool, dry_run: bool) -> None:
    """Delete KEY. On a terminal, -r asks first.

    An empty KEY with -r is every key, and needs -y: a variable of a script may be empty by mistake.
    """
    with connection.client() as consul:
        if recurse:
            _delete_tree(consul, key, yes=yes, dry_run=dry_run)
        elif dry_run:
            consul.kv.get_record(key)  # raises KeyNotFound
            write_line(key)
        else:
            consul.kv.delete(key)


def _delete_tree(consul: Consul, prefix: str, *, yes: bool, dry_run: bool) -> None:
    if not prefix and not yes and not dry_run:
        raise Problem("KEY is empty, which is every key of the store: give -y if you mean that", USAGE)
    if dry_run:
        for key in consul.kv.keys(prefix):
            write_line(key)
        return
    confirm(lambda: f"Delete the {len(consul.kv.keys(prefix)):,} keys that begin with {prefix!r}?", yes=yes)
    consul.kv.delete(prefix, recurse=True)
