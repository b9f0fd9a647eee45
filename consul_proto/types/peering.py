"""Cluster peering (since Consul 1.13). The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.options import PartitionOption

if TYPE_CHECKING:
    from consul_proto.durations import Duration
    from consul_proto.query import Consistency
    from consul_proto.types.node import Locality


class PeeringStreamStatus(TypedDict):
    """The stream between the two clusters. Times are RFC 3339. Since 1.14.0."""

    ImportedServices: list[str] | None
    ExportedServices: list[str] | None
    LastHeartbeat: str | None
    LastReceive: str | None
    LastSend: str | None


class PeeringRemoteInfo(TypedDict):
    """What the other cluster says of itself. Since 1.14.0."""

    Partition: str  # Enterprise
    Datacenter: str
    Locality: NotRequired[Locality | None]  # since 1.16.0


class Peering(TypedDict):
    """A peering with another cluster."""

    ID: str
    Name: str
    Partition: NotRequired[str]  # Enterprise
    DeletedAt: NotRequired[str]  # RFC 3339
    Meta: NotRequired[dict[str, str]]
    State: str  # UNDEFINED | PENDING | ESTABLISHING | ACTIVE | FAILING | DELETING | TERMINATED
    PeerID: NotRequired[str]  # its ID in the other cluster
    PeerCAPems: NotRequired[list[str]]
    PeerServerName: NotRequired[str]
    PeerServerAddresses: NotRequired[list[str]]
    StreamStatus: NotRequired[PeeringStreamStatus]  # since 1.14.0
    CreateIndex: int
    ModifyIndex: int
    Remote: NotRequired[PeeringRemoteInfo]  # since 1.14.0


class PeeringReadOptions(PartitionOption, total=False):
    """How peerings are read. consistency: the leader always answers, also if "stale" is given.

    index: block until the X-Consul-Index of the answer exceeds this one. wait: the longest block.
    """

    consistency: Consistency
    index: int
    wait: Duration
