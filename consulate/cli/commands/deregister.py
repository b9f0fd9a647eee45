"""Remove a service from the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulate.cli.output import dry_run_option, write_line
from consulate.cli.suggestions import suggest_service_ids

if TYPE_CHECKING:
    from consulate.cli.connection import Connection


@click.command()
@click.argument("service_id", shell_complete=suggest_service_ids)
@dry_run_option
@click.pass_obj
def command(connection: Connection, service_id: str, *, dry_run: bool) -> None:
    """Remove the service SERVICE_ID, and its checks, from the agent."""
    with connection.client() as consul:
        service = consul.agent.service.get(service_id)  # raises NotFound; Consul 1.8 removes what is not there
        if dry_run:
            write_line(f"would remove {service['Service']} with the ID {service['ID']}")
        else:
            consul.agent.service.deregister(service_id)
