"""Transactions. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from consul_proto.types.catalog import CatalogCheckRegistration, CatalogServiceRegistration, NodeRegistration
    from consul_proto.types.check import HealthCheck
    from consul_proto.types.node import Node
    from consul_proto.types.service import AgentService


class KVPair(TypedDict):
    """A key of the store, as in the answer to a transaction."""

    Key: str
    CreateIndex: int
    ModifyIndex: int
    LockIndex: int  # count of successful lock acquisitions
    Flags: int  # 0 .. 2^64-1
    Value: str | None  # base64; null for an empty value
    Session: NotRequired[str]  # omitted when unlocked
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class KVTxnOp(TypedDict, total=False):
    """What a transaction does with a key."""

    Verb: Required[str]  # set, cas, lock, unlock, get, get-or-empty (since 1.14), get-tree, check-*, delete, delete-tree, delete-cas
    Key: Required[str]
    Value: str  # base64
    Flags: int
    Index: int  # ModifyIndex for cas, delete-cas, check-index
    Session: str
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise


class NodeTxnOp(TypedDict, total=False):
    """What a transaction does with a node."""

    Verb: Required[str]  # get|set|cas|delete|delete-cas; cas uses Node.ModifyIndex
    Node: Required[NodeRegistration]


class ServiceTxnOp(TypedDict, total=False):
    """What a transaction does with a service of a node."""

    Verb: Required[str]  # get|set|cas|delete|delete-cas
    Node: Required[str]
    Service: Required[CatalogServiceRegistration]


class CheckTxnOp(TypedDict, total=False):
    """What a transaction does with a check."""

    Verb: Required[str]  # get|set|cas|delete|delete-cas
    Check: Required[CatalogCheckRegistration]


class TxnOp(TypedDict, total=False):
    """One operation of a transaction: exactly one member is set."""

    KV: KVTxnOp
    Node: NodeTxnOp
    Service: ServiceTxnOp
    Check: CheckTxnOp


class TxnResult(TypedDict):
    """One result: one member is set. Delete verbs have no result. KV.Value is null except for get, get-or-empty and get-tree."""

    KV: NotRequired[KVPair]
    Node: NotRequired[Node]
    Service: NotRequired[AgentService]
    Check: NotRequired[HealthCheck]


class TxnError(TypedDict):
    """An operation that failed, and why."""

    OpIndex: int
    What: str


class TxnResponse(TypedDict):
    """The answer to a transaction."""

    Results: list[TxnResult] | None  # null or [] when nothing to return
    Errors: list[TxnError] | None  # null on success
    Index: NotRequired[int]  # only in read-only transactions
    LastContact: NotRequired[int]  # only in read-only transactions
    KnownLeader: NotRequired[bool]  # only in read-only transactions
    ConsistencyLevel: NotRequired[str]  # only in read-only transactions
