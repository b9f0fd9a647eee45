"""What a config entry must look like, as far as mistakes in it are usual.

https://developer.hashicorp.com/consul/docs/connect/config-entries
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from consul_proto.simulator.asking import Refusal, multierror
from consul_proto.simulator.checks import seconds
from consul_proto.simulator.durations import as_go_writes, nanoseconds
from consul_proto.simulator.filter_grammar import parse

Entry = Mapping[str, Any]

_PROTOCOLS = ("", "tcp", "http", "http2", "grpc")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")
_POLICIES = ("", "random", "round_robin", "least_request", "ring_hash", "maglev")
_HASHED = ("", "header", "cookie", "query_parameter")

#: How a header or a parameter may be matched, of which one says how.
_MATCHES = {"Header": ("Present", "Exact", "Prefix", "Suffix", "Regex"), "QueryParam": ("Present", "Exact", "Regex")}
_PATHS = ("PathExact", "PathPrefix", "PathRegex")

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|")
_SUBSET = re.compile(r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?")
_NO_SUBSET = (
    "must be 63 characters or fewer, begin or end with lower case alphanumeric characters, "
    "and contain lower case alphanumeric characters or '-' in between"
)

#: What is said of failovers, in 1.8.7 and since.
_NO_FAILOVER = {
    True: ("not a valid subset", " one of Service, ServiceSubset, Namespace, or Datacenters is required", ".ServiceSubset"),
    False: (
        "not a valid subset subset",
        ": one of Service, ServiceSubset, Namespace, Targets, SamenessGroup, or Datacenters is required",
        ": ServiceSubset",
    ),
}


#: The members of an entry by its kind, and those that it has since 1.8.
_COMMON, _COMMON_SINCE = ("Kind", "Name", "Meta", "CreateIndex", "ModifyIndex"), ("Hash",)
_MEMBERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "service-defaults": (
        ("Protocol", "MeshGateway", "Expose", "ExternalSNI"),
        (
            *("Mode", "TransparentProxy", "MutualTLSMode", "UpstreamConfig", "Destination", "MaxInboundConnections", "RateLimits"),
            *("LocalConnectTimeoutMs", "LocalRequestTimeoutMs", "BalanceInboundConnections", "EnvoyExtensions"),
        ),
    ),
    "proxy-defaults": (
        ("Config", "MeshGateway", "Expose"),
        ("Mode", "TransparentProxy", "MutualTLSMode", "AccessLogs", "EnvoyExtensions", "FailoverPolicy", "PrioritizeByLocality"),
    ),
    "service-router": (("Routes",), ()),
    "service-splitter": (("Splits",), ()),
    "service-resolver": (
        ("DefaultSubset", "Subsets", "Redirect", "Failover", "ConnectTimeout"),
        ("RequestTimeout", "PrioritizeByLocality", "LoadBalancer"),
    ),
    "ingress-gateway": (("TLS", "Listeners"), ("Defaults",)),
    "terminating-gateway": (("Services",), ()),
}

#: What is said of a value that its member does not take, in 1.8.7 and since.
_UNREADABLE = {True: "1 error(s) decoding:\n\n* ", False: "decoding failed due to the following error(s):\n\n"}
_DURATION = {True: "error decoding 'ConnectTimeout': {}", False: "'ConnectTimeout' time: invalid duration"}
_FLOAT = {
    True: "cannot parse 'Splits[{}].Weight' as float: strconv.ParseFloat: parsing \"{}\": invalid syntax",
    False: "'Splits[{}].Weight' cannot parse value as 'float32': strconv.ParseFloat: invalid syntax",
}


def an_object(value: Any) -> dict[str, Any]:
    """An object; in the place of anything else stands an empty one: here is not looked at what no type takes."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects; one object stands for a list of it."""
    return [an_object(one) for one in (value if isinstance(value, list) else [value] if isinstance(value, dict) else [])]


def unknown_members(given: Entry, kind: str, *, is_old: bool) -> str:
    """What is said of the members that an entry does not have, "" for none. Their own members are not looked at."""
    if kind not in _MEMBERS:
        return ""
    always, since = _MEMBERS[kind]
    known = {name.lower() for name in (*_COMMON, *always, *(() if is_old else (*_COMMON_SINCE, *since)))}
    lost = [name for name in given if name.replace("_", "").lower() not in known]
    more = {"namespace": ", namespaces are a consul enterprise feature"}
    return multierror([f'invalid config key "{name}"{more.get(name.lower(), "")}' for name in lost]) if lost else ""


