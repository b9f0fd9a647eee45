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
    from consul_proto.endpoints.coordinate import Coordinate
    from consul_proto.endpoints.event import Event
    from consul_proto.endpoints.health import Health
    from consul_proto.endpoints.kv import KV
    from consul_proto.endpoints.session import Session
    from consul_proto.endpoints.status import Status
    from consul_proto.endpoints.txn import Txn
    from consul_proto.message import Response
    from consul_proto.raw_request import Body, Method, Query


class Groups(Namespace[M]):
    """The whole API. As in each group of calls, `run` decides what a method returns."""

    _place = ""

    @operation
    def request(self, method: Method, path: str, *, query: Query = (), body: Body = None) -> Operation[Response]:
        """Send a request to an endpoint that has no method here, and return the whole answer.

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

    acl: group[ACL[M]] = group("consul_proto.endpoints.acl:ACL", "The legacy ACL system.")
    agent: group[Agent[M]] = group("consul_proto.endpoints.agent:Agent", "The local agent, its services and checks.")
    catalog: group[Catalog[M]] = group("consul_proto.endpoints.catalog:Catalog", "Nodes and services as the servers know them.")
    coordinate: group[Coordinate[M]] = group("consul_proto.endpoints.coordinate:Coordinate", "Network coordinates of servers and nodes.")
    event: group[Event[M]] = group("consul_proto.endpoints.event:Event", "User events.")
    health: group[Health[M]] = group("consul_proto.endpoints.health:Health", "Health of nodes and services.")
    kv: group[KV[M]] = group("consul_proto.endpoints.kv:KV", "The key/value store.")
    session: group[Session[M]] = group("consul_proto.endpoints.session:Session", "Sessions, which hold locks.")
    status: group[Status[M]] = group("consul_proto.endpoints.status:Status", "The state of the Raft cluster.")
    txn: group[Txn[M]] = group("consul_proto.endpoints.txn:Txn", "Transactions.")


#: The API without I/O, as `client.ops` has it: `client.ops.kv.get("k")` is the Operation that `client.kv.get("k")` runs.
Operations: TypeAlias = Groups[Pure]
