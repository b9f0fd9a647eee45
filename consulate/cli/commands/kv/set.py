"""Write a value to a key."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from consulate.cli.output import dry_run_option, write_line
from consulate.cli.problems import USAGE, Problem
from consulate.cli.suggestions import suggest_files, suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=suggest_keys)
@click.argument("value", required=False)
@click.option("--file", metavar="FILE", shell_complete=suggest_files, help="Store the bytes of this file; - reads standard input.")
@dry_run_option
@click.pass_obj
def command(connection: Connection, key: str, value: str | None, file: str | None, *, dry_run: bool) -> None:
    """Write VALUE to KEY. A key that exists keeps its flags.

    If VALUE may begin with a hyphen, write -- before KEY: otherwise -h, for example, is an option.
    """
    if (value is None) == (file is None):
        raise Problem("give either VALUE or --file FILE", USAGE)
    with connection.client() as consul:
        stored = os.fsencode(value) if value is not None else _content(str(file))
        if dry_run:
            consul.ops.kv.put(key, stored)  # it checks the key
            write_line(f"would write {len(stored)} bytes to {key}")
        else:
            consul.kv.set(key, stored)


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    from pathlib import Path  # only this needs it

    return Path(file).read_bytes()
