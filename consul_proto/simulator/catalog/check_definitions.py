"""The definition of a check in the catalog: what is registered, and what is shown.

https://developer.hashicorp.com/consul/api-docs/catalog#register-entity: Consul does not run these checks; programs such as Consul ESM do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consul_proto.simulator.go.durations import as_go_writes, nanoseconds
from consul_proto.simulator.go.json import Bool, Duration, Integer, ListOf, MapOf, Shape, Struct, Text

_TEXT, _BOOL, _TEXTS = Text(), Bool(), ListOf(Text())

_DURATIONS = ("Interval", "Timeout", "DeregisterCriticalServiceAfter")

#: Go's name of a type without a name is a page long; errors show its beginning.
_ANONYMOUS = "struct { }"

_SHARED: dict[str, Shape] = {
    **dict.fromkeys(("HTTP", "Method", "Body", "TCP"), _TEXT),
    "Header": MapOf(_TEXTS),
    "TLSSkipVerify": _BOOL,
    **dict.fromkeys(_DURATIONS, Duration()),
}

_LATER: dict[str, Shape] = {
    **dict.fromkeys(("TLSServerName", "UDP", "H2PING", "OSService"), _TEXT),
    **dict.fromkeys(("TCPUseTLS", "DisableRedirects", "H2PingUseTLS"), _BOOL),
}

#: The type for `/v1/catalog/register`.
CATALOG_DEFINITION = Struct(
    _ANONYMOUS,
    {
        **_SHARED,
        **dict.fromkeys(("DockerContainerID", "Shell", "GRPC", "AliasNode", "AliasService"), _TEXT),
        "ScriptArgs": _TEXTS,
        "GRPCUseTLS": _BOOL,
        "OutputMaxSize": Integer("uint", 0, 2**64 - 1),
        "TTL": Duration(),
        **_LATER,
    },
    tuple(_LATER),
    unknown="ignored",
    own=(*_DURATIONS, "TTL"),
)

_SINCE_TXN: dict[str, Shape] = {
    **dict.fromkeys(("TLSServerName", "UDP", "GRPC", "OSService"), _TEXT),
    **dict.fromkeys(("TCPUseTLS", "GRPCUseTLS"), _BOOL),
}

#: The type for `/v1/txn`, which is the official client's.
TXN_DEFINITION = Struct(
    _ANONYMOUS,
    {**_SHARED, **{f"{name}Duration": Duration() for name in _DURATIONS}, **_SINCE_TXN},
    tuple(_SINCE_TXN),
    unknown="ignored",
    own=(*_DURATIONS, *(f"{name}Duration" for name in _DURATIONS)),
)

#: The kind of a check by the members of its definition: the first match counts. The bool: whether it needs an interval.
_KINDS = (
    *(("GRPC", True, "grpc"), ("HTTP", True, "http"), ("TTL", False, "ttl"), ("TCP", True, "tcp"), ("UDP", True, "udp")),
    *(("AliasNode", False, "alias"), ("AliasService", False, "alias"), ("ScriptArgs", True, "script")),
    *(("H2PING", True, "h2ping"), ("OSService", True, "os_service")),
)


def of_transaction(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition as a transaction passes it to the catalog: one name for each duration, and no UDP."""
    taken = {name: value for name, value in given.items() if name in TXN_DEFINITION.members and name != "UDP"}
    for name in _DURATIONS:
        lasting = taken.pop(f"{name}Duration", None)
        if lasting is not None:
            taken[name] = lasting
    return taken


def render_definition(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition as in answers: without empty members."""
    lasting = {name: _nanoseconds(given.get(name)) for name in (*_DURATIONS, "TTL")}
    said = {name: value for name, value in given.items() if value and name not in lasting}
    written = {name: as_go_writes(lasting[name] / 10**9) for name in _DURATIONS if lasting[name]}
    return written | said | ({"TTL": lasting["TTL"]} if lasting["TTL"] else {})


def kind_of_check(definition: Mapping[str, Any]) -> str:
    """Return the type of a check that does not name one."""
    for name, needs_interval, kind in _KINDS:
        if definition.get(name) and (definition.get("Interval") or not needs_interval):
            return "docker" if kind == "script" and definition.get("DockerContainerID") else kind
    return ""


def _nanoseconds(lasting: str | int | None) -> int:
    return nanoseconds(lasting) if isinstance(lasting, str) else lasting or 0
