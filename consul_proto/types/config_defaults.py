"""Config entries with defaults of proxies: for a service, for all services, and for the mesh. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from consul_proto.types.config_entry import StoredEntry

if TYPE_CHECKING:
    from consul_proto.types.config_entry import (
        PassiveHealthCheck,
        ServiceResolverFailoverPolicy,
        ServiceResolverPrioritizeByLocality,
    )
    from consul_proto.types.service import AccessLogsConfig, EnvoyExtension, ExposeConfig, MeshGatewayConfig, TransparentProxyConfig


class UpstreamLimits(TypedDict, total=False):
    """What a proxy opens to an upstream at most."""

    MaxConnections: int
    MaxPendingRequests: int
    MaxConcurrentRequests: int


class UpstreamConfig(TypedDict, total=False):
    """How a proxy connects to an upstream."""

    Name: str  # not in the defaults
    Partition: str  # since 1.11.0; Enterprise
    Namespace: str  # Enterprise
    Peer: str  # since 1.15.0
    EnvoyListenerJSON: str
    EnvoyClusterJSON: str
    Protocol: str  # tcp | http | http2 | grpc
    ConnectTimeoutMs: int  # milliseconds
    Limits: UpstreamLimits
    PassiveHealthCheck: PassiveHealthCheck
    MeshGateway: MeshGatewayConfig
    BalanceOutboundConnections: str  # "" | exact_balance; since 1.14.0


class UpstreamConfiguration(TypedDict, total=False):
    """How the proxies of a service connect to their upstreams."""

    Overrides: list[UpstreamConfig]
    Defaults: UpstreamConfig


class DestinationConfig(TypedDict, total=False):
    """Addresses outside the mesh, which are reached through a terminating gateway."""

    Addresses: list[str]
    Port: int


class InstanceLevelRouteRateLimits(TypedDict, total=False):
    """A limit for the requests of one path. One of the paths is set."""

    PathExact: str
    PathPrefix: str
    PathRegex: str
    RequestsPerSecond: int
    RequestsMaxBurst: int


class InstanceLevelRateLimits(TypedDict, total=False):
    """Limits for the requests to each instance."""

    RequestsPerSecond: int
    RequestsMaxBurst: int
    Routes: list[InstanceLevelRouteRateLimits]


class RateLimits(TypedDict, total=False):
    """Limits for the requests to a service. Enterprise."""

    InstanceLevel: InstanceLevelRateLimits


class ServiceDefaults(TypedDict):
    """Defaults for a service: its protocol, its proxies, its upstreams."""

    Kind: Literal["service-defaults"]
    Name: str  # the service
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Protocol: NotRequired[str]  # tcp | http | http2 | grpc; "" is tcp
    Mode: NotRequired[str]  # "" | direct | transparent; since 1.10.0
    TransparentProxy: NotRequired[TransparentProxyConfig]  # since 1.10.0
    MutualTLSMode: NotRequired[str]  # "" | strict | permissive; since 1.16.0
    MeshGateway: NotRequired[MeshGatewayConfig]
    Expose: NotRequired[ExposeConfig]  # since 1.6.2
    ExternalSNI: NotRequired[str]
    UpstreamConfig: NotRequired[UpstreamConfiguration]  # since 1.10.0
    Destination: NotRequired[DestinationConfig]  # since 1.13.0
    MaxInboundConnections: NotRequired[int]  # since 1.13.0
    LocalConnectTimeoutMs: NotRequired[int]  # milliseconds; since 1.13.2
    LocalRequestTimeoutMs: NotRequired[int]  # milliseconds; since 1.13.2
    BalanceInboundConnections: NotRequired[str]  # "" | exact_balance; since 1.14.0
    RateLimits: NotRequired[RateLimits]  # since 1.17.0; Enterprise
    EnvoyExtensions: NotRequired[list[EnvoyExtension]]  # since 1.15.0
    MaxRequestHeadersKB: NotRequired[int]  # kibibytes; since 1.21.5
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


class ServiceConfigEntry(ServiceDefaults, StoredEntry):
    """A service-defaults entry as Consul returns it."""


class ProxyDefaults(TypedDict):
    """Defaults for the proxies of all services."""

    Kind: Literal["proxy-defaults"]
    Name: str  # always "global"
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Config: NotRequired[dict[str, object] | None]  # for Envoy: "protocol", "envoy_prometheus_bind_addr", ...
    Mode: NotRequired[str]  # "" | direct | transparent; since 1.10.0
    TransparentProxy: NotRequired[TransparentProxyConfig]  # since 1.10.0
    MutualTLSMode: NotRequired[str]  # "" | strict | permissive; since 1.16.0
    MeshGateway: NotRequired[MeshGatewayConfig]
    Expose: NotRequired[ExposeConfig]  # since 1.6.2
    AccessLogs: NotRequired[AccessLogsConfig]  # since 1.15.0
    EnvoyExtensions: NotRequired[list[EnvoyExtension]]  # since 1.15.0
    FailoverPolicy: NotRequired[ServiceResolverFailoverPolicy]  # since 1.16.0
    PrioritizeByLocality: NotRequired[ServiceResolverPrioritizeByLocality]  # since 1.16.0; Enterprise
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


class ProxyConfigEntry(ProxyDefaults, StoredEntry):
    """A proxy-defaults entry as Consul returns it."""


class TransparentProxyMeshConfig(TypedDict, total=False):
    """Which destinations transparent proxies let through."""

    MeshDestinationsOnly: bool


class MeshDirectionalTLSConfig(TypedDict, total=False):
    """TLS of the proxies in one direction."""

    TLSMinVersion: str  # TLS_AUTO | TLSv1_0 | TLSv1_1 | TLSv1_2 | TLSv1_3
    TLSMaxVersion: str
    CipherSuites: list[str]


class MeshTLSConfig(TypedDict, total=False):
    """TLS of the proxies."""

    Incoming: MeshDirectionalTLSConfig
    Outgoing: MeshDirectionalTLSConfig


class RequestNormalizationMeshConfig(TypedDict, total=False):
    """How proxies clean the paths and headers of requests before they match intentions."""

    InsecureDisablePathNormalization: bool
    MergeSlashes: bool
    # IMPLEMENTATION_SPECIFIC_DEFAULT | KEEP_UNCHANGED | REJECT_REQUEST | UNESCAPE_AND_REDIRECT | UNESCAPE_AND_FORWARD
    PathWithEscapedSlashesAction: str
    HeadersWithUnderscoresAction: str  # ALLOW | REJECT_REQUEST | DROP_HEADER


class MeshDirectionalHTTPConfig(TypedDict, total=False):
    """HTTP of the proxies in one direction."""

    RequestNormalization: RequestNormalizationMeshConfig


class MeshHTTPConfig(TypedDict, total=False):
    """HTTP of the proxies."""

    SanitizeXForwardedClientCert: bool
    Incoming: MeshDirectionalHTTPConfig  # since 1.20.1


class PeeringMeshConfig(TypedDict, total=False):
    """How clusters peer."""

    PeerThroughMeshGateways: bool


class Mesh(TypedDict):
    """Settings of the whole mesh. There is one such entry; it has no name, and is read and deleted as "mesh"."""

    Kind: Literal["mesh"]
    Name: NotRequired[str]  # always "mesh" if it is given; not returned
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # Enterprise
    TransparentProxy: NotRequired[TransparentProxyMeshConfig]
    AllowEnablingPermissiveMutualTLS: NotRequired[bool]  # since 1.16.0
    ValidateClusters: NotRequired[bool]  # since 1.19.2
    TLS: NotRequired[MeshTLSConfig]  # since 1.12.0
    HTTP: NotRequired[MeshHTTPConfig]  # since 1.12.1
    Peering: NotRequired[PeeringMeshConfig]  # since 1.14.0
    Meta: NotRequired[dict[str, str]]


class MeshConfigEntry(Mesh, StoredEntry):
    """A mesh entry as Consul returns it."""
