"""`Groups`: every group of calls, named once for all faces of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from consul_proto.namespace import M, Namespace, Pure, group

if TYPE_CHECKING:
    from consul_proto.endpoints.acl import ACL
    from consul_proto.endpoints.agent import Agent
    from consul_proto.endpoints.catalog import Catalog
    from consul_proto.endpoints.event import Event
    from consul_proto.endpoints.health import Health
    from consul_proto.endpoints.kv import KV
    from consul_proto.endpoints.session import Session
    from consul_proto.endpoints.status import Status
    from consul_proto.endpoints.txn import Txn


class Groups(Namespace[M]):
    """The whole API. What calling a method gives is decided by `run`, as for each group of calls."""

    _place = ""

    acl: group[ACL[M]] = group("consul_proto.endpoints.acl:ACL", "The legacy ACL system.")
    agent: group[Agent[M]] = group("consul_proto.endpoints.agent:Agent", "The local agent, its services and checks.")
    catalog: group[Catalog[M]] = group("consul_proto.endpoints.catalog:Catalog", "Nodes and services as the servers know them.")
    event: group[Event[M]] = group("consul_proto.endpoints.event:Event", "User events.")
    health: group[Health[M]] = group("consul_proto.endpoints.health:Health", "Health of nodes and services.")
    kv: group[KV[M]] = group("consul_proto.endpoints.kv:KV", "The key/value store.")
    session: group[Session[M]] = group("consul_proto.endpoints.session:Session", "Sessions, which locks hang on.")
    status: group[Status[M]] = group("consul_proto.endpoints.status:Status", "The state of the Raft cluster.")
    txn: group[Txn[M]] = group("consul_proto.endpoints.txn:Txn", "Transactions.")


#: The API without I/O, as `client.ops` has it: `client.ops.kv.get("k")` is the Operation that `client.kv.get("k")` runs.
Operations: TypeAlias = Groups[Pure]
