"""Write the keys of a backup file to the store."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from consulate.cli.output import confirm, dry_run_option, yes_option
from consulate.cli.progress import bulk_bar
from consulate.cli.suggestions import suggest_files, suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection
    from consulate.client import Consul
    from consulate.kv_files import Backup, Difference


@click.command()
@click.argument("key", default="", shell_complete=suggest_keys)
@click.option("-b", "--base64", is_flag=True, help="The backup was made with -b.")
@click.option("-f", "--file", default="-", metavar="FILE", shell_complete=suggest_files, help="The file to read.  [default: stdin]")
@click.option("-n", "--no-replace", is_flag=True, help="Leave keys that exist as they are.")
@click.option("-p", "--prune", is_flag=True, help="Delete the keys of the folder that are not in the backup.")
@yes_option
@dry_run_option
@click.pass_obj
def command(connection: Connection, key: str, file: str, *, base64: bool, no_replace: bool, prune: bool, yes: bool, dry_run: bool) -> None:
    """Write the keys of a backup to the folder KEY, or to the whole store.

    It also reads what `consul kv export` and Consul's API write. The file is checked before anything is written. It is written in
    transactions: if the command stops, it says what was applied, and can be run again. On a terminal, --prune asks first.
    """
    from consulate.kv_files import opened_backup, restore

    source = sys.stdin.buffer if file == "-" else file
    with connection.client() as consul, opened_backup(source, key, base64=base64) as backup:
        if dry_run:
            from consulate.cli.commands.kv.diff import print_difference

            for each in _planned(consul, backup, replace=not no_replace, prune=prune):
                print_difference(each)
            return
        if prune:
            confirm(lambda: _question(consul, backup), yes=yes)
        with bulk_bar("restoring") as progress:
            restore(consul, backup, replace=not no_replace, prune=prune, progress=progress)


def _planned(consul: Consul, backup: Backup, *, replace: bool, prune: bool) -> list[Difference]:
    from consulate.kv_files import differences

    kinds = {"added", *(["changed"] if replace else []), *(["removed"] if prune else [])}
    with closing(differences(consul, backup)) as found:
        return [each for each in found if each.kind in kinds]


def _question(consul: Consul, backup: Backup) -> str:
    count = sum(each.kind == "removed" for each in _planned(consul, backup, replace=False, prune=True))
    return f"Delete the {count:,} keys below {backup.prefix!r} that are not in the backup?"
