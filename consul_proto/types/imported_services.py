"""Services that are imported. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class ImportedService(TypedDict):
    """A service of a peer or of another partition."""

    Service: str
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    SourcePeer: NotRequired[str]
    SourcePartition: NotRequired[str]  # Enterprise


class ImportedServicesResponse(TypedDict):
    """The answer of Consul Enterprise; the Community Edition answers with the list alone."""

    Partition: str
    ImportedServices: list[ImportedService] | None
