"""Write the ACL system to a backup file."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from consulate.cli.output import is_terminal, shown
from consulate.cli.progress import bar, draw_nothing
from consulate.cli.suggestions import suggest_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consul_proto.acl_backup.document import ACLForm, LeftOut
    from consulate.cli.connection import Connection


@click.command()
@click.option(
    "-f", "--file", default="-", metavar="FILE", shell_complete=suggest_files,
    help="The file to write; a complete backup replaces it.  [default: stdout]",
)  # fmt: skip
@click.option("-p", "--pretty", is_flag=True, help="Indent the JSON.")
@click.option(
    "--format", "form", type=click.Choice(["consulate", "legacy"]), default="consulate",
    help="legacy: the list of tokens that older versions wrote, with ID, Name, Type and Rules.  [default: consulate]",
)  # fmt: skip
@click.pass_obj
def command(connection: Connection, file: str, form: ACLForm, *, pretty: bool) -> None:
    """Write policies, roles, auth methods, binding rules and tokens to a backup. It needs a token with acl:write.

    The backup holds the secrets of all tokens. FILE can be read only by its owner. Tokens of logins and tokens that have expired are
    left out; standard error says which.
    """
    from consulate.acl_files import backup

    target = sys.stdout.buffer if file == "-" else file
    is_shown = file == "-" and is_terminal()  # there is no place for a bar
    with connection.client() as consul, nullcontext(draw_nothing) if is_shown else bar("backing up") as advance:
        found = backup(consul, target, pretty=pretty, form=form, progress=lambda count: advance(count, None))
    print_left_out(found.left_out)


def print_left_out(left_out: Iterable[LeftOut]) -> None:
    """Say on standard error what is left out, and why."""
    for each in left_out:
        line = f"left out: {each}"
        click.echo(shown(line) if is_terminal() else line, err=True)
