"""Rules for service-resolver: https://developer.hashicorp.com/consul/docs/reference/config-entry/service-resolver."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.config.defaults_rules import of_locality
from consul_proto.simulator.config.metadata import of_all_metadata
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick
from consul_proto.simulator.filters.grammar import parse

Entry = Mapping[str, Any]

#: The policies, and the members that each may have.
_POLICIES: dict[str, tuple[str, ...]] = {
    "": (),
    "random": (),
    "round_robin": (),
    "least_request": ("LeastRequestConfig",),
    "ring_hash": ("RingHashConfig", "HashPolicies"),
    "maglev": ("HashPolicies",),
}
_HASHED = ("", "header", "cookie", "query_parameter")

_LONGEST_SUBSET = 63
_SUBSET = re.compile(r"[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?")
_NO_SUBSET = (
    "must be 63 characters or fewer, begin or end with lower case alphanumeric characters, "
    "and contain lower case alphanumeric characters or '-' in between"
)

#: The errors about failovers, by version.
_NO_FAILOVER = {
    V1_8: ("not a valid subset", " one of Service, ServiceSubset, Namespace, or Datacenters is required", ".ServiceSubset"),
    V1_X: (
        "not a valid subset subset",
        ": one of Service, ServiceSubset, Namespace, Targets, SamenessGroup, or Datacenters is required",
        ": ServiceSubset",
    ),
}

_OF_ENTERPRISE = ("Partition", "Namespace", "SamenessGroup")


def of_resolver(entry: Entry, version: Version) -> Iterator[str]:
    """Return the faults of a resolver."""
    yield from of_all_metadata(entry)
    subsets = entry.get("Subsets") or {}
    yield from _of_subsets(subsets, version)
    default = entry.get("DefaultSubset") or ""
    if default and default not in subsets:
        yield f'DefaultSubset "{default}" is not a valid subset'
    yield from of_locality(entry)
    if entry.get("Redirect") is not None:
        yield from _of_redirect(entry, entry["Redirect"], version)
    for name, failover in (entry.get("Failover") or {}).items():
        yield from (f'Bad Failover["{name}"]{fault}' for fault in _of_failover(entry, name, failover, version))
    for name in ("ConnectTimeout", "RequestTimeout"):
        timeout = entry.get(name) or ""
        if timeout.startswith("-"):
            yield f"Bad {name} '{timeout}', must be >= 0"
    yield from _of_balancer(entry.get("LoadBalancer") or {})


def _of_subsets(subsets: Entry, version: Version) -> Iterator[str]:
    for name, subset in subsets.items():
        if not name:
            yield "Subset defined with empty name"
        if len(name) > _LONGEST_SUBSET:
            yield f'Subset "{name}" is invalid: must be non-empty and {_LONGEST_SUBSET} characters or fewer'
        if not _SUBSET.fullmatch(name):
            yield f'Subset "{name}" is invalid: {_NO_SUBSET}'
        if version >= V1_X and (fault := _filter_fault(subset.get("Filter") or "")):
            yield f'Filter for subset "{name}" is not a valid expression: {fault}'


def _filter_fault(expression: str) -> str:
    """Return what is wrong with the syntax of a filter, "" for nothing."""
    if not expression:
        return ""
    try:
        parse(expression)
    except SyntaxError as error:
        return str(error)
    return ""


def _of_redirect(entry: Entry, redirect: Entry, version: Version) -> Iterator[str]:
    service, subset = redirect.get("Service") or "", redirect.get("ServiceSubset") or ""
    yield from (f"Redirect: {fault}" for fault in _of_enterprise(redirect, version))
    if entry.get("Failover"):
        yield "Redirect and Failover cannot both be set"
    if not any(redirect.values()):
        yield "Redirect is empty"
    for other in ("Partition", "ServiceSubset", "Datacenter"):
        if redirect.get("Peer") and redirect.get(other):
            yield f"Redirect.Peer cannot be set with Redirect.{other}"
    for member in ("ServiceSubset", "Namespace", "Peer"):
        if redirect.get(member) and not service:
            yield f"Redirect.{member} defined without Redirect.Service"
    if subset and service == entry["Name"] and subset not in (entry.get("Subsets") or ()):
        yield f'Redirect.ServiceSubset "{subset}" is not a valid subset of "{service}"'


def _of_enterprise(target: Entry, version: Version) -> Iterator[str]:
    if version < V1_X:
        return
    for member in _OF_ENTERPRISE:
        if target.get(member):
            yield f"Setting {member} requires Consul Enterprise"


def _of_failover(entry: Entry, name: str, failover: Entry, version: Version) -> Iterator[str]:
    unknown, empty, of_subset = pick(_NO_FAILOVER, version)
    subsets, targets = entry.get("Subsets") or {}, failover.get("Targets") or ()
    service, subset = failover.get("Service") or "", failover.get("ServiceSubset") or ""
    yield from (f": {fault}" for fault in _of_enterprise(failover, version))
    if name not in ("*", *subsets):
        yield f": {unknown}"
    if not any(value for member, value in failover.items() if member != "Policy"):
        yield empty
    if (failover.get("Policy") or {}).get("Mode"):
        yield ": Setting failover policies requires Consul Enterprise"
    if subset and service in ("", entry["Name"]) and subset not in subsets:
        yield f'{of_subset} "{subset}" is not a valid subset of "{service}"'
    for other in ("Datacenters", "ServiceSubset", "Service"):
        if targets and failover.get(other):
            yield f": Targets cannot be set with {other}"
    if "" in (failover.get("Datacenters") or ()):
        yield ".Datacenters: found empty datacenter"
    for number, target in enumerate(targets):
        yield from (f".Targets[{number}]: {fault}" for fault in _of_target(entry, target, version))


def _of_target(entry: Entry, target: Entry, version: Version) -> Iterator[str]:
    service, subset = target.get("Service") or entry["Name"], target.get("ServiceSubset") or ""
    yield from _of_enterprise(target, version)
    for other in ("ServiceSubset", "Partition", "Datacenter"):
        if target.get("Peer") and target.get(other):
            yield f"Peer cannot be set with {other}"
    if subset and service == entry["Name"] and subset not in (entry.get("Subsets") or ()):
        yield f'ServiceSubset "{subset}" is not a valid subset of "{service}"'


def _of_balancer(balancer: Entry) -> Iterator[str]:
    policy, shown = balancer.get("Policy") or "", "Bad LoadBalancer configuration"
    if policy not in _POLICIES:
        yield f'Bad LoadBalancer policy: "{policy}" is not supported'
        return
    for member in ("RingHashConfig", "LeastRequestConfig"):
        if balancer.get(member) is not None and member not in _POLICIES[policy]:
            yield f'{shown}. {member} specified for incompatible load balancing policy "{policy}"'
    if balancer.get("HashPolicies") and "HashPolicies" not in _POLICIES[policy]:
        yield f'{shown}: HashPolicies specified for non-hash-based Policy: "{policy}"'
    for number, hashed in enumerate(balancer.get("HashPolicies") or ()):
        yield from (f"Bad LoadBalancer HashPolicy[{number}]: {fault}" for fault in _of_hash_policy(hashed))


def _of_hash_policy(policy: Entry) -> Iterator[str]:
    field, value, cookie = policy.get("Field") or "", policy.get("FieldValue") or "", policy.get("CookieConfig")
    if field not in _HASHED:
        yield f'"{field}" is not a supported field'
    if policy.get("SourceIP") and field:
        yield f'A single hash policy cannot hash both a source address and a "{field}"'
    if policy.get("SourceIP") and value:
        yield "A FieldValue cannot be specified when hashing SourceIP"
    if field and not value:
        yield f'Field "{field}" was specified without a FieldValue'
    if value and not field:
        yield "FieldValue requires a Field to apply to"
    if cookie is not None and field != "cookie":
        yield f'cookie_config provided for "{field}"'
    if cookie is not None and cookie.get("Session") and cookie.get("TTL"):
        yield "a session cookie cannot have an associated TTL"
