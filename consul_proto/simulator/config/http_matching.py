"""How entries tell requests apart: by paths, headers, parameters and methods.

https://developer.hashicorp.com/consul/docs/reference/config-entry/service-router#routes-match-http, and of permissions the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consul_proto.simulator.engine.versions import V1_X, Version

Match = Mapping[str, Any]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")

_PATHS = ("PathExact", "PathPrefix", "PathRegex")


def paths(match: Match) -> list[str]:
    """The members by which a path is told."""
    return [name for name in _PATHS if match.get(name)]


def of_paths(match: Match, before: str) -> Iterator[str]:
    """What is wrong with the paths. before: what stands before the name of a member."""
    for name in _PATHS[:2]:
        path = match.get(name) or ""
        if path and not path.startswith("/"):
            yield f"{before}{name} doesn't start with '/': \"{path}\""


def of_ways(one: Match, ways: Sequence[str]) -> Iterator[str]:
    """What is wrong with a header or a parameter, that is told in one of the ways."""
    if not one["Name"]:
        yield "missing required Name field"
    if sum(bool(one.get(way)) for way in ways) != 1:
        yield f"should only contain one of {', '.join(ways[:-1])}, or {ways[-1]}"


def of_methods(match: Match, *, version: Version) -> Iterator[str]:
    """What is wrong with the methods."""
    methods = match.get("Methods") or []
    for number, method in enumerate(methods):
        if method not in _METHODS and version >= V1_X:
            yield f'Methods contains an invalid method "{method}"'
        if method in methods[:number]:
            yield f'Methods contains "{method}" more than once'


def in_upper_case(match: dict[str, Any]) -> None:
    """Write the methods as they are sent."""
    if "Methods" in match:
        match["Methods"] = [method.upper() for method in match["Methods"]]


#: What is said of a path that is told twice.
TOO_MANY_PATHS = "should only contain at most one of PathExact, PathPrefix, or PathRegex"
