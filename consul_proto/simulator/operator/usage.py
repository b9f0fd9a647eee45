"""Numbers of nodes and services, since 1.15.

https://developer.hashicorp.com/consul/api-docs/operator/usage
"""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_15

#: The kinds of services in the mesh, as the answer names them.
_KINDS = ("api-gateway", "connect-native", "connect-proxy", "ingress-gateway", "mesh-gateway", "terminating-gateway")


class UsageEndpoint:
    """`/v1/operator/usage`, and `/v1/operator/utilization`, which only Consul Enterprise has."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings) -> None:
        self._store, self._catalog, self._settings = store, catalog, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints; none before 1.15."""
        if self._settings.version < V1_15:
            return {}
        return {
            "/v1/operator/usage": Route(("GET",), self.usage, topics=_services, index=True, first=ServerRequest.only_default),
            "/v1/operator/utilization": Route(("GET",), write=self.utilization),
        }

    def utilization(self, _request: ServerRequest, _now: float) -> Any:
        """GET utilization."""
        raise Refusal(404, "operator utilization requires Consul Enterprise")

    def usage(self, request: ServerRequest) -> ReadAnswer:
        """GET usage: the usage of this datacenter, whatever the request says. The index is that of the services and of removed checks."""
        request.require("operator", "", "read")
        services = [row.value for row in self._catalog.services.values()]
        kinds = [service.get("Kind") or ("connect-native" if _is_native(service) else "") for service in services]
        billable = [service for service in services if not service.get("Kind") and service["Service"] != "consul"]
        counted = {
            "Services": len({service["Service"].lower() for service in services}),
            "ServiceInstances": len(services),
            "ConnectServiceInstances": {kind: kinds.count(kind) for kind in _KINDS},
            "BillableServiceInstances": len(billable),
            "Nodes": len(self._catalog.nodes),
        }
        index = self._store.table("usage")
        said = {"Index": index, "LastContact": 0, "KnownLeader": True, "ConsistencyLevel": request.consistency, "NotModified": False}
        body = {"Usage": {self._settings.datacenter: counted}, **said, "Backend": 0, "ResultsFilteredByACLs": False}
        return ReadAnswer(index, body, headers=(("X-Consul-Effective-Consistency", request.consistency),))


def _is_native(service: dict[str, Any]) -> bool:
    return bool((service.get("Connect") or {}).get("Native"))


def _services(_request: ServerRequest) -> tuple[Topic, ...]:
    return (("table", "services"),)
