"""Register a service with the agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

import click

from consulate.cli.durations import duration_of
from consulate.cli.output import dry_run_option, write_line
from consulate.cli.suggestions import suggest_service_ids, suggest_services

if TYPE_CHECKING:
    from consul_proto.durations import Duration
    from consulate.cli.connection import Connection

#: The kind of the check -> what comes after it.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "check": ("INTERVAL", "PATH"),
    "httpcheck": ("INTERVAL", "URL"),
    "no-check": (),
    "ttl": ("DURATION",),
}


class _Check(TypedDict, total=False):
    """The arguments of a call that are about the check."""

    check: str
    httpcheck: str
    interval: Duration
    ttl: Duration


@click.command(
    options_metavar="[OPTIONS]",
    epilog="INTERVAL and DURATION are Go durations, such as 10s or 1h30m; a number means seconds. A script check needs an agent with"
    " enable_local_script_checks or enable_script_checks.",
)
@click.argument("name", shell_complete=suggest_services)
@click.argument("kind", metavar="{check INTERVAL PATH | httpcheck INTERVAL URL | no-check | ttl DURATION}", type=click.Choice([*_VALUES]))
@click.argument("values", nargs=-1, metavar="")
@click.option("-a", "--address", metavar="ADDRESS", help="The address of the service.  [default: that of the node]")
@click.option("-p", "--port", type=click.IntRange(0, 65535), metavar="PORT", help="The port of the service.")
@click.option(
    "-s", "--service-id", metavar="SERVICE_ID", shell_complete=suggest_service_ids, help="The ID of the service.  [default: NAME]"
)
@click.option("-t", "--tags", metavar="TAG,TAG", help="The tags of the service, with commas between them.")
@dry_run_option
@click.pass_obj
def command(
    connection: Connection,
    name: str,
    kind: Literal["check", "httpcheck", "no-check", "ttl"],
    values: tuple[str, ...],
    address: str | None,
    port: int | None,
    service_id: str | None,
    tags: str | None,
    *,
    dry_run: bool,
) -> None:
    """Register the service NAME with the agent, or change it.

    Its check is a script, a URL, or a TTL within which `agent.check.ttl_pass` must be called again.
    """
    expected = _VALUES[kind]
    if len(values) != len(expected):
        raise click.UsageError(f"{kind} takes {' and '.join(expected) or 'nothing'} after it, not {len(values)} words")
    check = _check(kind, values)
    split = None if tags is None else [tag for tag in tags.split(",") if tag]
    with connection.client() as consul:
        if dry_run:
            consul.ops.agent.service.register(name, service_id, address, port, split, **check)  # it checks the arguments
            write_line(f"would register {name} with the ID {service_id or name}")
        else:
            consul.agent.service.register(name, service_id, address, port, split, **check)


def _check(kind: str, values: tuple[str, ...]) -> _Check:
    if kind == "no-check":
        return {}
    duration = duration_of(values[0])
    if kind == "ttl":
        return {"ttl": duration}
    if kind == "check":
        return {"check": values[1], "interval": duration}
    return {"httpcheck": values[1], "interval": duration}
