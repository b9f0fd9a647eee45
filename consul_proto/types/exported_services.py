"""Services that are exported, and how they are read. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from consul_proto.durations import Duration


class SharedServicesOptions(TypedDict, total=False):
    """How exported and imported services are read.

    index: block until the X-Consul-Index of the answer exceeds this one. wait: the longest block.
    partition: Consul Enterprise; the Community Edition answers 400.
    """

    index: int
    wait: Duration
    partition: str


class ResolvedConsumers(TypedDict, total=False):
    """Who gets a service."""

    Peers: list[str]
    Partitions: list[str]  # Enterprise


class ResolvedExportedService(TypedDict):
    """An exported service. Wildcards and sameness groups are replaced by what they stand for."""

    Service: str
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Consumers: ResolvedConsumers
