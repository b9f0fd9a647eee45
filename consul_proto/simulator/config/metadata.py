"""Rules for the metadata of config entries: https://developer.hashicorp.com/consul/docs/reference/config-entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.engine.answers import multierror

Entry = Mapping[str, Any]

#: The most members, and the longest names and values.
_MOST, _LONGEST_KEY, _LONGEST_VALUE = 64, 128, 512


def of_metadata(entry: Entry) -> Iterator[str]:
    """Return the faults, one by one."""
    meta = entry.get("Meta") or {}
    if len(meta) > _MOST:
        yield f"Meta exceeds maximum element count {_MOST}"
    for key, value in meta.items():
        if len(key) > _LONGEST_KEY:
            yield f'Meta key "{key}" exceeds maximum length {_LONGEST_KEY}'
        if len(value) > _LONGEST_VALUE:
            yield f'Meta value for key "{key}" exceeds maximum length {_LONGEST_VALUE}'


def of_all_metadata(entry: Entry) -> Iterator[str]:
    """Return all faults as one."""
    if found := [*of_metadata(entry)]:
        yield multierror(found)
