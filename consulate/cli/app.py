"""The commands and their options."""

from __future__ import annotations

import os
import sys
from typing import get_args

import click

from consul_proto.simulator.engine.settings import Policy
from consul_proto.simulator.engine.versions import VersionName
from consulate import __version__
from consulate.cli.dev.command import Options, Problem, run_dev

#: From where the management token is read, so that it need not stand in the list of processes.
_VARIABLE = "CONSULATE_DEV_ACL_TOKEN"


def _say(text: str) -> None:
    """Print to the standard output, unless whoever read it went away: then nothing is, and nothing is said of it at the end either."""
    try:
        click.echo(text)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def consulate() -> None:
    """Tools of Consulate, a client for HashiCorp Consul."""


@consulate.command()
@click.option("--http-port", type=click.IntRange(-1, 65535), help="Port on 127.0.0.1; 0 picks a free one, -1 opens none.  [default: 8500]")
@click.option("--unix", "unix_path", type=click.Path(), metavar="PATH", help="Serve a UNIX socket as well.")
@click.option("--acl-token", metavar="TOKEN", help=f"Turn ACLs on, with this management token. Also from {_VARIABLE}.")
@click.option("--acl-default", type=click.Choice(get_args(Policy)), help="What is allowed that no rule speaks of.  [default: deny]")
@click.option(
    "--consul-version", type=click.Choice(get_args(VersionName)), default="1.22.5", show_default=True, help="Whose answers it gives."
)
@click.option("--data", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the state in this file, across restarts.")
@click.option("--datacenter", metavar="NAME", help="The datacenter's name.  [default: dc1]")
@click.option("--node", metavar="NAME", help="The node's name.  [default: consul]")
@click.option(
    "--config-file", "config_files", type=click.Path(dir_okay=False), multiple=True, metavar="FILE",
    help="Consul's own agent configuration, JSON or HCL; more than once, the later wins.",
)  # fmt: skip
@click.option("--enable-script-checks", is_flag=True, help="Run script checks: whoever reaches the agent can then run commands.")
def dev(
    http_port: int | None,
    unix_path: str | None,
    acl_token: str | None,
    acl_default: Policy | None,
    consul_version: VersionName,
    data: str | None,
    datacenter: str | None,
    node: str | None,
    config_files: tuple[str, ...],
    *,
    enable_script_checks: bool,
) -> None:
    """Serve a simulated Consul agent, for development and tests.

    It answers as a `consul agent -dev` does, in memory, on 127.0.0.1, and keeps no quorum. When it is ready it prints where it listens
    to the standard output, one address on a line, as CONSUL_HTTP_ADDR takes it; all else goes to the standard error.
    SIGTERM, SIGINT and SIGHUP end it.
    """
    token = os.environ.get(_VARIABLE) if acl_token is None else acl_token
    os.environ.pop(_VARIABLE, None)  # scripts of checks have no business with it
    options = Options(
        http_port=http_port,
        unix_path=unix_path,
        acl_token=token,
        acl_default=acl_default,
        version=consul_version,
        data=data,
        datacenter=datacenter,
        node=node,
        config_files=config_files,
        script_checks=enable_script_checks,
    )
    try:
        run_dev(options, say=_say, note=lambda text: click.echo(f"consulate dev: {text}", err=True))
    except Problem as problem:
        raise click.ClickException(str(problem)) from None
