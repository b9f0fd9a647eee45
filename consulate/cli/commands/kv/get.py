"""Print the value of a key, or of all keys with a prefix."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from consulate.cli.output import Column, is_terminal, json_option, write, write_json, write_rows
from consulate.cli.problems import Problem

if TYPE_CHECKING:
    from consul_proto.types.kv import Record
    from consulate.cli.connection import Connection
    from consulate.client import Consul


@click.command()
@click.argument("key")
@click.option("-r", "--recurse", is_flag=True, help="Print all keys that begin with KEY: key, tab and value, one per line.")
@click.option("-t", "--trim", type=click.IntRange(0), default=0, metavar="N", help="With -r: leave out the first N parts of each key.")
@click.option("--raw", is_flag=True, help="Print the value byte for byte, without a line break after it.")
@json_option
@click.pass_obj
def command(connection: Connection, key: str, trim: int, *, recurse: bool, raw: bool, as_json: bool) -> None:
    """Print the value of KEY, as it is stored, and a line break.

    With --json, print the objects of Consul's API, whose values are base64; `kv restore` reads them.
    """
    with connection.client() as consul:
        if recurse:
            _print_tree(consul, key, trim, as_json=as_json)
        elif as_json:
            write_json(_api_object(consul.kv.get_record(key, raw=True)))
        else:
            write(_value(consul.kv.read(key, raw=True)) + (b"" if raw else b"\n"))


def _print_tree(consul: Consul, prefix: str, trim: int, *, as_json: bool) -> None:
    with consul.kv.stream_records(prefix, raw=True) as records:
        if as_json:
            found = [_api_object(record) for record in records]
            write_json(found)
            count = len(found)
        else:
            count = _print_rows(records, trim)
    if not count:
        raise Problem(f"there is no key that begins with {prefix!r}; `consulate kv ls` lists all keys")


def _print_rows(records: Iterable[Record], trim: int) -> int:
    count = 0

    def rows() -> Iterable[tuple[str, str]]:
        nonlocal count
        for record in records:
            count += 1
            yield trimmed(record["Key"], trim), os.fsdecode(_value(record["Value"]))

    # A table of nothing is no answer: what there is decides.
    if is_terminal():
        listed = list(rows())
        if listed:
            write_rows((Column("Key"), Column("Value")), listed, line="{}\t{}".format)
    else:
        write_rows((), rows(), line="{}\t{}".format)
    return count


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
