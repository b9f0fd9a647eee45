"""The command `consulate`: the group that each command is added to."""

from __future__ import annotations

import click

from consulate import __version__
from consulate.cli.dev.options import dev


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def consulate() -> None:
    """Command-line tools of Consulate, a client for HashiCorp Consul."""


consulate.add_command(dev)
