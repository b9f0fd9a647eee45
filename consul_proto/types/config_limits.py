"""The config entry that limits requests to the servers. The members have Consul's own names."""

from __future__ import annotations

from typing import Literal, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry


class ReadWriteRatesConfig(TypedDict, total=False):
    """Requests per second."""

    ReadRate: float
    WriteRate: float


class ControlPlaneRequestLimit(TypedDict, total=False):
    """How many requests per second the servers take from one IP address: in all, and for each group of endpoints. Enterprise."""

    Kind: Required[Literal["control-plane-request-limit"]]
    Name: Required[str]
    Mode: str  # permissive (only count) | enforcing | disabled
    ReadRate: float  # requests per second
    WriteRate: float  # requests per second
    ACL: ReadWriteRatesConfig
    Catalog: ReadWriteRatesConfig
    ConfigEntry: ReadWriteRatesConfig
    ConnectCA: ReadWriteRatesConfig
    Coordinate: ReadWriteRatesConfig
    DiscoveryChain: ReadWriteRatesConfig
    ServerDiscovery: ReadWriteRatesConfig
    Health: ReadWriteRatesConfig
    Intention: ReadWriteRatesConfig
    KV: ReadWriteRatesConfig
    Tenancy: ReadWriteRatesConfig
    PreparedQuery: ReadWriteRatesConfig
    Session: ReadWriteRatesConfig
    Txn: ReadWriteRatesConfig
    AutoConfig: ReadWriteRatesConfig
    FederationState: ReadWriteRatesConfig
    Internal: ReadWriteRatesConfig
    PeerStream: ReadWriteRatesConfig
    Peering: ReadWriteRatesConfig
    DataPlane: ReadWriteRatesConfig
    DNS: ReadWriteRatesConfig
    Subscribe: ReadWriteRatesConfig
    Resource: ReadWriteRatesConfig
    Partition: str
    Namespace: str
    Meta: dict[str, str]


class RateLimitIPConfigEntry(ControlPlaneRequestLimit, StoredEntry):
    """A control-plane-request-limit entry as Consul returns it."""
