"""Write the objects of an ACL backup file to Consul."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from consulate.cli.commands.acl.backup import print_left_out
from consulate.cli.output import confirm, dry_run_option, is_terminal, shown, write_line, yes_option
from consulate.cli.problems import INTERRUPTED, PARTLY, Problem, problem_of
from consulate.cli.progress import bar
from consulate.cli.suggestions import suggest_files

if TYPE_CHECKING:
    from consul_proto.acl_backup.changes import Restored
    from consul_proto.acl_backup.document import ACLBackup
    from consulate.cli.connection import Connection
    from consulate.client import Consul

_SIGNS = {"create": "+", "update": "~", "delete": "-"}


@click.command()
@click.option("-f", "--file", default="-", metavar="FILE", shell_complete=suggest_files, help="The file to read.  [default: stdin]")
@click.option("-n", "--no-replace", is_flag=True, help="Leave what exists as it is.")
@click.option("-p", "--prune", is_flag=True, help="Delete the ACL objects that are not in the backup.")
@yes_option
@dry_run_option
@click.pass_obj
def command(connection: Connection, file: str, *, no_replace: bool, prune: bool, yes: bool, dry_run: bool) -> None:
    """Restore an ACL backup: create objects that are missing, and change those that differ.

    On a terminal, --prune asks first. It never deletes Consul's own objects, nor the token of the command and what that token has.

    It also reads the list of tokens that older versions wrote. Tokens keep their AccessorID and their SecretID. Policies, roles and auth
    methods are found by name, and binding rules by what they do, so a backup can be restored to another cluster. If the command stops, it
    says what was applied, and can be run again.
    """
    from consulate.acl_files import plan, read_backup

    found = read_backup(sys.stdin.buffer if file == "-" else file)
    with connection.client() as consul:
        if dry_run:
            steps = plan(consul, found, replace=not no_replace, prune=prune)
            for change in steps.changes:
                line = f"{_SIGNS[change.action]} {change.kind} {change.name}"
                write_line(shown(line) if is_terminal() else line)
            print_left_out(steps.left_out)
            return
        if prune:
            confirm(lambda: _question(consul, found), yes=yes)
        result = _restore(consul, found, replace=not no_replace, prune=prune)
    print_left_out(result.left_out)
    written = f"{result.created + result.updated} ACLs written: {result.created} created, {result.updated} updated"
    write_line(f"{written}; {f'{result.deleted} deleted; ' if prune else ''}{result.unchanged} unchanged")


def _question(consul: Consul, backup: ACLBackup) -> str:
    from consulate.acl_files import plan

    count = sum(change.action == "delete" for change in plan(consul, backup, prune=True).changes)
    return f"Delete the {count:,} ACL objects that are not in the backup?"


def _restore(consul: Consul, backup: ACLBackup, *, replace: bool, prune: bool) -> Restored:
    """Restore a backup. Raises Problem if it stops: its exit code says whether something was applied."""
    from consulate.acl_files import restore
    from consulate.exceptions import ConsulateException

    last: Restored | None = None
    with bar("restoring") as advance:

        def progress(result: Restored) -> None:
            nonlocal last
            last = result
            advance(result.done, result.total)

        try:
            return restore(consul, backup, replace=replace, prune=prune, progress=progress)
        except ConsulateException as error:
            problem = problem_of(error)
            if last is None or not (last.done or error.maybe_applied):
                raise
            raise Problem(f"{problem}; run the command again to complete it", PARTLY) from None
        except KeyboardInterrupt:
            if last is None:
                raise
            says = (
                f"interrupted; {last.done} of {last.total} changes were applied, and perhaps one more; run the command again to complete it"
            )
            raise Problem(says, PARTLY if last.done else INTERRUPTED) from None
