"""Compiled discovery chains, and how they are read. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.options import CacheOptions, ReadOptions

if TYPE_CHECKING:
    from consul_proto.types.config_entry import ServiceResolverFailoverPolicy
    from consul_proto.types.config_routing import LoadBalancer, ServiceResolverSubset, ServiceRoute, ServiceSplit
    from consul_proto.types.node import Locality
    from consul_proto.types.service import EnvoyExtension, MeshGatewayConfig, TransparentProxyConfig


class DiscoveryChainOptions(ReadOptions, CacheOptions, total=False):
    """compile_dc: the datacenter in which the chain is used; without it, the one that answers."""

    compile_dc: str


class DiscoveryFailover(TypedDict, total=False):
    """Where a resolver looks for instances if its target has no healthy ones."""

    Targets: list[str]  # IDs of targets, in order
    Policy: ServiceResolverFailoverPolicy  # since 1.16.0
    Regions: list[str]  # since 1.16.0


class DiscoveryResolver(TypedDict):
    """The end of a way through the chain: a target."""

    Default: NotRequired[bool]  # there is no service-resolver entry
    ConnectTimeout: str  # a Go duration ("5s")
    RequestTimeout: NotRequired[int]  # nanoseconds; since 1.13.7
    Target: str  # its ID
    Failover: NotRequired[DiscoveryFailover]


class DiscoveryRoute(TypedDict):
    """A route, and the node that it leads to."""

    Definition: ServiceRoute
    NextNode: str


class DiscoverySplit(TypedDict):
    """A part of the traffic, and the node that it goes to."""

    Definition: NotRequired[ServiceSplit]  # since 1.11.0
    Weight: float  # percent
    NextNode: str


class DiscoveryGraphNode(TypedDict):
    """A node of the chain. It has the member of its type."""

    Type: str  # router | splitter | resolver
    Name: str
    Routes: NotRequired[list[DiscoveryRoute]]
    Splits: NotRequired[list[DiscoverySplit]]
    Resolver: NotRequired[DiscoveryResolver]
    LoadBalancer: NotRequired[LoadBalancer]  # since 1.9.0


class DiscoveryPrioritizeByLocality(TypedDict, total=False):
    """Whether instances in the same region and zone are preferred. Enterprise."""

    Mode: str  # "" | none | failover


class DiscoveryTarget(TypedDict):
    """A set of instances that traffic can go to."""

    ID: str
    Service: str
    ServiceSubset: NotRequired[str]
    Namespace: NotRequired[str]  # not for a target in a peer
    Partition: NotRequired[str]  # since 1.11.0; not for a target in a peer
    Datacenter: NotRequired[str]  # not for a target in a peer
    Peer: NotRequired[str]  # since 1.14.0
    Locality: NotRequired[Locality]  # since 1.16.0
    MeshGateway: MeshGatewayConfig
    Subset: ServiceResolverSubset
    TransparentProxy: NotRequired[TransparentProxyConfig]  # since 1.14.3
    ConnectTimeout: NotRequired[str]  # a Go duration; since 1.10.10
    External: NotRequired[bool]
    SNI: NotRequired[str]
    Name: NotRequired[str]
    PrioritizeByLocality: NotRequired[DiscoveryPrioritizeByLocality]  # since 1.16.0


class CompiledDiscoveryChain(TypedDict):
    """What becomes of a connection to a service."""

    ServiceName: str
    Namespace: str
    Partition: NotRequired[str]  # since 1.11.0
    Datacenter: str
    CustomizationHash: NotRequired[str]  # of the overrides
    Default: NotRequired[bool]  # there is no config entry for the service; since 1.12.0
    Protocol: str
    ServiceMeta: NotRequired[dict[str, str]]  # of the service-defaults; since 1.12.0
    EnvoyExtensions: NotRequired[list[EnvoyExtension]]  # since 1.15.0
    StartNode: str  # its name in Nodes
    Nodes: dict[str, DiscoveryGraphNode]  # by type and name
    Targets: dict[str, DiscoveryTarget]  # by ID
    AutoVirtualIPs: NotRequired[list[str] | None]  # since 1.16.0
    ManualVirtualIPs: NotRequired[list[str] | None]  # since 1.16.0


class DiscoveryChainResponse(TypedDict):
    """The answer to a read of a chain."""

    Chain: CompiledDiscoveryChain


class DiscoveryChainRequest(TypedDict, total=False):
    """The body of a read with overrides."""

    OverrideConnectTimeout: str  # a Go duration ("5s")
    OverrideProtocol: str  # tcp | http | http2 | grpc
    OverrideMeshGateway: MeshGatewayConfig
