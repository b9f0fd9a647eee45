"""List keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from consulate.cli.output import Column, json_option, write_json, write_line, write_rows
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consulate.cli.connection import Connection
    from consulate.client import Consul

_COLUMNS = (Column("Size", right=True), Column("Flags", right=True), Column("Changed at", right=True), Column("Key"))


@click.command()
@click.argument("key", default="", shell_complete=suggest_keys)
@click.option("-l", "--long", "is_long", is_flag=True, help="Print the size in bytes, the flags and the ModifyIndex before each key.")
@json_option
@click.pass_obj
def command(connection: Connection, key: str, *, is_long: bool, as_json: bool) -> None:
    """List all keys that begin with KEY, one per line."""
    with connection.client() as consul:
        if is_long:
            _list_long(consul, key, as_json=as_json)
            return
        keys = consul.kv.keys(key)
    if as_json:
        write_json(keys)
    else:
        for name in keys:
            write_line(name)


def _list_long(consul: Consul, prefix: str, *, as_json: bool) -> None:
    with consul.kv.stream_records(prefix, raw=True) as records:

        def rows() -> Iterator[tuple[int, int, int, str]]:
            for record in records:
                value: Any = record["Value"]
                yield len(value), record["Flags"], record["ModifyIndex"], record["Key"]

        if as_json:
            names = ("Size", "Flags", "ModifyIndex", "Key")
            write_json([dict(zip(names, row, strict=True)) for row in rows()])
        else:
            write_rows(_COLUMNS, rows(), line="{:>10} {:>10} {:>10} {}".format)