def unreadable(entry: Entry, *, is_old: bool) -> str:
    """What is said of the first text that is no number, or no duration, and should be; "" for none."""
    timeout = entry.get("ConnectTimeout")
    if entry["Kind"] == "service-resolver" and isinstance(timeout, str):
        try:
            nanoseconds(timeout)
        except ValueError as error:
            return _UNREADABLE[is_old] + _DURATION[is_old].format(error)
    for number, split in enumerate(objects(entry.get("Splits")) if entry["Kind"] == "service-splitter" else ()):
        weight = split.get("Weight")
        if isinstance(weight, str) and not _NUMBER.fullmatch(weight):
            return _UNREADABLE[is_old] + _FLOAT[is_old].format(number, weight)
    return ""


def _weight(split: Entry) -> int:
    """Hundredths."""
    weight = split.get("Weight")
    number = float(weight) if isinstance(weight, int | float | str) and weight != "" else 0.0
    return round(number * 100) if isfinite(number) else 0


def check_entry(entry: Entry, *, is_old: bool) -> None:
    """Refuse the first mistake in an entry."""
    rules = {
        "service-defaults": _defaults,
        "service-router": _router,
        "service-splitter": _splitter,
        "service-resolver": _resolver,
        "service-intentions": _intentions,
    }
    faults = rules.get(entry["Kind"])
    if faults is not None and (fault := next(faults(entry, is_old), "")):
        raise Refusal(500, fault)


_PARTIAL, _LONGEST_DESCRIPTION = "wildcard character '*' cannot be used with partial values", 512


def _defaults(entry: Entry, is_old: bool) -> Iterator[str]:
    if is_old:
        return
    if entry["Name"] == "*":
        yield "service-defaults name must be the name of a service, and not a wildcard"
    protocol = str(entry.get("Protocol") or "").lower()
    if protocol not in _PROTOCOLS:
        yield multierror([f"invalid value for protocol: {protocol}"])


def _intentions(entry: Entry, _is_old: bool) -> Iterator[str]:
    sources = objects(entry.get("Sources"))
    if _is_partial(entry["Name"]):
        yield f"Name: {_PARTIAL}"
    if not sources:
        yield "At least one source is required"
    known: set[str] = set()
    for number, source in enumerate(sources):
        yield from (f"Sources[{number}].{fault}" for fault in _source(source))
        name = str(source.get("Name"))
        if name in known:
            yield f'Sources[{number}] defines "{name}" more than once'
        known.add(name)


def _source(source: Entry) -> Iterator[str]:
    """What is wrong with who may speak, or may not."""
    permissions, name = objects(source.get("Permissions")), str(source.get("Name") or "")
    if not name:
        yield "Name is required"
    if _is_partial(name):
        yield f"Name: {_PARTIAL}"
    if len(str(source.get("Description") or "")) > _LONGEST_DESCRIPTION:
        yield f"Description exceeds maximum length {_LONGEST_DESCRIPTION}"
    if source.get("LegacyMeta"):
        yield "LegacyMeta must be omitted"
    if permissions and source.get("Action"):
        yield "Action must be omitted if Permissions are specified"
    acting: list[tuple[str, Entry]] = [(f"Permissions[{number}].", one) for number, one in enumerate(permissions)] or [("", source)]
    for place, one in acting:
        if one.get("Action") not in ("allow", "deny"):
            yield f"{place}Action must be set to 'allow' or 'deny'"
    if source.get("Type") not in (None, "", "consul"):
        yield "Type must be set to 'consul'"


def _is_partial(name: str) -> bool:
    return "*" in name and name != "*"


def _splitter(entry: Entry, is_old: bool) -> Iterator[str]:
    splits = objects(entry.get("Splits"))
    if not splits:
        yield "no splits configured"
    known: set[tuple[str, str]] = set()
    for split in splits:
        target = str(split.get("Service") or entry["Name"]), str(split.get("ServiceSubset") or "")
        if target in known:
            more = "" if is_old else ', partition=""'
            yield f'split destination occurs more than once: service="{target[0]}", subset="{target[1]}", namespace=""{more}'
        known.add(target)
    total = sum(map(_weight, splits))
    if total != 10000:
        yield f"the sum of all split weights must be 100, not {total / 100:f}"


def _member(holder: Any, name: str) -> Any:
    """A member, however its name is written."""
    return next((value for own, value in holder.items() if own.lower() == name.lower()), None) if isinstance(holder, dict) else None


