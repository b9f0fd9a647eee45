"""Write the objects of an ACL backup file to Consul."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from consulate.cli.commands.acl.backup import print_left_out
from consulate.cli.output import dry_run_option, is_terminal, shown, write_line
from consulate.cli.problems import INTERRUPTED, PARTLY, Problem, problem_of
from consulate.cli.progress import bar
from consulate.cli.suggestions import suggest_files

if TYPE_CHECKING:
    from consul_proto.acl_backup.changes import Restored
    from consul_proto.acl_backup.document import ACLBackup
    from consulate.cli.connection import Connection
    from consulate.client import Consul

_SIGNS = {"create": "+", "update": "~"}


@click.command()
@click.option("-f", "--file", default="-", metavar="FILE", shell_complete=suggest_files, help="The file to read.  [default: stdin]")
@click.option("-n", "--no-replace", is_flag=True, help="Leave what exists as it is.")
@dry_run_option
@click.pass_obj
def command(connection: Connection, file: str, *, no_replace: bool, dry_run: bool) -> None:
    """Create what Consul does not have of an ACL backup, and change what differs. Nothing is deleted.

    It also reads the list of tokens that older versions wrote. Tokens keep their AccessorID and their SecretID; the rest is matched by
    name, so a backup can be restored to another cluster. If the command stops, it says what was applied, and can be run again.
    """
    from consulate.acl_files import plan, read_backup

    found = read_backup(sys.stdin.buffer if file == "-" else file)
    with connection.client() as consul:
        if dry_run:
            steps = plan(consul, found, replace=not no_replace)
            for change in steps.changes:
                line = f"{_SIGNS[change.action]} {change.kind} {change.name}"
                write_line(shown(line) if is_terminal() else line)
            print_left_out(steps.left_out)
            return
        result = _restore(consul, found, replace=not no_replace)
    print_left_out(result.left_out)
    write_line(f"{result.done} ACLs written: {result.created} created, {result.updated} updated; {result.unchanged} unchanged")


def _restore(consul: Consul, backup: ACLBackup, *, replace: bool) -> Restored:
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
            return restore(consul, backup, replace=replace, progress=progress)
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
