"""The config entry that limits requests to the servers. The members have Consul's own names."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from consul_proto.types.config_entry import StoredEntry


class ReadWriteRatesConfig(TypedDict, total=False):
    """Requests per second."""

    ReadRate: float
    WriteRate: float


class ControlPlaneRequestLimit(TypedDict):
    """How many requests per second the servers take from one IP address: in all, and for each group of endpoints. Enterprise."""

    Kind: Literal["control-plane-request-limit"]
    Name: str
    Mode: NotRequired[str]  # permissive (only count) | enforcing | disabled
    ReadRate: NotRequired[float]  # requests per second
    WriteRate: NotRequired[float]  # requests per second
    ACL: NotRequired[ReadWriteRatesConfig]
    Catalog: NotRequired[ReadWriteRatesConfig]
    ConfigEntry: NotRequired[ReadWriteRatesConfig]
    ConnectCA: NotRequired[ReadWriteRatesConfig]
    Coordinate: NotRequired[ReadWriteRatesConfig]
    DiscoveryChain: NotRequired[ReadWriteRatesConfig]
    ServerDiscovery: NotRequired[ReadWriteRatesConfig]
    Health: NotRequired[ReadWriteRatesConfig]
    Intention: NotRequired[ReadWriteRatesConfig]
    KV: NotRequired[ReadWriteRatesConfig]
    Tenancy: NotRequired[ReadWriteRatesConfig]
    PreparedQuery: NotRequired[ReadWriteRatesConfig]
    Session: NotRequired[ReadWriteRatesConfig]
    Txn: NotRequired[ReadWriteRatesConfig]
    AutoConfig: NotRequired[ReadWriteRatesConfig]
    FederationState: NotRequired[ReadWriteRatesConfig]
    Internal: NotRequired[ReadWriteRatesConfig]
    PeerStream: NotRequired[ReadWriteRatesConfig]
    Peering: NotRequired[ReadWriteRatesConfig]
    DataPlane: NotRequired[ReadWriteRatesConfig]
    DNS: NotRequired[ReadWriteRatesConfig]
    Subscribe: NotRequired[ReadWriteRatesConfig]
    Resource: NotRequired[ReadWriteRatesConfig]
    Partition: NotRequired[str]
    Namespace: NotRequired[str]
    Meta: NotRequired[dict[str, str]]


class RateLimitIPConfigEntry(ControlPlaneRequestLimit, StoredEntry):
    """A control-plane-request-limit entry as Consul returns it."""
