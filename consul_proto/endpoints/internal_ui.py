"""The summaries that Consul's own web UI shows."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from consul_proto.decode import each, one
from consul_proto.errors import ClientError, words
from consul_proto.failures import missing
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import NOTHING, read_operation
from consul_proto.paths import segment
from consul_proto.raw_request import raw_operation
from consul_proto.types.internal import UINodeOptions, UIServicesOptions
from consul_proto.types.options import DatacenterReadOptions, FilteredReadOptions, ReadOptions

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.errors import ConsulateException
    from consul_proto.message import Response
    from consul_proto.raw_request import Query
    from consul_proto.types.connect_intentions import Intention
    from consul_proto.types.internal import UICatalogOverview, UINode, UIServiceSummary, UIServiceTopology

_PATH = "/v1/internal/ui/"


def _with_tags(node: Any) -> Any:
    """Return a node. A service without tags has null here, unlike everywhere else."""
    services = node.get("Services")
    for service in services if isinstance(services, list) else ():
        if isinstance(service, dict) and service.get("Tags") is None:
            service["Tags"] = []
    return node


def _node(response: Response) -> Any:
    return _with_tags(one(response))


def _nodes(response: Response) -> list[Any]:
    return [_with_tags(node) for node in each(response)]


def _whole(response: Response) -> bytes:
    return response.body


def _no_proxy(response: Response) -> ConsulateException | None:
    """Explain the refusals of the agent itself; any other answer can be the backend's."""
    if response.status == 404 and response.body.strip().endswith(b"is not enabled"):
        return ClientError(f"{words(response.body)}; configure ui_config.metrics_proxy on the agent", maybe_applied=False)
    if response.status == 403 and not response.body:
        says = "the path is not in ui_config.metrics_proxy.path_allowlist of the agent, or the backend refuses it"
        return ClientError(says, maybe_applied=False)
    return None


class UI(Namespace[M]):
    """The summaries that Consul's own web UI shows."""

    @operation
    def nodes(self, **options: Unpack[FilteredReadOptions[UINode]]) -> Operation[builtins.list[UINode]]:
        """Return the nodes of the datacenter with their services and checks.

        https://developer.hashicorp.com/consul/api-docs
        """
        return read_operation("internal.ui.nodes", _PATH + "nodes", _nodes, options)

    @operation
    def node(self, node: str, **options: Unpack[UINodeOptions]) -> Operation[UINode]:
        """Return a node with its services and checks.

        Raises NotFound for an unknown node (before 1.9 ClientError, since such an agent's answer is like a proxy's).
        https://developer.hashicorp.com/consul/api-docs
        """
        path = _PATH + "node/" + segment(node, "a node name")
        return read_operation("internal.ui.node", path, _node, options, explain=missing("no such node"))

    @operation
    def services(self, **options: Unpack[UIServicesOptions]) -> Operation[builtins.list[UIServiceSummary]]:
        """Return the services of the datacenter, with the numbers of their instances and checks.

        https://developer.hashicorp.com/consul/api-docs
        """
        return read_operation("internal.ui.services", _PATH + "services", each, options)

    @operation
    def exported_services(self, peer: str, **options: Unpack[ReadOptions]) -> Operation[builtins.list[UIServiceSummary]]:
        """Return the services that are exported to a peer. Since 1.13.3; `exported_services.list` is documented.

        https://developer.hashicorp.com/consul/api-docs/exported-services
        """
        return read_operation("internal.ui.exported_services", _PATH + "exported-services", each, {"peer": peer, **options})

    @operation
    def catalog_overview(self, **options: Unpack[DatacenterReadOptions]) -> Operation[UICatalogOverview]:
        """Return how many nodes, services and checks are healthy. Since 1.12. Raises Forbidden, NoLeader.

        https://developer.hashicorp.com/consul/api-docs
        """
        path = _PATH + "catalog-overview"
        return read_operation("internal.ui.catalog_overview", path, one, options, defaults=("datacenter", "consistency"), blocks=None)

    @operation
    def gateway_services_nodes(self, gateway: str, **options: Unpack[ReadOptions]) -> Operation[builtins.list[UIServiceSummary]]:
        """Return the services behind an ingress or terminating gateway; an empty list for an unknown one. Since 1.8.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-services-for-gateway
        """
        path = _PATH + "gateway-services-nodes/" + segment(gateway, "a gateway name")
        return read_operation("internal.ui.gateway_services_nodes", path, each, options)

    @operation
    def gateway_intentions(self, gateway: str, **options: Unpack[ReadOptions]) -> Operation[builtins.list[Intention]]:
        """Return the intentions of the services behind a terminating gateway; an empty list for an unknown one. Since 1.9.

        https://developer.hashicorp.com/consul/api-docs/connect/intentions
        """
        path = _PATH + "gateway-intentions/" + segment(gateway, "a gateway name")
        return read_operation("internal.ui.gateway_intentions", path, each, options)

    @operation
    def service_topology(self, service: str, *, kind: str = "", **options: Unpack[ReadOptions]) -> Operation[UIServiceTopology]:
        """Return the services upstream and downstream of a service. Since 1.9.

        kind: "" for a plain service, or "ingress-gateway". Raises ClientError for another kind, Forbidden.
        https://developer.hashicorp.com/consul/docs/connect/observability/ui-visualization
        """
        path = _PATH + "service-topology/" + segment(service, "a service name")
        return read_operation("internal.ui.service_topology", path, one, {"kind": kind, **options})

    @operation
    def metrics_proxy(self, path: str, *, query: Query = ()) -> Operation[bytes]:
        """Ask the metrics backend that the agent is configured with, and return its answer as it is. Since 1.9.

        client.internal.ui.metrics_proxy("api/v1/query", query={"query": "up"})

        path: the backend's own path, without the slash at the beginning. query: a mapping, or pairs, for the backend.
        Raises ClientError if there is no metrics proxy or the path is not allowed, Forbidden.
        https://developer.hashicorp.com/consul/docs/connect/observability/ui-visualization
        """
        whole = "/".join(segment(part, "each part of a path") for part in path.split("/"))
        request = raw_operation("GET", f"{_PATH}metrics-proxy/{whole}", query, None).request
        return Operation("internal.ui.metrics_proxy", request, _whole, NOTHING, explain=_no_proxy)
