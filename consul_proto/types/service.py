"""Services as agents and the catalog describe them, and how they are registered. The members have the wire's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from consul_proto.types.check import AgentServiceCheck
    from consul_proto.types.node import Locality, ServiceAddress


class AgentWeights(TypedDict, total=False):
    """AgentWeights, as Consul writes it."""

    Passing: Required[int]
    Warning: Required[int]


class ServicePort(TypedDict, total=False):
    """Multi-port services; one entry may be Default."""

    Name: str  # since 1.22.0
    Port: int  # since 1.22.0
    Default: bool  # since 1.22.0


class ExposePath(TypedDict, total=False):
    """ExposePath, as Consul writes it."""

    ListenerPort: int
    Path: str
    LocalPathPort: int
    Protocol: str
    ParsedFromCheck: bool


class ExposeConfig(TypedDict, total=False):
    """ExposeConfig, as Consul writes it."""

    Checks: bool
    Paths: list[ExposePath]


class MeshGatewayConfig(TypedDict, total=False):
    """MeshGatewayConfig, as Consul writes it."""

    Mode: str


class TransparentProxyConfig(TypedDict, total=False):
    """TransparentProxyConfig, as Consul writes it."""

    OutboundListenerPort: int  # since 1.10.0
    DialedDirectly: bool  # since 1.10.0


class EnvoyExtension(TypedDict, total=False):
    """EnvoyExtension, as Consul writes it."""

    Name: str  # since 1.15.0
    Required: bool  # since 1.15.0
    Arguments: dict[str, object]  # since 1.15.0
    ConsulVersion: str  # since 1.16.0
    EnvoyVersion: str  # since 1.16.0


class AccessLogsConfig(TypedDict, total=False):
    """AccessLogsConfig, as Consul writes it."""

    Enabled: bool  # since 1.15.0
    DisableListenerLogs: bool  # since 1.15.0
    Type: str  # since 1.15.0
    Path: str  # since 1.15.0
    JSONFormat: str  # since 1.15.0
    TextFormat: str  # since 1.15.0


class Upstream(TypedDict, total=False):
    """Upstream, as Consul writes it."""

    DestinationType: str
    DestinationPartition: str  # since 1.11.0; Enterprise
    DestinationNamespace: str
    DestinationPeer: str  # since 1.13.0
    DestinationName: str
    Datacenter: str
    LocalBindAddress: str
    LocalBindPort: int
    LocalBindSocketPath: str  # since 1.10.0
    LocalBindSocketMode: str  # since 1.10.0
    Config: dict[str, object]
    MeshGateway: MeshGatewayConfig
    CentrallyConfigured: bool  # since 1.10.0


class ConnectProxyConfig(TypedDict, total=False):
    """ConnectProxyConfig, as Consul writes it."""

    EnvoyExtensions: list[EnvoyExtension]  # since 1.15.0
    DestinationServiceName: str
    DestinationServiceID: str
    LocalServiceAddress: str
    LocalServicePort: int
    LocalServiceSocketPath: str  # since 1.10.0
    Mode: str  # since 1.10.0
    TransparentProxy: TransparentProxyConfig  # since 1.10.0
    Config: dict[str, object]
    Upstreams: list[Upstream]
    MeshGateway: MeshGatewayConfig
    Expose: ExposeConfig
    AccessLogs: AccessLogsConfig  # since 1.15.0


class AgentServiceConnect(TypedDict, total=False):
    """AgentServiceConnect, as Consul writes it."""

    Native: bool
    SidecarService: AgentServiceRegistration
    PeerMeta: object  # since 1.13.0; catalog and health only


class AgentService(TypedDict):
    """AgentService, as Consul writes it."""

    Kind: NotRequired[str]  # "" | connect-proxy | mesh-gateway | terminating-gateway | ingress-gateway | api-gateway(1.15)
    ID: str
    Service: str
    Tags: list[str]
    Meta: dict[str, str]
    Port: int
    Ports: NotRequired[list[ServicePort]]  # since 1.22.0
    Address: str
    SocketPath: NotRequired[str]  # since 1.10.0
    TaggedAddresses: NotRequired[dict[str, ServiceAddress]]
    Weights: AgentWeights
    EnableTagOverride: bool
    CreateIndex: NotRequired[int]
    ModifyIndex: NotRequired[int]
    ContentHash: NotRequired[str]  # only from agent.service.get
    Proxy: NotRequired[ConnectProxyConfig | None]  # null or absent on plain services
    Connect: NotRequired[AgentServiceConnect]
    PeerName: NotRequired[str]  # since 1.13.0
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Datacenter: NotRequired[str]  # since 1.9.0; agent endpoints only
    Locality: NotRequired[Locality]  # since 1.16.0


class AgentServiceRegistration(TypedDict, total=False):
    """AgentServiceRegistration, as Consul writes it."""

    Kind: str  # "" | connect-proxy | mesh-gateway | terminating-gateway | ingress-gateway | api-gateway(1.15)
    ID: str
    Name: Required[str]
    Tags: list[str]
    Port: int
    Ports: list[ServicePort]  # since 1.22.0; mutually exclusive with Port
    Address: str
    SocketPath: str  # since 1.10.0
    TaggedAddresses: dict[str, ServiceAddress]
    EnableTagOverride: bool
    Meta: dict[str, str]
    Weights: AgentWeights
    Check: AgentServiceCheck  # one check
    Checks: list[AgentServiceCheck]  # several checks
    Proxy: ConnectProxyConfig
    Connect: AgentServiceConnect
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    Locality: Locality  # since 1.16.0
    Token: str  # token stored with the registration for anti-entropy
