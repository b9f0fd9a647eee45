"""Config entries of ingress, terminating and API gateways, and their certificates. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry

if TYPE_CHECKING:
    from consul_proto.types.config_api_routes import JWTFilter
    from consul_proto.types.config_entry import ConfigEntryStatus, HTTPHeaderModifiers, PassiveHealthCheck, ResourceReference


class GatewayTLSSDSConfig(TypedDict, total=False):
    """Where Envoy gets a certificate from."""

    ClusterName: str
    CertResource: str


class GatewayTLSConfig(TypedDict, total=False):
    """TLS of an ingress gateway, or of one of its listeners."""

    Enabled: bool
    SDS: GatewayTLSSDSConfig  # since 1.11.0
    TLSMinVersion: str  # TLS_AUTO | TLSv1_0 | TLSv1_1 | TLSv1_2 | TLSv1_3; since 1.11.2
    TLSMaxVersion: str  # since 1.11.2
    CipherSuites: list[str]  # since 1.11.2


class GatewayServiceTLSConfig(TypedDict, total=False):
    """TLS for one service of an ingress gateway."""

    SDS: GatewayTLSSDSConfig


class IngressService(TypedDict, total=False):
    """A service that a listener of an ingress gateway serves."""

    Name: Required[str]  # "*": all services, with the protocol http
    Hosts: list[str]
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    TLS: GatewayServiceTLSConfig  # since 1.11.0
    RequestHeaders: HTTPHeaderModifiers  # since 1.11.0
    ResponseHeaders: HTTPHeaderModifiers  # since 1.11.0
    MaxConnections: int  # since 1.11.11
    MaxPendingRequests: int  # since 1.11.11
    MaxConcurrentRequests: int  # since 1.11.11
    PassiveHealthCheck: PassiveHealthCheck  # since 1.15.0


class IngressServiceConfig(TypedDict, total=False):
    """Defaults for the services of an ingress gateway."""

    MaxConnections: int
    MaxPendingRequests: int
    MaxConcurrentRequests: int
    PassiveHealthCheck: PassiveHealthCheck  # since 1.15.0


class IngressListener(TypedDict, total=False):
    """A port of an ingress gateway."""

    Port: Required[int]
    Protocol: str  # tcp | http | http2 | grpc; "" is tcp
    Services: list[IngressService] | None  # one service, unless the protocol is http
    TLS: GatewayTLSConfig  # since 1.11.0


class IngressGateway(TypedDict, total=False):
    """What an ingress gateway lets into the mesh."""

    Kind: Required[Literal["ingress-gateway"]]
    Name: Required[str]  # the gateway's service
    Partition: str  # since 1.11.0; Enterprise
    Namespace: str  # Enterprise
    TLS: GatewayTLSConfig
    Listeners: list[IngressListener] | None
    Defaults: IngressServiceConfig  # since 1.11.11
    Meta: dict[str, str]  # since 1.8.4


class IngressGatewayConfigEntry(IngressGateway, StoredEntry):
    """An ingress-gateway entry as Consul returns it."""


class LinkedService(TypedDict, total=False):
    """A service outside the mesh. The files are those of the gateway."""

    Name: Required[str]  # "*": all services that have no entry of their own
    Namespace: str  # Enterprise
    CAFile: str
    CertFile: str
    KeyFile: str
    SNI: str
    DisableAutoHostRewrite: bool  # since 1.18.2


class TerminatingGateway(TypedDict, total=False):
    """Which services outside the mesh are reached through a terminating gateway."""

    Kind: Required[Literal["terminating-gateway"]]
    Name: Required[str]  # the gateway's service
    Partition: str  # since 1.11.0; Enterprise
    Namespace: str  # Enterprise
    Services: list[LinkedService] | None
    Meta: dict[str, str]  # since 1.8.4


class TerminatingGatewayConfigEntry(TerminatingGateway, StoredEntry):
    """A terminating-gateway entry as Consul returns it."""


class APIGatewayTLSConfiguration(TypedDict, total=False):
    """TLS of a listener of an API gateway."""

    Certificates: list[ResourceReference] | None  # entries of the kind inline-certificate or file-system-certificate
    MaxVersion: str  # "" | TLS_AUTO | TLSv1_0 | TLSv1_1 | TLSv1_2 | TLSv1_3
    MinVersion: str
    CipherSuites: list[str] | None


class APIGatewayPolicy(TypedDict, total=False):
    """What requests to a listener need. Enterprise."""

    JWT: JWTFilter


class APIGatewayListener(TypedDict, total=False):
    """A port of an API gateway."""

    Name: str
    Hostname: str  # "*.example.com"; "": any
    Port: Required[int]
    Protocol: Required[str]  # http | tcp
    TLS: APIGatewayTLSConfiguration
    Override: APIGatewayPolicy  # since 1.17.0; Enterprise
    Default: APIGatewayPolicy  # since 1.17.0; Enterprise
    MaxRequestHeadersKB: int  # kibibytes; since 1.21.5


class APIGateway(TypedDict, total=False):
    """An API gateway. Routes (http-route, tcp-route) name it as their parent."""

    Kind: Required[Literal["api-gateway"]]
    Name: Required[str]  # the gateway's service
    Listeners: Required[list[APIGatewayListener]]  # at least one
    Status: ConfigEntryStatus  # written by Consul
    Partition: str  # Enterprise
    Namespace: str  # Enterprise
    Meta: dict[str, str]


class APIGatewayConfigEntry(APIGateway, StoredEntry):
    """An api-gateway entry as Consul returns it."""


class BoundAPIGatewayListener(TypedDict, total=False):
    """What Consul bound to a listener of an API gateway."""

    Name: Required[str]
    Routes: list[ResourceReference] | None
    Certificates: list[ResourceReference] | None


class BoundAPIGatewayConfigEntry(StoredEntry, total=False):
    """What Consul bound to an API gateway. Consul writes it itself, so it can only be read."""

    Kind: Required[Literal["bound-api-gateway"]]
    Name: Required[str]
    Listeners: list[BoundAPIGatewayListener] | None
    Services: dict[str, list[ResourceReference]] | None  # the routes by service
    Partition: str  # Enterprise
    Namespace: str  # Enterprise
    Meta: dict[str, str]


class InlineCertificate(TypedDict, total=False):
    """A certificate of an API gateway, with its key. Whoever may read the entry reads the key: do not print or log it."""

    Kind: Required[Literal["inline-certificate"]]
    Name: Required[str]
    Certificate: Required[str]  # PEM
    PrivateKey: Required[str]  # PEM; secret
    Partition: str  # Enterprise
    Namespace: str  # Enterprise
    Meta: dict[str, str]


class InlineCertificateConfigEntry(InlineCertificate, StoredEntry):
    """An inline-certificate entry as Consul returns it, with the key."""


class FileSystemCertificate(TypedDict, total=False):
    """A certificate of an API gateway, in files of the gateway."""

    Kind: Required[Literal["file-system-certificate"]]
    Name: Required[str]
    Certificate: str  # the path of a PEM file
    PrivateKey: str  # the path of a PEM file
    Partition: str  # Enterprise
    Namespace: str  # Enterprise
    Meta: dict[str, str]


class FileSystemCertificateConfigEntry(FileSystemCertificate, StoredEntry):
    """A file-system-certificate entry as Consul returns it."""
