"""Calls for tests of config entries."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from tests.simulator.differential.calls import Call, get, put

DEFAULTS, PROXIES, INGRESS, TERMINATING = "service-defaults", "proxy-defaults", "ingress-gateway", "terminating-gateway"
ROUTER, SPLITTER, RESOLVER = "service-router", "service-splitter", "service-resolver"
INTENTIONS, EXPORTED = "service-intentions", "exported-services"


def entry(kind: str, name: str = "", **members: Any) -> Call:
    return put("/v1/config", {"Kind": kind, "Name": name, **members})


def gone(kind: str, name: str) -> Call:
    return Call("DELETE", f"/v1/config/{kind}/{name}")


#: The protocol of all services is http.
OF_REQUESTS = entry(PROXIES, "global", Config={"protocol": "http"})

LONG = {"k": "v" * 513}
HEADERS = {"Add": {"a": "b"}, "Set": {"c": "d"}, "Remove": ["e"]}


def round_trip(kind: str, name: str = "web", **members: Any) -> list[Call]:
    """Write an entry, read it, and delete it."""
    called = {"mesh": "mesh"}.get(kind, name)
    with_name = {} if kind == "mesh" else {"Name": name}
    return [put("/v1/config", {"Kind": kind, **with_name, **members}), get(f"/v1/config/{kind}/{called}"), gone(kind, called)]


def each(kind: str, member: str, *values: Any, name: str = "web") -> list[Call]:
    return [call for value in values for call in round_trip(kind, name, **{member: value})]


def some(members: dict[str, Any], *sizes: int) -> list[dict[str, Any]]:
    """Return all combinations of so many members."""
    return [{name: members[name] for name in chosen} for size in sizes for chosen in combinations(members, size)]


def listener(*services: dict[str, Any], port: int = 80, protocol: str = "http", **more: Any) -> dict[str, Any]:
    return {"Port": port, "Protocol": protocol, "Services": list(services), **more}


def with_name(name: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, **more}


#: Delete what tests of chains write.
EVERYTHING_GONE = [gone(kind, name) for kind in (ROUTER, SPLITTER, RESOLVER, DEFAULTS) for name in ("web", "api", "routed", "db")]
