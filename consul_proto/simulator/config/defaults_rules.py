"""Rules for service-defaults and proxy-defaults.

https://developer.hashicorp.com/consul/docs/reference/config-entry/service-defaults and proxy-defaults there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from consul_proto.simulator.config.metadata import of_all_metadata, of_metadata
from consul_proto.simulator.engine.answers import multierror
from consul_proto.simulator.engine.versions import V1_9, V1_X, Version
from consul_proto.simulator.go.json import Anything, decode
from consul_proto.simulator.go.json_text import Unreadable

Entry = Mapping[str, Any]

_PROTOCOLS = ("", "tcp", "http", "http2", "grpc")

#: Envoy extensions that are part of Consul: https://developer.hashicorp.com/consul/docs/envoy-extension
_EXTENSIONS = frozenset(
    f"builtin/{name}" for name in ("aws/lambda", "ext-authz", "lua", "otel-access-logging", "property-override", "proxy/validate", "wasm")
)

_LOG_TYPES = ("", "file", "stderr", "stdout")

_PERCENTAGES = (("MaxEjectionPercent", "max_ejection_percent"), ("EnforcingConsecutive5xx", "enforcing_consecutive_5xx"))

_LIMITS = (
    ("MaxConnections", "max connections"),
    ("MaxPendingRequests", "max pending requests"),
    ("MaxConcurrentRequests", "max concurrent requests"),
)

_HIGHEST_PORT, _WHOLE = 65535, 100


def of_service(entry: Entry, version: Version) -> Iterator[str]:
    """Return the faults of the defaults of a service."""
    if entry["Name"] == "*" and version >= V1_X:
        yield "service-defaults name must be the name of a service, and not a wildcard"
    found = [*of_metadata(entry), *([] if version < V1_9 else _of_protocol(entry))]
    upstreams, destination = entry.get("UpstreamConfig"), entry.get("Destination")
    if upstreams is not None and destination is not None:
        yield multierror([*found, "UpstreamConfig and Destination are mutually exclusive for service defaults"])
    yield from _of_mutual_tls(entry)
    if found := [*found, *_of_upstreams(upstreams or {}), *_of_destination(destination), *_of_members(entry)]:
        yield multierror(found)


def _of_mutual_tls(entry: Entry) -> Iterator[str]:
    mode = entry.get("MutualTLSMode") or ""
    if mode not in ("", "strict", "permissive"):
        yield f'Invalid MutualTLSMode "{mode}". Must be one of "", "strict", or "permissive".'


def _of_protocol(entry: Entry) -> Iterator[str]:
    balance = entry.get("BalanceInboundConnections") or ""
    if balance not in ("", "exact_balance"):
        yield f"invalid value for balance_inbound_connections: {balance}"
    if entry["Protocol"] not in _PROTOCOLS:
        yield f"invalid value for protocol: {entry['Protocol']}"


def _of_members(entry: Entry) -> Iterator[str]:
    if entry.get("RateLimits") is not None:
        yield "invalid rate_limits config. Rate limiting is a consul enterprise feature"
    yield from _of_extensions(entry)


def _of_extensions(entry: Entry) -> Iterator[str]:
    for number, extension in enumerate(entry.get("EnvoyExtensions") or ()):
        name = extension["Name"]
        if not name:
            yield f"invalid EnvoyExtensions[{number}]: Name is required"
        elif name not in _EXTENSIONS:
            yield f'invalid EnvoyExtensions[{number}][{name}]: name "{name}" is not a built-in extension'


def _of_upstreams(upstreams: Entry) -> Iterator[str]:
    for upstream in upstreams.get("Overrides") or ():
        name, peer = upstream.get("Name") or "", upstream.get("Peer") or ""
        where = f"error in upstream override for {name}:{peer}:"
        if not name:
            yield f"{where} Name is required"
        elif name == "*":
            yield f"{where} Wildcard name is not supported"
        elif faults := [*_of_upstream(upstream)]:
            yield f"{where} {multierror(faults)}"
    defaults = upstreams.get("Defaults") or {}
    if defaults.get("Name"):
        yield "error in upstream defaults: Name must be empty"
    elif faults := [*_of_upstream(defaults)]:
        yield f"error in upstream defaults: {multierror(faults)}"


def _of_upstream(upstream: Entry) -> Iterator[str]:
    yield from islice(_of_health(upstream.get("PassiveHealthCheck") or {}), 1)
    limits = upstream.get("Limits") or {}
    for member, shown in _LIMITS:
        if limits.get(member) is not None and limits[member] < 0:
            yield f"{shown} cannot be negative"
    balance = upstream.get("BalanceOutboundConnections") or ""
    if balance not in ("", "exact_balance"):
        yield f"invalid value for balance_outbound_connections: {balance}"


def _of_health(health: Entry) -> Iterator[str]:
    if health.get("Interval", 0) < 0:
        yield "passive health check interval cannot be negative"
    for member, shown in _PERCENTAGES:
        if health.get(member) is not None and health[member] > _WHOLE:
            yield f"passive health check {shown} must be a percentage between 0 and {_WHOLE}"


def _of_destination(destination: Entry | None) -> Iterator[str]:
    if destination is None:
        return
    addresses, port = destination.get("Addresses") or (), destination.get("Port") or 0
    if not addresses:
        yield "Destination must contain at least one valid address"
    for number, address in enumerate(addresses):
        if address in addresses[:number]:
            yield f"Duplicate address '{address}' is not allowed"
        elif not address or "*" in address or ".." in address:
            yield f"Destination address '{address}' is invalid Could not validate address {address} as an IP or Hostname"
    if not 0 < port <= _HIGHEST_PORT:
        yield f"Invalid Port number {port}"


def of_proxies(entry: Entry, version: Version) -> Iterator[str]:
    """Return the faults of the defaults of all proxies."""
    yield from _of_logs({} if version < V1_X else entry["AccessLogs"], version)
    yield from of_all_metadata(entry)
    if found := [*_of_extensions(entry)]:
        yield multierror(found)
    yield from of_failover(entry.get("FailoverPolicy") or {})
    yield from of_locality(entry)
    yield from _of_mutual_tls(entry)


def of_failover(policy: Entry) -> Iterator[str]:
    """Return the faults of a failover policy."""
    if (policy.get("Mode") or "") not in ("", "sequential", "order-by-locality"):
        yield "Failover-policy mode must be one of '', 'sequential', or 'order-by-locality'"


def of_locality(entry: Entry) -> Iterator[str]:
    """Return the faults of priorities by locality."""
    if (entry.get("PrioritizeByLocality") or {}).get("Mode"):
        yield "Prioritize-by-locality requires Consul Enterprise "


def _of_logs(logs: Entry, version: Version) -> Iterator[str]:
    kind, path = logs.get("Type") or "", logs.get("Path")
    if kind not in _LOG_TYPES:
        yield f"invalid access log type: {kind}"
    if logs.get("JSONFormat") and logs.get("TextFormat"):
        yield "cannot specify both access log JSONFormat and TextFormat"
    if path and kind != "file":
        yield "path is only valid for file type access logs"
    if kind == "file" and not path:
        yield "path must be specified when using file type access logs"
    if logs.get("JSONFormat"):
        try:
            decode(logs["JSONFormat"].encode(), Anything(), version=version)
        except Unreadable as reason:
            yield f"invalid access log json for JSON format: {reason}"
