"""The API without I/O, as `client.ops` has it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from consul_proto.namespace import unchanged

if TYPE_CHECKING:
    from consul_proto.codec import Codec
    from consul_proto.endpoints import acl, agent, catalog, event, health, kv, session, status, txn
    from consul_proto.namespace import Pure


class Operations:
    """The API without I/O: `client.ops.kv.get("k")` is the Operation that `client.kv.get("k")` runs."""

    def __init__(self, codec: Codec = "json") -> None:
        self._codec: Codec = codec

    @cached_property
    def acl(self) -> acl.ACL[Pure]:
        """The legacy ACL system."""
        from consul_proto.endpoints.acl import ACL

        return ACL(unchanged, self._codec)

    @cached_property
    def agent(self) -> agent.Agent[Pure]:
        """The local agent, its services and checks."""
        from consul_proto.endpoints.agent import Agent

        return Agent(unchanged, self._codec)

    @cached_property
    def catalog(self) -> catalog.Catalog[Pure]:
        """Nodes and services as the servers know them."""
        from consul_proto.endpoints.catalog import Catalog

        return Catalog(unchanged, self._codec)

    @cached_property
    def event(self) -> event.Event[Pure]:
        """User events."""
        from consul_proto.endpoints.event import Event

        return Event(unchanged, self._codec)

    @cached_property
    def health(self) -> health.Health[Pure]:
        """Health of nodes and services."""
        from consul_proto.endpoints.health import Health

        return Health(unchanged, self._codec)

    @cached_property
    def kv(self) -> kv.KV[Pure]:
        """The key/value store."""
        from consul_proto.endpoints.kv import KV

        return KV(unchanged, self._codec)

    @cached_property
    def session(self) -> session.Session[Pure]:
        """Sessions, which locks hang on."""
        from consul_proto.endpoints.session import Session

        return Session(unchanged, self._codec)

    @cached_property
    def status(self) -> status.Status[Pure]:
        """The state of the Raft cluster."""
        from consul_proto.endpoints.status import Status

        return Status(unchanged, self._codec)

    @cached_property
    def txn(self) -> txn.Txn[Pure]:
        """Transactions."""
        from consul_proto.endpoints.txn import Txn

        return Txn(unchanged, self._codec)
