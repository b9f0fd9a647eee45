"""The status of Raft: the one server is the leader.

https://developer.hashicorp.com/consul/api-docs/status
"""

from __future__ import annotations

from consul_proto.simulator.agent.members import ADDRESS, SERVER_PORT
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route


class StatusEndpoint:
    """`/v1/status/`."""

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/status/leader": Route(("GET",), write=self.leader),
            "/v1/status/peers": Route(("GET",), write=self.peers),
        }

    def leader(self, request: ServerRequest, _now: float) -> str:
        """GET leader: the address of the server."""
        request.options()
        request.reach_datacenter()
        return f"{ADDRESS}:{SERVER_PORT}"

    def peers(self, request: ServerRequest, now: float) -> list[str]:
        """GET peers: the addresses of all servers."""
        return [self.leader(request, now)]
