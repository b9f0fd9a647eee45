"""The operator's view of a cluster of one server: `/v1/operator/raft/` and `/v1/operator/autopilot/`, read only.

https://developer.hashicorp.com/consul/api-docs/operator
"""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.asking import Asked, Refusal
from consul_proto.simulator.routes import Route
from consul_proto.simulator.settings import Settings
from consul_proto.simulator.store import Store

_AUTOPILOT = {
    "CleanupDeadServers": True,
    "LastContactThreshold": "200ms",
    "MaxTrailingLogs": 250,
    "MinQuorum": 0,
    "ServerStabilizationTime": "10s",
    "RedundancyZoneTag": "",
    "DisableUpgradeMigration": False,
    "UpgradeVersionTag": "",
    "CreateIndex": 4,
    "ModifyIndex": 4,
}


class OperatorEndpoint:
    """The endpoints."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    def routes(self) -> dict[str, Route]:
        """The endpoints."""
        return {
            "/v1/operator/raft/configuration": Route(("GET",), write=self._raft),
            "/v1/operator/raft/peer": Route(("DELETE",), write=self._peer),
            "/v1/operator/autopilot/configuration": Route(("GET",), write=self._autopilot),
        }

    def _raft(self, asked: Asked, _now: float) -> dict[str, Any]:
        asked.reach_servers()
        asked.require("operator", "", "read")
        server = {
            "ID": self._settings.node_id,
            "Node": self._settings.node,
            "Address": "127.0.0.1:8300",
            "Leader": True,
            "ProtocolVersion": "3",
            "Voter": True,
        }
        return {"Servers": [server | ({} if self._settings.is_old else {"LastIndex": self._store.index})], "Index": 0}

    def _peer(self, asked: Asked, _now: float) -> Any:
        """DELETE peer: there is none but the server itself, which stays."""
        names = [name for name in ("id", "address") if asked.first(name)]
        if not names:
            before = "Bad request: " if self._settings.is_old else ""
            raise Refusal(400, f"{before}Must specify either ?id with the server's ID or ?address with IP:port of peer to remove")
        asked.reach_servers()
        asked.require("operator", "", "write")
        raise Refusal(500, f'{names[0]} "{asked.first(names[0])}" was not found in the Raft configuration')

    def _autopilot(self, asked: Asked, _now: float) -> dict[str, Any]:
        asked.reach_servers()
        asked.require("operator", "", "read")
        return _AUTOPILOT
