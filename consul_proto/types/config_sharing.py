"""Config entries that share services between clusters and partitions. The members have Consul's own names."""

from __future__ import annotations

from typing import Literal, NotRequired, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry


class ServiceConsumer(TypedDict, total=False):
    """Who gets a service. One of the members is set."""

    Partition: str  # Enterprise
    Peer: str  # since 1.14.0
    SamenessGroup: str  # since 1.16.0; Enterprise


class ExportedService(TypedDict, total=False):
    """A service, and who gets it."""

    Name: Required[str]  # "*": all services
    Namespace: str  # Enterprise
    Consumers: list[ServiceConsumer]


class ExportedServices(TypedDict):
    """Which services are exported to peers and partitions. There is one such entry in each partition."""

    Kind: Literal["exported-services"]
    Name: str  # the partition: "default" in the Community Edition
    Partition: NotRequired[str]  # Enterprise
    Services: NotRequired[list[ExportedService] | None]
    Meta: NotRequired[dict[str, str]]


class ExportedServicesConfigEntry(ExportedServices, StoredEntry):
    """An exported-services entry as Consul returns it."""


class SamenessGroupMember(TypedDict, total=False):
    """A partition or a peer. One of the members is set."""

    Partition: str
    Peer: str


class SamenessGroup(TypedDict):
    """Partitions and peers whose services with the same name are the same. Enterprise."""

    Kind: Literal["sameness-group"]
    Name: str
    Partition: NotRequired[str]
    DefaultForFailover: NotRequired[bool]
    IncludeLocal: NotRequired[bool]
    Members: NotRequired[list[SamenessGroupMember]]
    Meta: NotRequired[dict[str, str]]


class SamenessGroupConfigEntry(SamenessGroup, StoredEntry):
    """A sameness-group entry as Consul returns it."""
