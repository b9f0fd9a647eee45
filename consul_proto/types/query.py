"""Prepared queries. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, Required, TypedDict

from consul_proto.types.options import CacheOptions, DatacenterReadOptions

if TYPE_CHECKING:
    from consul_proto.types.catalog import ServiceEntry


class QueryFailoverTarget(TypedDict, total=False):
    """Another place to look for instances: a datacenter, or a peer."""

    Peer: str  # since 1.14.0
    Datacenter: str  # since 1.13.0
    Partition: str  # since 1.16.0; Enterprise
    Namespace: str  # since 1.16.0; Enterprise


class QueryFailoverOptions(TypedDict, total=False):
    """Where to look for instances if the datacenter has no healthy ones. Targets cannot be combined with the other members."""

    NearestN: int  # this many datacenters, the nearest first
    Datacenters: list[str] | None  # these, in this order, after the nearest ones
    Targets: list[QueryFailoverTarget] | None  # since 1.13.0


class QueryDNSOptions(TypedDict):
    """How DNS answers with the query."""

    TTL: str  # a Go duration ("10s"); "" for the agent's own


class QueryTemplate(TypedDict, total=False):
    """A query for every name with a prefix: the prefix is the name of the query, and may be empty."""

    Type: Required[Literal["name_prefix_match", ""]]  # "": no template
    Regexp: str  # its groups are ${match(1)} and so on in the query
    RemoveEmptyTags: bool


class ServiceQuery(TypedDict, total=False):
    """Which instances of which service to look for."""

    Service: Required[str]
    SamenessGroup: str  # since 1.16.0; Enterprise
    Namespace: str  # Enterprise
    Partition: str  # since 1.16.0; Enterprise
    Near: str  # sort by round-trip time from this node; "_agent" or "_ip"
    Failover: QueryFailoverOptions
    IgnoreCheckIDs: list[str] | None  # failing checks that do not count
    OnlyPassing: bool  # false: only instances with critical checks are left out
    Tags: list[str] | None  # an instance must have all of them; "!tag": it must not have this one
    NodeMeta: dict[str, str] | None
    ServiceMeta: dict[str, str] | None  # since 1.4.3
    Connect: bool  # instances of the mesh, instead of the service itself
    Peer: str  # since 1.14.0


class PreparedQuery(TypedDict):
    """A prepared query."""

    ID: str
    Name: str
    Session: str
    Token: str  # "<hidden>" unless the token of the request may manage ACLs
    Service: ServiceQuery
    DNS: QueryDNSOptions
    Template: QueryTemplate
    CreateIndex: int
    ModifyIndex: int


class QueryMetaBody(TypedDict):
    """What an answer says about itself in its body, as others do in their headers."""

    Index: int
    LastContact: int  # nanoseconds
    KnownLeader: bool
    ConsistencyLevel: str
    NotModified: NotRequired[bool]  # since 1.9.0
    Backend: NotRequired[int]  # since 1.10.1
    ResultsFilteredByACLs: NotRequired[bool]  # since 1.11.0


class PreparedQueryExecuteResponse(QueryMetaBody):
    """What a prepared query found."""

    Service: str
    Namespace: NotRequired[str]  # Enterprise
    Nodes: list[ServiceEntry]
    DNS: QueryDNSOptions
    Datacenter: str  # where the instances are
    PeerName: NotRequired[str]  # since 1.13.0
    Failovers: int  # how many other datacenters were asked


class PreparedQueryExplainResponse(QueryMetaBody):
    """A prepared query, as it is executed for a name."""

    Query: PreparedQuery


class ExplainOptions(DatacenterReadOptions, total=False):
    """near: sort by round-trip time from this node ("_agent": the local one; "_ip": the sender). limit: the most instances."""

    near: str
    limit: int


class ExecuteOptions(ExplainOptions, CacheOptions, total=False):
    """connect: only instances of the mesh (since 1.2)."""

    connect: bool
