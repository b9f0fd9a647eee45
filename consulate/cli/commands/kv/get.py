"""Print the value of a key, or of all keys with a prefix."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from consulate.cli.output import Column, json_option, write, write_json, write_rows
from consulate.cli.problems import Problem
from consulate.cli.suggestions import suggest_keys

if TYPE_CHECKING:
    from consul_proto.types.kv import Record
    from consulate.cli.connection import Connection
    from consulate.client import Consul


@click.command()
@click.argument("key", shell_complete=suggest_keys)
@click.option("-r", "--recurse", is_flag=True, help="Print all keys that begin with KEY: key, tab and value, one per line.")
@click.option("-t", "--trim", type=click.IntRange(0), default=0, metavar="N", help="With -r: leave out the first N parts of each key.")
@click.option("--raw", is_flag=True, help="Print the value byte for byte, without a line break after it.")
@json_option
@click.pass_obj
def command(connection: Connection, key: str, trim: int, *, recurse: bool, raw: bool, as_json: bool) -> None:
    """Print the value of KEY, as it is stored, and a line break.

    With --json, print the objects of Consul's API, whose values are base64; `kv restore` reads the list of -r.
    """
    with connection.client() as consul:
        if recurse:
            _print_tree(consul, key, trim, as_json=as_json)
        elif as_json:
            write_json(_api_object(consul.kv.get_record(key, raw=True)))
        else:
            write(_value(consul.kv.read(key, raw=True)) + (b"" if raw else b"\n"))


def _print_tree(consul: Consul, prefix: str, trim: int, *, as_json: bool) -> None:
    count = 0

    def rows(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
        nonlocal count
        for count, record in enumerate(records, 1):  # noqa: B007 - it is read after the loop
            yield trimmed(record["Key"], trim), os.fsdecode(_value(record["Value"]))

    with consul.kv.stream_records(prefix, raw=True) as records:
        if as_json:
            found = [_api_object(record) for record in records]
            count = len(found)
            write_json(found)
        else:
            write_rows((Column("Key"), Column("Value")), rows(records), line="{}\t{}".format)
    if not count:
        raise Problem(f"there is no key that begins with {prefix!r}; `consulate kv ls` lists all keys")


def trimmed(key: str, parts: int) -> str:
    """Return a key without its first parts, but never without its last."""
    split = key.split("/")
    last = 2 if key.endswith("/") else 1
    return "/".join(split[min(parts, len(split) - last) :])


def _value(stored: Any) -> bytes:
    """Return the stored bytes, of a call with raw=True."""
    value: bytes = stored
    return value


def _api_object(record: Record) -> dict[str, object]:
    return {**record, "Value": b64encode(_value(record["Value"])).decode()}
