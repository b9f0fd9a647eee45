"""Serve a simulated Consul agent for development and tests."""

from __future__ import annotations

import os
import sys
from typing import get_args

import click

from consul_proto.simulator.engine.settings import Policy
from consul_proto.simulator.engine.versions import VersionName
from consulate.cli.dev.command import Options, run_dev

#: The variable that may hold the management token, so that the token does not show in the list of processes.
_VARIABLE = "CONSULATE_DEV_ACL_TOKEN"


def _say(text: str) -> None:
    """Print to standard output. Once its reader is gone, print nothing, and report no error at exit either."""
    try:
        click.echo(text)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.command()
@click.option(
    "--http-port", type=click.IntRange(-1, 65535), help="TCP port on 127.0.0.1: 0 picks a free port, -1 opens none.  [default: 8500]"
)
@click.option("--unix", "unix_path", type=click.Path(), metavar="PATH", help="Also listen on a UNIX socket at this path.")
@click.option("--acl-token", metavar="TOKEN", help=f"Turn ACLs on, with this management token. Safer: set the variable {_VARIABLE}.")
@click.option(
    "--acl-default", type=click.Choice(get_args(Policy)), help="What to do with requests that no ACL rule covers.  [default: deny]"
)
@click.option(
    "--consul-version", type=click.Choice(get_args(VersionName)), default="1.22.5", show_default=True, help="The Consul version to emulate."
)
@click.option("--data", type=click.Path(dir_okay=False), metavar="FILE", help="Load the state from this file, and save changes to it.")
@click.option("--datacenter", metavar="NAME", help="Name of the datacenter.  [default: dc1]")
@click.option("--node", metavar="NAME", help="Name of the node.  [default: consul]")
@click.option(
    "--config-file", "config_files", type=click.Path(dir_okay=False), multiple=True, metavar="FILE",
    help="A Consul agent configuration file, JSON or HCL. Can be given more than once: later files override earlier ones.",
)  # fmt: skip
@click.option(
    "--enable-script-checks", is_flag=True, help="Run script checks. Anyone who can reach the agent can then run commands as you."
)
def command(
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
    """Serve a simulated Consul agent for development and tests.

    It answers like `consul agent -dev`, on 127.0.0.1. It is not a real Consul: one node, in memory, no consensus.

    When it is ready, it prints its addresses to standard output, one per line, in the form that CONSUL_HTTP_ADDR
    takes. Notes and warnings go to standard error. SIGTERM, SIGINT or SIGHUP stops it.
    """
    token = os.environ.get(_VARIABLE) if acl_token is None else acl_token
    os.environ.pop(_VARIABLE, None)  # the scripts of checks must not see it
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
    run_dev(options, say=_say, note=lambda text: click.echo(f"consulate dev: {text}", err=True))