def _router(entry: Entry, is_old: bool) -> Iterator[str]:
    for number, route in enumerate(objects(entry.get("Routes"))):
        match = an_object(_member(_member(route, "Match"), "HTTP"))
        rewrites = an_object(route.get("Destination")).get("PrefixRewrite")
        yield from (f"Route[{number}] {fault}" for fault in _matched(match, is_old))
        if rewrites and not (match.get("PathExact") or match.get("PathPrefix")):
            yield f"Route[{number}] cannot make use of PrefixRewrite without configuring either PathExact or PathPrefix"


def _matched(match: Entry, is_old: bool) -> Iterator[str]:
    """What is wrong with what a route matches."""
    for name in _PATHS[:2]:
        path = str(match.get(name) or "")
        if path and not path.startswith("/"):
            yield f"{name} doesn't start with '/': \"{path}\""
    if sum(bool(match.get(name)) for name in _PATHS) > 1:
        yield "should only contain at most one of PathExact, PathPrefix, or PathRegex"
    for member, ways in _MATCHES.items():
        for number, one in enumerate(objects(match.get(member))):
            if not one.get("Name"):
                yield f"{member}[{number}] missing required Name field"
            if sum(bool(one.get(way)) for way in ways) != 1:
                yield f"{member}[{number}] should only contain one of {', '.join(ways[:-1])}, or {ways[-1]}"
    given = match.get("Methods")
    methods = [str(method).upper() for method in given] if isinstance(given, list) else []
    for number, method in enumerate(methods):
        if method not in _METHODS and not is_old:
            yield f'Methods contains an invalid method "{method}"'
        if method in methods[:number]:
            yield f'Methods contains "{method}" more than once'


def _resolver(entry: Entry, is_old: bool) -> Iterator[str]:
    subsets = an_object(entry.get("Subsets"))
    for name in subsets:
        if not name:
            yield "Subset defined with empty name"
        if not _SUBSET.fullmatch(name):
            yield f'Subset "{name}" is invalid: {_NO_SUBSET}'
        if not is_old and (fault := _misread(str(an_object(subsets[name]).get("Filter") or ""))):
            yield f'Filter for subset "{name}" is not a valid expression: {fault}'
    default = str(entry.get("DefaultSubset") or "")
    if default and default not in subsets:
        yield f'DefaultSubset "{default}" is not a valid subset'
    yield from _redirect(entry, subsets)
    for name, failover in an_object(entry.get("Failover")).items():
        yield from (f'Bad Failover["{name}"]{fault}' for fault in _failover(entry, name, an_object(failover), is_old))
    given = entry.get("ConnectTimeout")
    if isinstance(given, int | float | str) and (timeout := seconds(given)) < 0:
        yield f"Bad ConnectTimeout '{as_go_writes(timeout)}', must be >= 0"
    balancer = an_object(entry.get("LoadBalancer"))
    if str(balancer.get("Policy") or "") not in _POLICIES:
        yield f'Bad LoadBalancer policy: "{balancer["Policy"]}" is not supported'
    for number, policy in enumerate(objects(balancer.get("HashPolicies"))):
        if str(policy.get("Field") or "") not in _HASHED:
            yield f'Bad LoadBalancer HashPolicy[{number}]: "{policy["Field"]}" is not a supported field'


def _misread(expression: str) -> str:
    """What is wrong with a filter, as far as it can be told without what it is for."""
    if not expression:
        return ""
    try:
        parse(expression)
    except SyntaxError as error:
        return str(error)
    return ""


def _redirect(entry: Entry, subsets: Entry) -> Iterator[str]:
    redirect = entry.get("Redirect")
    if not isinstance(redirect, dict):
        return
    service, subset = str(redirect.get("Service") or ""), str(redirect.get("ServiceSubset") or "")
    if entry.get("Failover"):
        yield "Redirect and Failover cannot both be set"
    if not any(redirect.values()):
        yield "Redirect is empty"
    if subset and not service:
        yield "Redirect.ServiceSubset defined without Redirect.Service"
    if subset and service == entry["Name"] and subset not in subsets:
        yield f'Redirect.ServiceSubset "{subset}" is not a valid subset of "{service}"'


def _failover(entry: Entry, name: str, failover: Entry, is_old: bool) -> Iterator[str]:
    unknown, empty, of_subset = _NO_FAILOVER[is_old]
    subsets = an_object(entry.get("Subsets"))
    service, subset = str(failover.get("Service") or ""), str(failover.get("ServiceSubset") or "")
    if name not in ("*", *subsets):
        yield f": {unknown}"
    if not any(failover.values()):
        yield empty
    if subset and service in ("", entry["Name"]) and subset not in subsets:
        yield f'{of_subset} "{subset}" is not a valid subset of "{service}"'
    places = failover.get("Datacenters")
    if isinstance(places, list) and "" in places:
        yield ".Datacenters: found empty datacenter"
