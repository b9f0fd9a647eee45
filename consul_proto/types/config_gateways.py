"""Config entries of ingress, terminating and API gateways, and their certificates. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry

if TYPE_CHECKING:
    from consul_proto.types.config_api_routes import APIGatewayJWTRequirement
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


class IngressGateway(TypedDict):
    """What an ingress gateway lets into the mesh."""

    Kind: Literal["ingress-gateway"]
    Name: str  # the gateway's service
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # Enterprise
    TLS: NotRequired[GatewayTLSConfig]
    Listeners: NotRequired[list[IngressListener] | None]
    Defaults: NotRequired[IngressServiceConfig]  # since 1.11.11
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


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


class TerminatingGateway(TypedDict):
    """Which services outside the mesh are reached through a terminating gateway."""

    Kind: Literal["terminating-gateway"]
    Name: str  # the gateway's service
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Services: NotRequired[list[LinkedService] | None]
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


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

    JWT: APIGatewayJWTRequirement


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


class APIGateway(TypedDict):
    """An API gateway. Routes (http-route, tcp-route) name it as their parent."""

    Kind: Literal["api-gateway"]
    Name: str  # the gateway's service
    Listeners: list[APIGatewayListener]  # at least one
    Status: NotRequired[ConfigEntryStatus]  # written by Consul
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class APIGatewayConfigEntry(APIGateway, StoredEntry):
    """An api-gateway entry as Consul returns it."""


class BoundAPIGatewayListener(TypedDict, total=False):
    """What Consul bound to a listener of an API gateway."""

    Name: Required[str]
    Routes: list[ResourceReference] | None
    Certificates: list[ResourceReference] | None


class BoundAPIGatewayConfigEntry(StoredEntry):
    """What Consul bound to an API gateway. Consul writes it itself, so it can only be read."""

    Kind: Literal["bound-api-gateway"]
    Name: str
    Listeners: NotRequired[list[BoundAPIGatewayListener] | None]
    Services: NotRequired[dict[str, list[ResourceReference]] | None]  # the routes by service
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class InlineCertificate(TypedDict):
    """A certificate of an API gateway, with its key. Whoever may read the entry reads the key: do not print or log it."""

    Kind: Literal["inline-certificate"]
    Name: str
    Certificate: str  # PEM
    PrivateKey: str  # PEM; secret
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class InlineCertificateConfigEntry(InlineCertificate, StoredEntry):
    """An inline-certificate entry as Consul returns it, with the key."""


class FileSystemCertificate(TypedDict):
    """A certificate of an API gateway, in files of the gateway."""

    Kind: Literal["file-system-certificate"]
    Name: str
    Certificate: NotRequired[str]  # the path of a PEM file
    PrivateKey: NotRequired[str]  # the path of a PEM file
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class FileSystemCertificateConfigEntry(FileSystemCertificate, StoredEntry):
    """A file-system-certificate entry as Consul returns it."""
