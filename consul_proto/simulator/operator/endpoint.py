"""Operator endpoints for the one server.

https://developer.hashicorp.com/consul/api-docs/operator
"""

from __future__ import annotations

from functools import partial
from typing import Any

from consul_proto.simulator.agent.checks import seconds
from consul_proto.simulator.agent.members import ADDRESS, SERVER_PORT
from consul_proto.simulator.catalog.bodies import AUTOPILOT
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_9, V1_15, V1_X
from consul_proto.simulator.go.durations import as_go_writes
from consul_proto.simulator.go.numbers import unsigned

#: Members that are durations.
_DURATIONS = ("LastContactThreshold", "ServerStabilizationTime")

_AUTOPILOT = {
    "CleanupDeadServers": True,
    "LastContactThreshold": "200ms",
    "MaxTrailingLogs": 250,
    "MinQuorum": 0,
    "ServerStabilizationTime": "10s",
    "RedundancyZoneTag": "",
    "DisableUpgradeMigration": False,
    "UpgradeVersionTag": "",
}

#: An empty configuration, in 1.8.
_NOTHING = {name: type(value)() for name, value in _AUTOPILOT.items()} | dict.fromkeys(_DURATIONS, "0s")


class OperatorEndpoint:
    """`/v1/operator/raft/` and `/v1/operator/autopilot/`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        index = store.apply()
        self._autopilot: dict[str, Any] = {**_AUTOPILOT, "CreateIndex": index, "ModifyIndex": index}

    def dump(self) -> Any:
        """Return autopilot's configuration."""
        return self._autopilot

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self._autopilot = state

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        get = partial(Route, ("GET",))
        routes = {
            "/v1/operator/raft/configuration": get(write=self.configuration),
            "/v1/operator/raft/peer": Route(("DELETE",), write=self.remove_peer),
            "/v1/operator/autopilot/configuration": Route(("GET", "PUT"), write=self.autopilot),
            "/v1/operator/autopilot/health": get(write=self.health),
        }
        if self._settings.version >= V1_9:
            routes["/v1/operator/autopilot/state"] = get(write=self.state)
        if self._settings.version >= V1_15:
            routes["/v1/operator/raft/transfer-leader"] = Route(("POST",), write=self.transfer_leader)
        return routes

    def configuration(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET raft configuration: this server is the leader and a voter."""
        _may_read(request)
        server = {"ID": self._settings.node_id, "Node": self._settings.node, "Address": f"{ADDRESS}:{SERVER_PORT}", "Leader": True}
        server |= {"ProtocolVersion": "3", "Voter": True} | ({} if self._settings.version < V1_X else {"LastIndex": self._store.index})
        return {"Servers": [server], "Index": 0}

    def remove_peer(self, request: ServerRequest, _now: float) -> Any:
        """DELETE raft peer: refuse the request, since there is no other server."""
        named = [name for name in ("id", "address") if request.first(name)]
        before = self._settings.bad_request
        if not named:
            raise Refusal(400, f"{before}Must specify either ?id with the server's ID or ?address with IP:port of peer to remove")
        if len(named) > 1:
            raise Refusal(400, f"{before}Must specify only one of ?id or ?address")
        request.reach_servers()
        request.require("operator", "", "write")
        raise Refusal(500, f'{named[0]} "{request.first(named[0])}" was not found in the Raft configuration')

    def transfer_leader(self, request: ServerRequest, _now: float) -> Any:
        """POST transfer-leader, since 1.15: refuse it, since there is no other server."""
        request.require("operator", "", "write")
        identity = request.first("id")
        lost = f"Could not find address for server id {identity}" if identity else "cannot find peer"
        raise Refusal(500, "cannot transfer leadership to itself" if identity == self._settings.node_id else lost)

    def autopilot(self, request: ServerRequest, _now: float) -> Any:
        """GET or PUT autopilot configuration."""
        if request.method == "GET":
            _may_read(request)
            return self._autopilot
        before = self._settings.bad_request
        given = request.decode(AUTOPILOT, f"{before}Error parsing autopilot config: ")
        expected = None
        if request.flag("cas"):
            try:
                expected = unsigned(request.first("cas"))
            except Refusal as refusal:
                raise Refusal(400, f"{before}Error parsing cas value: {refusal.text}") from None
        request.reach_servers()
        request.require("operator", "", "write")
        index = self._store.apply()
        if expected not in (None, self._autopilot["ModifyIndex"]):
            return False
        known = {name: value for name, value in given.items() if name in _AUTOPILOT}
        known |= {name: as_go_writes(seconds(known[name])) for name in _DURATIONS if name in known}
        # Missing members get their defaults; in 1.8 they become empty.
        told = _NOTHING if self._settings.version < V1_X else _AUTOPILOT
        self._autopilot = {**told, **known, "CreateIndex": self._autopilot["CreateIndex"], "ModifyIndex": index}
        return True

    def health(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET autopilot health."""
        _may_read(request)
        since = {"Healthy": True, "Voter": True, "StableSince": self._settings.date(0.0)}
        server = self._server("SerfStatus", {"Leader": True}) | since
        return {"Healthy": True, "FailureTolerance": 0, "Servers": [server]}

    def state(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET autopilot state, since 1.9."""
        _may_read(request)
        identity = self._settings.node_id
        since = {"Healthy": True, "StableSince": self._settings.date(0.0), "ReadReplica": False, "Status": "leader"}
        since |= {"Meta": {"consul-network-segment": "", "consul-version": str(self._settings.version)}, "NodeType": "voter"}
        tolerance = {"FailureTolerance": 0, "OptimisticFailureTolerance": 0}
        servers = {identity: self._server("NodeStatus", {}) | since}
        return {"Healthy": True, **tolerance, "Servers": servers, "Leader": identity, "Voters": [identity]}

    def _server(self, status: str, leads: dict[str, bool]) -> dict[str, Any]:
        """Return what autopilot knows about the server."""
        own = {"ID": self._settings.node_id, "Name": self._settings.node, "Address": f"{ADDRESS}:{SERVER_PORT}", status: "alive"}
        return {**own, "Version": str(self._settings.version), **leads, "LastContact": "0s", "LastTerm": 2, "LastIndex": self._store.index}


def _may_read(request: ServerRequest) -> None:
    """Refuse an invalid request, and a token that may not read."""
    request.options()
    request.reach_servers()
    request.require("operator", "", "read")
