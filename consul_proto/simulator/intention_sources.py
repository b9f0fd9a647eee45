"""The sources of a service-intentions entry: who may speak to a service, and who may not.

https://developer.hashicorp.com/consul/docs/reference/config-entry/service-intentions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.asking import multierror
from consul_proto.simulator.entry_metadata import of_all_metadata

Entry = dict[str, Any]

_PARTIAL, _LONGEST_DESCRIPTION = "wildcard character '*' cannot be used with partial values", 512

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")

#: How a header may be matched, of which one says how; and those of them that may leave upper and lower case aside.
_MATCHES = ("Present", "Exact", "Prefix", "Suffix", "Contains", "Regex")
_TEXTS = ("Exact", "Prefix", "Suffix", "Contains")

_PATHS = ("PathExact", "PathPrefix", "PathRegex")

#: Members of what was written by an id, as before 1.9. An entry that is written as one loses them, but for the last, which is refused.
_LEGACY = ("LegacyID", "LegacyCreateTime", "LegacyUpdateTime", "LegacyMeta")


def precedence(source: str, destination: str) -> int:
    """https://developer.hashicorp.com/consul/docs/connect/intentions#precedence-and-match-order"""
    return {(False, False): 9, (True, False): 8, (False, True): 6, (True, True): 5}[source == "*", destination == "*"]


def ordered(entry: Entry) -> Entry:
    """An entry with what agents work out of each source, the sources that count first at the beginning."""
    sources = [_completed(source, entry["Name"]) for source in entry.get("Sources") or ()]
    return {**entry, "Sources": sorted(sources, key=lambda one: -one["Precedence"])}


def _completed(source: Entry, destination: str) -> Entry:
    methods = [an_http.get("Methods") for one in source.get("Permissions") or () if (an_http := one.get("HTTP"))]
    for given in methods:
        if given:
            given[:] = [method.upper() for method in given]
    return {**source, "Precedence": precedence(source["Name"], destination), "Type": source.get("Type") or "consul"}


def without_legacy(entry: Entry) -> Entry:
    """An entry without what was written by ids. What was said there of a source with LegacyMeta is refused before."""
    sources = [{name: value for name, value in one.items() if name not in _LEGACY} for one in entry["Sources"] or ()]
    return {**entry, "Sources": sources}


def faults(entry: Mapping[str, Any], _is_old: bool) -> Iterator[str]:
    """What is wrong with an entry."""
    sources = entry.get("Sources") or ()
    if _is_partial(entry["Name"]):
        yield f"Name: {_PARTIAL}"
    if any(not provider.get("Name") for provider in (entry.get("JWT") or {}).get("Providers") or ()):
        yield multierror(["JWT provider name is required"])
    yield from of_all_metadata(entry)
    if not sources:
        yield "At least one source is required"
    known: set[tuple[str, str]] = set()
    for number, source in enumerate(sources):
        yield from (f"Sources[{number}].{fault}" for fault in _of_source(source, entry["Name"]))
        name, peer = source["Name"], source.get("Peer") or ""
        if (name, peer) in known:
            yield f'Sources[{number}] defines {f"peer({peer}) " * bool(peer)}"{name}" more than once'
        known.add((name, peer))


def _of_source(source: Entry, destination: str) -> Iterator[str]:
    permissions, name = source.get("Permissions") or (), source["Name"]
    if not name:
        yield "Name is required"
    if source.get("SamenessGroup"):
        yield "SamenessGroup: Sameness groups are a Consul Enterprise feature. "
    if _is_partial(name):
        yield f"Name: {_PARTIAL}"
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
        yield from (f"Permissions[{number}].{fault}" for fault in _of_permission(permission))


def _of_permission(permission: Entry) -> Iterator[str]:
    if permission.get("Action") not in ("allow", "deny"):
        yield "Action must be set to 'allow' or 'deny'"
    http = permission.get("HTTP")
    if http is None:
        yield "HTTP is required"
        return
    for name in _PATHS[:2]:
        path = http.get(name) or ""
        if path and not path.startswith("/"):
            yield f"HTTP.{name} doesn't start with '/': \"{path}\""
    paths = [name for name in _PATHS if http.get(name)]
    if len(paths) > 1:
        yield "HTTP should only contain at most one of PathExact, PathPrefix, or PathRegex"
    for number, header in enumerate(http.get("Header") or ()):
        yield from (f"HTTP.Header[{number}] {fault}" for fault in _of_header(header))
    methods = http.get("Methods") or []
    for number, method in enumerate(methods):
        if method not in _METHODS:
            yield f'HTTP.Methods contains an invalid method "{method}"'
        if method in methods[:number]:
            yield f'HTTP.Methods contains "{method}" more than once'
    if not (paths or http.get("Header") or methods):
        yield "HTTP should not be empty"


def _of_header(header: Entry) -> Iterator[str]:
    if not header.get("Name"):
        yield "missing required Name field"
    if sum(bool(header.get(way)) for way in _MATCHES) != 1:
        yield f"should only contain one of {', '.join(_MATCHES[:-1])}, or {_MATCHES[-1]}"
    if header.get("IgnoreCase") and not any(header.get(way) for way in _TEXTS):
        yield f"should set one of {', '.join(_TEXTS[:-1])}, or {_TEXTS[-1]} when using IgnoreCase"


def _is_partial(name: str) -> bool:
    return "*" in name and name != "*"


def providers(entry: Mapping[str, Any]) -> Iterator[str]:
    """The names of the JWT providers that an entry refers to."""
    permissions = [one for source in entry.get("Sources") or () for one in source.get("Permissions") or ()]
    for holder in (entry, *permissions):
        for provider in (holder.get("JWT") or {}).get("Providers") or ():
            yield str(provider.get("Name") or "")


def has_permissions(entry: Mapping[str, Any]) -> bool:
    """Whether what an entry says depends on requests, which not every protocol has."""
    return any(source.get("Permissions") for source in entry.get("Sources") or ())
