"""The catalog: nodes, services and checks as the servers know them. https://developer.hashicorp.com/consul/api-docs/catalog"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from consul_proto.decode import boolean, each, json_value, one, texts, wrong
from consul_proto.endpoints.ports import checked_port
from consul_proto.errors import NotFound
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import NODE_READ, json_body, read_operation, write_operation
from consul_proto.paths import checked_text, segment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from consul_proto.message import Response
    from consul_proto.query import Names
    from consul_proto.types.catalog import (
        CatalogCheckRegistration,
        CatalogNode,
        CatalogNodeServiceList,
        CatalogService,
        CatalogServiceRegistration,
        GatewayService,
        ServiceTags,
    )
    from consul_proto.types.node import Locality, Node
    from consul_proto.types.options import (
        CacheOptions,
        EnterpriseScope,
        FilteredReadOptions,
        InstanceOptions,
        NodeListOptions,
        NodeServicesOptions,
        ReadOptions,
        ServiceNamesOptions,
    )
    from consul_proto.types.service import AgentService

#: These two calls read the datacenter from the body and ignore ?dc.
_BODY_SCOPE = ("Datacenter", "namespace", "partition")


def _node(response: Response) -> CatalogNode:
    if json_value(response) is None:
        raise NotFound("no such node in the catalog", maybe_applied=False)
    node: CatalogNode = one(response)
    return node


def _services(response: Response) -> list[ServiceTags]:
    value = json_value(response)
    if value is None:
        return []
    if not isinstance(value, dict) or not all(isinstance(tags, list | None) for tags in value.values()):
        raise wrong("an object of lists", value)
    return cast("list[ServiceTags]", [{"Service": name, "Tags": tags or []} for name, tags in value.items()])


class Catalog(Namespace[M]):
    """Register, deregister and read entries on the servers. The calls of `agent` are simpler: the agent updates the catalog."""

    @operation
    def datacenters(self, **options: Unpack[CacheOptions]) -> Operation[list[str]]:
        """Return the names of the known datacenters, the nearest first.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-datacenters
        """
        return read_operation("catalog.datacenters", "/v1/catalog/datacenters", texts, options, defaults=(), blocks=None)

    @operation
    def deregister(
        self,
        node: str,
        datacenter: str | None = None,
        check_id: str | None = None,
        service_id: str | None = None,
        *,
        peer_name: str | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[bool]:
        """Remove a check, or a service with its checks. With only `node`, remove the node with its services and checks.

        peer_name: what a peer exported (since 1.13; for Consul's own use).
        Return True, even if nothing matched. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/catalog#deregister-entity
        """
        checked_text(node, "a node name")
        body = json_body({"Node": node, "Datacenter": datacenter, "CheckID": check_id, "ServiceID": service_id, "PeerName": peer_name})
        return write_operation("catalog.deregister", "/v1/catalog/deregister", boolean, options, body=body, defaults=_BODY_SCOPE)

    @operation
    def gateway_services(self, gateway: str, **options: Unpack[ReadOptions]) -> Operation[list[GatewayService]]:
        """Return the services of an ingress or terminating gateway; an empty list for an unknown one. Since 1.8.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-services-for-gateway
        """
        path = "/v1/catalog/gateway-services/" + segment(gateway, "a gateway name")
        return read_operation("catalog.gateway_services", path, each, options)

    @operation
    def node(self, node_id: str, **options: Unpack[FilteredReadOptions[AgentService]]) -> Operation[CatalogNode]:
        """Return a node and its services, as {"Node": ..., "Services": {service ID: ...}}.

        node_id: the name of the node, in spite of the parameter's documented name. Raises NotFound for an unknown node.

        https://developer.hashicorp.com/consul/api-docs/catalog#retrieve-map-of-services-for-a-node
        """
        return read_operation("catalog.node", "/v1/catalog/node/" + segment(node_id, "a node name"), _node, options)

    @operation
    def node_services(self, node: str, **options: Unpack[NodeServicesOptions[AgentService]]) -> Operation[CatalogNodeServiceList]:
        """Return a node and its services, as {"Node": ..., "Services": [...]}; both None for an unknown node. Since 1.7.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-services-for-node
        """
        path = "/v1/catalog/node-services/" + segment(node, "a node name")
        return read_operation("catalog.node_services", path, one, options)

    @operation
    def nodes(self, **options: Unpack[NodeListOptions]) -> Operation[list[Node]]:
        """Return the nodes of the datacenter.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-nodes
        """
        return read_operation("catalog.nodes", "/v1/catalog/nodes", each, options, defaults=NODE_READ)

    @operation
    def register(
        self,
        node: str,
        address: str,
        datacenter: str | None = None,
        service: CatalogServiceRegistration | None = None,
        check: CatalogCheckRegistration | None = None,
        *,
        checks: Sequence[CatalogCheckRegistration] | None = None,
        node_id: str | None = None,
        node_meta: Mapping[str, str] | None = None,
        tagged_addresses: Mapping[str, str] | None = None,
        skip_node_update: bool | None = None,
        locality: Locality | None = None,
        peer_name: str | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[bool]:
        """Write a node, and a service or checks on it, to the catalog. Return True.

        node, address: the node's name and address. service, check, checks: objects with Consul's own member names, such as
        {"ID": "redis1", "Service": "redis"}. node_id: the node's UUID. node_meta: its metadata.
        tagged_addresses: its other addresses. skip_node_update: do not change the node's own entry.
        locality: where it runs (since 1.16). peer_name: for Consul's own use (since 1.13).

        Raises ValueError for a port out of range, Forbidden, ServerError.
        https://developer.hashicorp.com/consul/api-docs/catalog#register-entity
        """
        checked_text(node, "a node name")
        if service is not None:
            checked_port(service.get("Port"))
        members = {
            "Node": node,
            "Address": address,
            "Datacenter": datacenter,
            "Service": service,
            "Check": check,
            "Checks": None if checks is None else list(checks),
            "ID": node_id,
            "NodeMeta": node_meta,
            "TaggedAddresses": tagged_addresses,
            "SkipNodeUpdate": skip_node_update,
            "Locality": locality,
            "PeerName": peer_name,
        }
        path = "/v1/catalog/register"
        return write_operation("catalog.register", path, boolean, options, body=json_body(members), defaults=_BODY_SCOPE)

    @operation
    def service(
        self, service_id: str, *, tag: Names | None = None, **options: Unpack[InstanceOptions[CatalogService]]
    ) -> Operation[list[CatalogService]]:
        """Return the instances of a service; an empty list for an unknown one.

        service_id: the name of the service, in spite of the parameter's documented name.
        tag: only instances with this tag, or with all of these tags.
        If ServiceAddress is empty, the address of the service is the node's Address.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-nodes-for-service
        """
        return _instances("service", service_id, {"tag": tag, **options})

    @operation
    def connect(
        self, service_id: str, *, tag: Names | None = None, **options: Unpack[InstanceOptions[CatalogService]]
    ) -> Operation[list[CatalogService]]:
        """Return the instances that accept mesh traffic for a service: its proxies, and instances with native mesh support.

        tag: only instances with this tag, or with all of these tags; for a proxy, its own tags are compared. Since 1.2.
        https://developer.hashicorp.com/consul/api-docs/catalog#list-nodes-for-mesh-capable-service
        """
        return _instances("connect", service_id, {"tag": tag, **options})

    @operation
    def services(self, **options: Unpack[ServiceNamesOptions[CatalogService]]) -> Operation[list[ServiceTags]]:
        """Return the services of the datacenter, each as {"Service": name, "Tags": [tags of all its instances]}.

        https://developer.hashicorp.com/consul/api-docs/catalog#list-services
        """
        return read_operation("catalog.services", "/v1/catalog/services", _services, options)


def _instances(kind: str, service: str, options: dict[str, Any]) -> Operation[list[CatalogService]]:
    path = f"/v1/catalog/{kind}/" + segment(service, "a service name")
    return read_operation(f"catalog.{kind}", path, each, options)
