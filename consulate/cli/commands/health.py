"""Show what is unhealthy, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulate.cli.output import Column, is_terminal, json_option, write_json, write_line, write_rows
from consulate.cli.problems import DENIED, FAILED, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consul_proto.types.check import HealthCheck
    from consulate.cli.connection import Connection
    from consulate.client import Consul

_COLUMNS = (Column("Node"), Column("Service"), Column("Check"), Column("Status"), Column("Changed at", right=True), Column("Output"))

_NOTHING = "nothing is unhealthy"

#: The characters of a check's output that a terminal gets.
_SHOWN = 120


@click.command()
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Show the checks that do not pass, by node and service. The exit code is 1 if there is one.

    "Changed at" is the ModifyIndex at which the status or the output of the check last changed: Consul does not record the time.
    Of two checks, the one with the smaller index has been like this for longer.
    """
    connection: Connection = context.obj
    with connection.client() as consul:
        reply = consul.perform_with_meta(consul.ops.health.state("any", filter='Status != "passing"'))
        is_blind = not reply.value and _sees_nothing(consul)
    checks = sorted(reply.value, key=lambda check: (check["Node"], check["ServiceName"], check["ServiceID"], check["CheckID"]))
    if is_blind:
        raise Problem("without a token, no checks can be read: give one with service:read and node:read", DENIED)
    if reply.meta.filtered_by_acls:
        says = "there are checks that do not pass, and that this token may not read: give one with service:read and node:read"
        if not checks:
            raise Problem(says, DENIED)
        click.echo(f"Warning: {says}", err=True)
    if as_json:
        write_json(checks)
    elif checks:
        write_rows(_COLUMNS, _grouped(_rows(checks)), line="{}\t{}\t{}\t{}\t{}\t{}".format)
    elif is_terminal():
        write_line(_NOTHING)
    context.exit(FAILED if checks else 0)


def _sees_nothing(consul: Consul) -> bool:
    """Return whether no token is sent, and one is needed. Only with a token does Consul say that it left out what may not be read."""
    from consulate.exceptions import ACLDisabled, Forbidden

    try:
        consul.acl.token.self()
    except ACLDisabled:
        return False
    except Forbidden:
        return not consul.health.service("consul")  # which each cluster has
    return False


def _rows(checks: Iterable[HealthCheck]) -> Iterator[tuple[str, str, str, str, int, str]]:
    for check in checks:
        service = check["ServiceName"]
        if check["ServiceID"] not in ("", service):
            service = f"{service} ({check['ServiceID']})"
        says = " ".join((check["Output"] or check["Notes"]).split())
        yield check["Node"], service, check["Name"] or check["CheckID"], check["Status"], check["ModifyIndex"], says[:_SHOWN]


def _grouped(rows: Iterable[tuple[str, str, str, str, int, str]]) -> Iterator[tuple[object, ...]]:
    """Yield the rows; on a terminal, a node and a service stand only in the first of their rows."""
    before: tuple[str, str] | None = None
    for node, service, *rest in rows:
        is_same_node = before is not None and before[0] == node
        cells = ("" if is_same_node else node, "" if before == (node, service) else service) if is_terminal() else (node, service)
        before = node, service
        yield *cells, *rest
