"""JSON in the bodies of requests."""

from __future__ import annotations

import json
from typing import Any

from consul_proto.simulator.asking import Refusal

S: dict[str, Any] = dict.fromkeys(
    (
        "ID",
        "Service",
        "Name",
        "Kind",
        "Tags",
        "Address",
        "TaggedAddresses",
        "Meta",
        "Port",
        "Ports",
        "SocketPath",
        "Weights",
        "EnableTagOverride",
        "Proxy",
        "Connect",
        "Locality",
        "PeerName",
        "Datacenter",
        "Namespace",
        "Partition",
        "CreateIndex",
        "ModifyIndex",
    )
)
S["Weights"] = {"Passing": None, "Warning": None}
C: dict[str, Any] = dict.fromkeys(
    (
        "Node",
        "CheckID",
        "Name",
        "Status",
        "Notes",
        "Output",
        "ServiceID",
        "ServiceName",
        "ServiceTags",
        "Type",
        "Interval",
        "Timeout",
        "ExposedPort",
        "Definition",
        "Namespace",
        "Partition",
        "CreateIndex",
        "ModifyIndex",
    )
)
CATALOG_REGISTER: dict[str, Any] = dict.fromkeys(
    ("ID", "Node", "Address", "TaggedAddresses", "NodeMeta", "Datacenter", "SkipNodeUpdate", "Locality", "Namespace", "Partition")
) | {"Service": S, "Check": C, "Checks": C}
CATALOG_DEREGISTER: dict[str, Any] = dict.fromkeys(("Node", "ServiceID", "CheckID", "Datacenter", "Namespace", "Partition"))
A: dict[str, Any] = dict.fromkeys(
    (
        "CheckID",
        "ID",
        "Name",
        "Status",
        "Notes",
        "Args",
        "ScriptArgs",
        "HTTP",
        "H2PING",
        "H2PingUseTLS",
        "Header",
        "Method",
        "Body",
        "DisableRedirects",
        "TCP",
        "TCPUseTLS",
        "UDP",
        "Interval",
        "DockerContainerID",
        "Shell",
        "GRPC",
        "OSService",
        "GRPCUseTLS",
        "TLSServerName",
        "TLSSkipVerify",
        "AliasNode",
        "AliasService",
        "Timeout",
        "TTL",
        "SuccessBeforePassing",
        "FailuresBeforeWarning",
        "FailuresBeforeCritical",
        "DeregisterCriticalServiceAfter",
        "OutputMaxSize",
        "ProxyHTTP",
        "ProxyGRPC",
        "ServiceID",
        "Token",
        "Namespace",
        "Partition",
    )
)
CHECK_REGISTER = A
CHECK_UPDATE: dict[str, Any] = {"Status": None, "Output": None}
SERVICE_REGISTER: dict[str, Any] = dict.fromkeys(
    (
        "Kind",
        "ID",
        "Name",
        "Tags",
        "Address",
        "TaggedAddresses",
        "Meta",
        "Port",
        "Ports",
        "SocketPath",
        "Token",
        "EnableTagOverride",
        "Proxy",
        "Connect",
        "Locality",
        "Namespace",
        "Partition",
    )
) | {"Check": A, "Checks": A, "Weights": {"Passing": None, "Warning": None}}


def decode(body: bytes, fields: dict[str, Any], _version: str) -> dict[str, Any]:
    """A body with its members as they are written in the documentation. Raises Refusal."""
    if not body:
        raise Refusal(400, "Request decode failed: EOF")
    try:
        given: dict[str, Any] = json.loads(body)
    except ValueError:
        raise Refusal(400, "Request decode failed: unexpected EOF") from None
    named: dict[str, Any] = _named(given, fields)
    return named


def _named(given: Any, fields: Any) -> Any:
    if isinstance(given, list):
        return [_named(one, fields) for one in given]
    if not isinstance(given, dict) or not fields:
        return given
    known = {name.lower(): name for name in fields}
    out = {}
    for key, value in given.items():
        name = known.get(key.lower()) or known.get(key.lower().replace("_", ""))
        if name is None:
            raise Refusal(400, f'Request decode failed: json: unknown field "{key}"')
        out[name] = _named(value, fields[name])
    return out
