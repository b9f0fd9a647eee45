"""The sources of a service-intentions entry: which services may connect.

https://developer.hashicorp.com/consul/docs/reference/config-entry/service-intentions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.config.http_matching import TOO_MANY_PATHS, in_upper_case, of_methods, of_paths, of_ways, paths
from consul_proto.simulator.config.metadata import of_all_metadata
from consul_proto.simulator.engine.answers import multierror
from consul_proto.simulator.engine.versions import Version

Entry = dict[str, Any]

PARTIAL = "wildcard character '*' cannot be used with partial values"

_LONGEST_DESCRIPTION = 512

#: The ways to match a header (one of them must be set), and those that can ignore case.
_MATCHES = ("Present", "Exact", "Prefix", "Suffix", "Contains", "Regex")
_TEXTS = ("Exact", "Prefix", "Suffix", "Contains")

#: Members of sources that were written by id, as before 1.9. Writing the entry removes the first three, and refuses LegacyMeta.
_LEGACY = ("LegacyID", "LegacyCreateTime", "LegacyUpdateTime", "LegacyMeta")


def precedence(source: str, destination: str) -> int:
    """Return the precedence: https://developer.hashicorp.com/consul/docs/connect/intentions#precedence-and-match-order"""
    return {(False, False): 9, (True, False): 8, (False, True): 6, (True, True): 5}[source == "*", destination == "*"]


def order_sources(entry: Entry) -> Entry:
    """Return an entry with completed sources, in the order of their precedence."""
    sources = [_complete(source, entry["Name"]) for source in entry.get("Sources") or ()]
    return {**entry, "Sources": sorted(sources, key=lambda one: -one["Precedence"])}


def _complete(source: Entry, destination: str) -> Entry:
    for permission in source.get("Permissions") or ():
        in_upper_case(permission.get("HTTP", {}))
    return {**source, "Precedence": precedence(source["Name"], destination), "Type": source.get("Type") or "consul"}


def without_legacy(entry: Entry) -> Entry:
    """Return an entry without the members of sources written by id. A source with LegacyMeta has already been refused."""
    sources = [{name: value for name, value in one.items() if name not in _LEGACY} for one in entry["Sources"] or ()]
    return {**entry, "Sources": sources}


def faults(entry: Mapping[str, Any], version: Version) -> Iterator[str]:
    """Return the faults of an entry."""
    sources = entry.get("Sources") or ()
    if is_partial(entry["Name"]):
        yield f"Name: {PARTIAL}"
    if any(not provider.get("Name") for provider in (entry.get("JWT") or {}).get("Providers") or ()):
        yield multierror(["JWT provider name is required"])
    yield from of_all_metadata(entry)
    if not sources:
        yield "At least one source is required"
    known: set[tuple[str, str]] = set()
    for number, source in enumerate(sources):
        yield from (f"Sources[{number}].{fault}" for fault in _of_source(source, entry["Name"], version))
        name, peer = source["Name"], source.get("Peer") or ""
        if (name, peer) in known:
            yield f'Sources[{number}] defines {f"peer({peer}) " * bool(peer)}"{name}" more than once'
        known.add((name, peer))


def _of_source(source: Entry, destination: str, version: Version) -> Iterator[str]:
    permissions, name = source.get("Permissions") or (), source["Name"]
    if not name:
        yield "Name is required"
    if source.get("SamenessGroup"):
        yield "SamenessGroup: Sameness groups are a Consul Enterprise feature. "
    if is_partial(name):
        yield f"Name: {PARTIAL}"
    if len(str(source.get("Description") or "")) > _LONGEST_DESCRIPTION:
        yield f"Description exceeds maximum length {_LONGEST_DESCRIPTION}"
    if source.get("LegacyMeta"):
        yield "LegacyMeta must be omitted"
    if permissions and source.get("Action"):
        yield "Action must be omitted if Permissions are specified"
    if permissions and destination == "*":
        yield "Permissions cannot be specified on intentions with wildcarded destinations"
    if not permissions and source.get("Action") not in ("allow", "deny"):
        yield "Action must be set to 'allow' or 'deny'"
    if source.get("Type") not in (None, "", "consul"):
        yield "Type must be set to 'consul'"
    for number, permission in enumerate(permissions):
        yield from (f"Permissions[{number}].{fault}" for fault in _of_permission(permission, version))


def _of_permission(permission: Entry, version: Version) -> Iterator[str]:
    if permission.get("Action") not in ("allow", "deny"):
        yield "Action must be set to 'allow' or 'deny'"
    http = permission.get("HTTP")
    if http is None:
        yield "HTTP is required"
        return
    yield from of_paths(http, "HTTP.")
    if len(paths(http)) > 1:
        yield f"HTTP {TOO_MANY_PATHS}"
    for number, header in enumerate(http.get("Header") or ()):
        yield from (f"HTTP.Header[{number}] {fault}" for fault in _of_header(header))
    yield from (f"HTTP.{fault}" for fault in of_methods(http, version=version))
    if not (paths(http) or http.get("Header") or http.get("Methods")):
        yield "HTTP should not be empty"


def _of_header(header: Entry) -> Iterator[str]:
    yield from of_ways(header, _MATCHES)
    if header.get("IgnoreCase") and not any(header.get(way) for way in _TEXTS):
        yield f"should set one of {', '.join(_TEXTS[:-1])}, or {_TEXTS[-1]} when using IgnoreCase"


def is_partial(name: str) -> bool:
    """Return whether a name has a wildcard and other characters."""
    return "*" in name and name != "*"


def providers(entry: Mapping[str, Any]) -> Iterator[str]:
    """Return the names of the JWT providers of an entry."""
    permissions = [one for source in entry.get("Sources") or () for one in source.get("Permissions") or ()]
    for holder in (entry, *permissions):
        for provider in (holder.get("JWT") or {}).get("Providers") or ():
            yield str(provider.get("Name") or "")


def has_permissions(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry has permissions, which not every protocol allows."""
    return any(source.get("Permissions") for source in entry.get("Sources") or ())
