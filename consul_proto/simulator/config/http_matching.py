"""Conditions on requests: paths, headers, parameters and methods.

https://developer.hashicorp.com/consul/docs/reference/config-entry/service-router#routes-match-http, and the same for permissions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consul_proto.simulator.engine.versions import V1_X, Version

Match = Mapping[str, Any]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")

_PATHS = ("PathExact", "PathPrefix", "PathRegex")


def paths(match: Match) -> list[str]:
    """Return the members that match a path."""
    return [name for name in _PATHS if match.get(name)]


def of_paths(match: Match, before: str) -> Iterator[str]:
    """Return the faults of the paths. before: what comes before a member's name."""
    for name in _PATHS[:2]:
        path = match.get(name) or ""
        if path and not path.startswith("/"):
            yield f"{before}{name} doesn't start with '/': \"{path}\""


def of_ways(one: Match, ways: Sequence[str]) -> Iterator[str]:
    """Return the faults of a header or a parameter, which must be matched in exactly one way."""
    if not one["Name"]:
        yield "missing required Name field"
    if sum(bool(one.get(way)) for way in ways) != 1:
        yield f"should only contain one of {', '.join(ways[:-1])}, or {ways[-1]}"


def of_methods(match: Match, *, version: Version) -> Iterator[str]:
    """Return the faults of the methods."""
    methods = match.get("Methods") or []
    for number, method in enumerate(methods):
        if method not in _METHODS and version >= V1_X:
            yield f'Methods contains an invalid method "{method}"'
        if method in methods[:number]:
            yield f'Methods contains "{method}" more than once'


def in_upper_case(match: dict[str, Any]) -> None:
    """Write the methods in upper case, as they are sent."""
    if "Methods" in match:
        match["Methods"] = [method.upper() for method in match["Methods"]]


#: The error for a path that is matched twice.
TOO_MANY_PATHS = "should only contain at most one of PathExact, PathPrefix, or PathRegex"
