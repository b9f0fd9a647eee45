"""List the services of the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulate.cli.output import Column, is_terminal, json_option, write_json, write_rows

if TYPE_CHECKING:
    from consulate.cli.connection import Connection

_COLUMNS = (Column("ID"), Column("Name"), Column("Address"), Column("Port", right=True), Column("Tags"))


@click.command()
@click.option("-i", "--indent", type=click.IntRange(0), metavar="INDENT", help="Indent the JSON by this number of spaces.")
@json_option
@click.pass_obj
def command(connection: Connection, indent: int | None, *, as_json: bool) -> None:
    """List the services that are registered with the agent: JSON, the objects of Consul's API; on a terminal a table."""
    with connection.client() as consul:
        services = consul.agent.services()
    if as_json or indent is not None or not is_terminal():
        write_json(services, indent=indent)
        return
    rows = [(each["ID"], each["Service"], each["Address"], each["Port"], ", ".join(each["Tags"] or ())) for each in services]
    write_rows(_COLUMNS, rows, line="{}\t{}\t{}\t{}\t{}".format)
