"""Which endpoint answers a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from consul_proto.simulator.asking import Asked, Found, Refusal, Topic, Unrouted

#: The groups of Consul's API that are not simulated: they answer 501; what is no part of the API, 404.
_GROUPS = frozenset(
    (
        *("acl", "agent", "catalog", "config", "connect", "coordinate", "discovery-chain", "exported-services", "health"),
        *("imported-services", "internal", "operator", "peering", "peerings", "query", "snapshot"),
    )
)

#: What only other versions have: they have never heard of it.
_OF_OTHERS = {
    "1.8.7": (
        *("/v1/agent/version", "/v1/agent/metrics/stream", "/v1/acl/templated-policies", "/v1/acl/templated-policy", "/v1/acl/rules"),
        *("/v1/operator/raft/transfer-leader", "/v1/operator/autopilot/state", "/v1/operator/usage", "/v1/operator/utilization"),
        "/v1/peering",
    ),
    "1.22.5": tuple(f"/v1/acl/{name}" for name in ("create", "update", "destroy", "info", "clone", "list", "rules", "templated-policy")),
}

#: What neither has: what Consul Enterprise alone knows, and what went before 1.8.
_OF_NEITHER = (*(f"/v1/operator/{name}" for name in ("license", "segment", "area", "audit-hash")), "/v1/agent/connect/proxy")

_NO_API = "if attempting to use the HTTP API, ensure the path starts with '/v1/'"

Read = Callable[[Asked], Found]
Write = Callable[[Asked, float], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    read: answers GET, and may be parked where `topics` tells what it depends on. write: answers anything else, and GET where there is no
    `read`: its result is JSON, or a `Wrote`. deep: whether the path goes on, with a key or an id. index: whether its refusals carry the
    headers of a read. first: refuses what is refused before the parameters that reads share are looked at; options: looks at them.
    """

    methods: tuple[str, ...]
    read: Read | None = None
    write: Write | None = None
    topics: Callable[[Asked], tuple[Topic, ...]] | None = None
    deep: bool = False
    index: bool = False
    first: Callable[[Asked], None] | None = None
    options: Callable[[Asked], tuple[float, int]] = Asked.options


class Routes:
    """Every endpoint by its path; one that goes on ends with "/"."""

    def __init__(self, *groups: Mapping[str, Route], is_old: bool) -> None:
        self._is_old = is_old
        self._routes = {path: route for group in groups for path, route in group.items()}

    def __contains__(self, path: str) -> bool:
        return path in self._routes

    def find(self, path: str, method: str) -> tuple[str, Route]:
        """The endpoint, and the part of the path that is its own. Raises Refusal where there is none, or it does not know the method."""
        found = self._find(path)
        if found is None:
            raise self._missing(path, method)
        if method in found[1].methods:
            return found
        allowed = ",".join(("OPTIONS", *found[1].methods))
        if method == "OPTIONS":
            raise Refusal(200, "", Allow=allowed, Content_Type="" if self._is_old else "application/json; charset=utf-8")
        raise Refusal(405, f"method {method} not allowed", Allow=allowed)

    def _find(self, path: str) -> tuple[str, Route] | None:
        if route := self._routes.get(path):
            return path, route
        end = path.rfind("/")
        while end > 0:
            prefix = path[: end + 1]
            if (route := self._routes.get(prefix)) and route.deep:
                return prefix, route
            end = path.rfind("/", 0, end)
        return None

    def _missing(self, path: str, method: str) -> Refusal:
        parts = path.split("/")
        gone = path.startswith((*_OF_OTHERS["1.8.7" if self._is_old else "1.22.5"], *_OF_NEITHER))
        if len(parts) > 2 and parts[1] == "v1" and parts[2] in _GROUPS and not gone:
            return Refusal(501, f"the simulator does not know {method} {path}")
        known = "not a recognized HTTP API endpoint" if path.startswith("/v1/") else _NO_API
        return Unrouted(404, "" if self._is_old else f"Invalid URL path: {known}\n")
