"""`Groups`: all groups of calls, declared once for all forms of the API (operations, sync and async)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from consul_proto.namespace import M, Namespace, Pure, group, operation
from consul_proto.operation import Operation
from consul_proto.raw_request import raw_operation

if TYPE_CHECKING:
    from consul_proto.endpoints.acl import ACL
    from consul_proto.endpoints.agent import Agent
    from consul_proto.endpoints.catalog import Catalog
    from consul_proto.endpoints.config import Config
    from consul_proto.endpoints.connect import Connect
    from consul_proto.endpoints.coordinate import Coordinates
    from consul_proto.endpoints.discovery_chain import DiscoveryChain
    from consul_proto.endpoints.event import Event
    from consul_proto.endpoints.exported_services import ExportedServices
    from consul_proto.endpoints.health import Health
    from consul_proto.endpoints.imported_services import ImportedServices
    from consul_proto.endpoints.internal import Internal
    from consul_proto.endpoints.kv import KV
    from consul_proto.endpoints.namespace import Namespaces
    from consul_proto.endpoints.operator import Operator
    from consul_proto.endpoints.partition import Partitions
    from consul_proto.endpoints.peering import Peerings
    from consul_proto.endpoints.query import PreparedQueries
    from consul_proto.endpoints.session import Session
    from consul_proto.endpoints.snapshot import Snapshot
    from consul_proto.endpoints.status import Status
    from consul_proto.endpoints.txn import Txn
    from consul_proto.message import Response
    from consul_proto.raw_request import Body, Method, Query


class Groups(Namespace[M]):
    """The whole API. As in each group of calls, `run` decides what a method returns."""

    _place = ""

    @operation
    def request(self, method: Method, path: str, *, query: Query = (), body: Body = None) -> Operation[Response]:
        """Send any request, such as one to an endpoint of a newer Consul, and return the whole answer.

        client.request("PUT", "/v1/config", body={"Kind": "proxy-defaults", "Name": "global"})
        client.request("GET", "/v1/operator/usage", query={"global": None}).json()

        method: "GET", "PUT", "POST" or "DELETE". Only a GET is sent again if its outcome is unknown.
        path: begins with "/v1/" and is percent-encoded if needed.
        query: a mapping, or pairs; the value None makes a bare flag. With an "index" it is a blocking query.
        body: bytes are sent as they are, anything else as JSON.

        The client's datacenter, namespace and partition are added to the query, and for a GET its consistency, unless it has its own.
        Raises ValueError or TypeError for invalid arguments, before anything is sent, and ConsulateException like any other call.
        https://developer.hashicorp.com/consul/api-docs
        """
        return raw_operation(method, path, query, body)

    acl: group[ACL[M]] = group("consul_proto.endpoints.acl:ACL", "The ACL system: tokens, policies, roles, logins.")
    agent: group[Agent[M]] = group("consul_proto.endpoints.agent:Agent", "The local agent, its services and checks.")
    catalog: group[Catalog[M]] = group("consul_proto.endpoints.catalog:Catalog", "Nodes and services as the servers know them.")
    config: group[Config[M]] = group("consul_proto.endpoints.config:Config", "Config entries: central configuration (since Consul 1.5).")
    connect: group[Connect[M]] = group("consul_proto.endpoints.connect:Connect", "The service mesh (since Consul 1.2).")
    coordinate: group[Coordinates[M]] = group("consul_proto.endpoints.coordinate:Coordinates", "Network coordinates of servers and nodes.")
    discovery_chain: group[DiscoveryChain[M]] = group(
        "consul_proto.endpoints.discovery_chain:DiscoveryChain", "Compiled discovery chains (since Consul 1.6)."
    )
    event: group[Event[M]] = group("consul_proto.endpoints.event:Event", "User events.")
    exported_services: group[ExportedServices[M]] = group(
        "consul_proto.endpoints.exported_services:ExportedServices",
        "Services that are exported to peers and partitions (since Consul 1.17.3).",
    )
    health: group[Health[M]] = group("consul_proto.endpoints.health:Health", "Health of nodes and services.")
    imported_services: group[ImportedServices[M]] = group(
        "consul_proto.endpoints.imported_services:ImportedServices",
        "Services that are imported from peers and partitions (since Consul 1.22.3).",
    )
    internal: group[Internal[M]] = group(
        "consul_proto.endpoints.internal:Internal", "Endpoints that Consul does not document; they may change with any version."
    )
    kv: group[KV[M]] = group("consul_proto.endpoints.kv:KV", "The key/value store.")
    namespace: group[Namespaces[M]] = group("consul_proto.endpoints.namespace:Namespaces", "Namespaces (Consul Enterprise, since 1.7).")
    operator: group[Operator[M]] = group(
        "consul_proto.endpoints.operator:Operator", "For operators of a cluster: Raft, autopilot, gossip keys, usage."
    )
    partition: group[Partitions[M]] = group(
        "consul_proto.endpoints.partition:Partitions", "Admin partitions (Consul Enterprise, since 1.11)."
    )
    peering: group[Peerings[M]] = group("consul_proto.endpoints.peering:Peerings", "Cluster peering (since Consul 1.13).")
    query: group[PreparedQueries[M]] = group("consul_proto.endpoints.query:PreparedQueries", "Prepared queries.")
    session: group[Session[M]] = group("consul_proto.endpoints.session:Session", "Sessions, which hold locks.")
    snapshot: group[Snapshot[M]] = group("consul_proto.endpoints.snapshot:Snapshot", "Snapshots of the servers' state.")
    status: group[Status[M]] = group("consul_proto.endpoints.status:Status", "The state of the Raft cluster.")
    txn: group[Txn[M]] = group("consul_proto.endpoints.txn:Txn", "Transactions.")


#: The API without I/O, as `client.ops` has it: `client.ops.kv.get("k")` is the Operation that `client.kv.get("k")` runs.
Operations: TypeAlias = Groups[Pure]
