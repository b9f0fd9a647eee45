"""Network coordinates of the nodes.

https://developer.hashicorp.com/consul/api-docs/coordinate
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from consul_proto.simulator.catalog.bodies import COORDINATE
from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_X

#: The coordinate of an agent that is alone in its cluster.
_DIMENSIONS = 8
ORIGIN = {"Vec": [0] * _DIMENSIONS, "Error": 1.5, "Adjustment": 0, "Height": 1e-05}

_ZERO: dict[str, Any] = {"Vec": [], "Error": 0, "Adjustment": 0, "Height": 0}

#: Seconds: the distance of a node whose coordinate is not known.
_FARTHEST = math.inf


class Coordinates:
    """`/v1/coordinate/`, and the order of `near`."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings) -> None:
        self._store, self._catalog, self._settings = store, catalog, settings
        self._places: dict[str, dict[str, Any]] = {settings.node: ORIGIN}
        store.change("coordinates")

    def dump(self) -> Any:
        """Return the coordinates by node."""
        return self._places

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self._places = state

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/coordinate/datacenters": Route(("GET",), write=self.datacenters),
            "/v1/coordinate/nodes": Route(("GET",), self.nodes, topics=_topics, index=True),
            "/v1/coordinate/node/": Route(("GET",), self.node, topics=_topics, deep=True, index=True),
            "/v1/coordinate/update": Route(("PUT",), write=self.update),
        }

    def _render(self, node: str) -> dict[str, Any]:
        return {"Node": node, "Segment": "", "Coord": self._places[node]}

    def datacenters(self, _request: ServerRequest, _now: float) -> list[dict[str, Any]]:
        """GET datacenters: this one, with its one server."""
        here = {"Node": self._settings.node, "Segment": "", "Coord": ORIGIN}
        return [{"Datacenter": self._settings.datacenter, "AreaID": "wan", "Coordinates": [here]}]

    def nodes(self, request: ServerRequest) -> ReadAnswer:
        """GET nodes."""
        request.only_default_partition()
        request.reach_servers()
        there = [node for node in sorted(self._places) if self._catalog.node(node) and request.may("node", node, "read")]
        return ReadAnswer(self._store.table("coordinates"), [self._render(node) for node in there])

    def node(self, request: ServerRequest) -> ReadAnswer:
        """GET node: a list with its coordinate; 404 if there is none."""
        request.only_default_partition()
        request.reach_servers()
        request.require("node", request.rest, "read")
        found = [self._render(request.rest)] if request.rest in self._places else None
        return ReadAnswer(self._store.table("coordinates"), found, silent=True)

    def update(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT update."""
        given = request.decode(COORDINATE)
        if self._settings.version >= V1_X:
            request.only_default()
        node, place = given.get("Node") or "", {**_ZERO, **(given.get("Coord") or {})}
        request.reach_servers()
        request.require("node", node, "write")
        if len(place["Vec"] or ()) != _DIMENSIONS:
            raise Refusal(500, "incompatible coordinate")
        self._store.apply()
        if self._catalog.node(node) is not None:
            self._places = {**self._places, node: place}
            self._store.change("coordinates")
        return WriteAnswer(b"")

    def distances(self, near: str) -> Callable[[str], float]:
        """Return a function that gives distances from a node, in seconds. A node without a coordinate is the farthest."""
        here = self._places.get(near)
        if here is None:
            return lambda _node: 0.0
        return lambda node: _distance(here, self._places[node]) if node in self._places else _FARTHEST


def _distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the distance: https://developer.hashicorp.com/consul/docs/architecture/coordinates#working-with-coordinates"""
    raw = math.dist(one["Vec"], other["Vec"]) + one["Height"] + other["Height"]
    adjusted = raw + one["Adjustment"] + other["Adjustment"]
    return float(adjusted if adjusted > 0 else raw)


def _topics(_request: ServerRequest) -> tuple[Topic, ...]:
    return (("table", "coordinates"),)
