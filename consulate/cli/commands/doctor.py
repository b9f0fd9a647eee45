"""Check the agent, the leader, the clock, the token and its rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulate.cli.output import is_terminal, json_option, shown, write_json, write_line
from consulate.cli.problems import FAILED, UNREACHABLE, problem_of

if TYPE_CHECKING:
    from consulate.cli.connection import Connection
    from consulate.diagnosis import Finding

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Check whether the agent can be reached, its version, whether there is a leader, how far the clock is off, and what the token may do.

    One line for each finding: ok, warn or fail. The exit code is 0 without a failure, 3 if the agent cannot be reached or there is no
    leader, 4 if Consul does not accept the token, and 1 for another failure. It changes nothing, and never shows the token.
    """
    from consulate.diagnosis import diagnose

    connection: Connection = context.obj
    found: list[Finding] = []
    with connection.client() as consul:
        for finding in diagnose(consul, connection.configuration()):
            found.append(finding)
            if not as_json:
                _print(finding)
    if as_json:
        write_json([{"Level": each.level, "Subject": each.subject, "Text": each.text} for each in found])
    context.exit(next((_exit_code(each) for each in found if each.level == "fail"), 0))


def _print(finding: Finding) -> None:
    text = " ".join(finding.text.split())
    if not is_terminal():
        write_line(f"{finding.level}\t{finding.subject}\t{text}")
        return
    from os import environ

    level = f"{finding.level:4}"
    colored = level if environ.get("NO_COLOR") else click.style(level, fg=_COLORS[finding.level])
    click.echo(f"{colored}  {finding.subject}: {shown(text)}")


def _exit_code(finding: Finding) -> int:
    if finding.subject == "leader":
        return UNREACHABLE
    return FAILED if finding.error is None else problem_of(finding.error).exit_code
