"""Rules for config entries: https://developer.hashicorp.com/consul/docs/reference/config-entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from struct import pack, unpack
from typing import Any

from consul_proto.simulator.config import defaults_rules, gateway_rules, intention_sources
from consul_proto.simulator.config.http_matching import TOO_MANY_PATHS, of_methods, of_paths, of_ways, paths
from consul_proto.simulator.config.metadata import of_all_metadata
from consul_proto.simulator.config.resolver_rules import of_resolver
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.versions import V1_X, Version

Entry = Mapping[str, Any]

#: The ways to match a header or a parameter. One of them must be set.
_MATCHES = {"Header": ("Present", "Exact", "Prefix", "Suffix", "Regex"), "QueryParam": ("Present", "Exact", "Regex")}

#: The conditions for a retry.
_RETRIED = frozenset(
    (
        *("5xx", "gateway-error", "reset", "connect-failure", "envoy-ratelimited", "retriable-4xx", "refused-stream", "cancelled"),
        *("deadline-exceeded", "internal", "resource-exhausted", "unavailable"),
    )
)


def check_entry(entry: Entry, *, version: Version) -> None:
    """Refuse the first fault of an entry."""
    faults = _RULES.get(entry["Kind"])
    if faults is not None and (fault := next(faults(entry, version), "")):
        raise Refusal(500, fault)


def _of_splitter(entry: Entry, version: Version) -> Iterator[str]:
    splits = entry["Splits"] or ()
    if not splits:
        yield "no splits configured"
    yield from of_all_metadata(entry)
    known: set[tuple[str, ...]] = set()
    for split in splits:
        service = split.get("Service") or entry["Name"]
        subset, namespace, partition = (split.get(member) or "" for member in ("ServiceSubset", "Namespace", "Partition"))
        target = service, subset, namespace, partition
        if target in known:
            more = "" if version < V1_X else f', partition="{partition}"'
            yield f'split destination occurs more than once: service="{service}", subset="{subset}", namespace="{namespace}"{more}'
        known.add(target)
    total = sum(round(split["Weight"] * 100) for split in splits)
    if total != 10000:
        (shown,) = unpack("f", pack("f", total / 100))
        yield f"the sum of all split weights must be 100, not {shown:f}"


def _of_router(entry: Entry, version: Version) -> Iterator[str]:
    yield from of_all_metadata(entry)
    for number, route in enumerate(entry["Routes"] or ()):
        match: Entry = (route.get("Match") or {}).get("HTTP") or {}
        destination: Entry = route.get("Destination") or {}
        yield from (f"Route[{number}] {fault}" for fault in _of_match(match, version))
        if destination.get("PrefixRewrite") and not (match.get("PathExact") or match.get("PathPrefix")):
            yield f"Route[{number}] cannot make use of PrefixRewrite without configuring either PathExact or PathPrefix"
        yield from (f"Route[{number}] {fault}" for fault in _of_retries(destination))


def _of_retries(destination: Entry) -> Iterator[str]:
    for condition in destination.get("RetryOn") or ():
        if condition not in _RETRIED:
            yield f'contains an invalid retry condition: "{condition}"'


def _of_match(match: Entry, version: Version) -> Iterator[str]:
    """Return the faults of a route's conditions."""
    yield from of_paths(match, "")
    if len(paths(match)) > 1:
        yield TOO_MANY_PATHS
    for member, ways in _MATCHES.items():
        for number, one in enumerate(match.get(member) or ()):
            yield from (f"{member}[{number}] {fault}" for fault in of_ways(one, ways))
    yield from of_methods(match, version=version)


_RULES: dict[str, Callable[[Entry, Version], Iterator[str]]] = {
    "service-defaults": defaults_rules.of_service,
    "proxy-defaults": defaults_rules.of_proxies,
    "service-intentions": intention_sources.faults,
    "service-splitter": _of_splitter,
    "exported-services": gateway_rules.of_exported,
    "service-router": _of_router,
    "service-resolver": of_resolver,
    "ingress-gateway": gateway_rules.of_ingress,
    "terminating-gateway": gateway_rules.of_terminating,
    "mesh": gateway_rules.of_mesh,
}
