"""Services, as agents and the catalog return them and as they are registered. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from consul_proto.types.check import AgentServiceCheck
    from consul_proto.types.node import Locality, ServiceAddress


class AgentWeights(TypedDict, total=False):
    """The weights of a service in DNS answers, by state."""

    Passing: Required[int]
    Warning: Required[int]


class ServicePort(TypedDict, total=False):
    """A named port of a service with several ports; one of them may be the default."""

    Name: str  # since 1.22.0
    Port: int  # since 1.22.0
    Default: bool  # since 1.22.0


class ExposePath(TypedDict, total=False):
    """A path that a proxy lets through."""

    ListenerPort: int
    Path: str
    LocalPathPort: int
    Protocol: str
    ParsedFromCheck: bool


class ExposeConfig(TypedDict, total=False):
    """The paths that a proxy lets through without a mesh identity."""

    Checks: bool
    Paths: list[ExposePath]


class MeshGatewayConfig(TypedDict, total=False):
    """How a proxy uses mesh gateways."""

    Mode: str


class TransparentProxyConfig(TypedDict, total=False):
    """How a transparent proxy listens."""

    OutboundListenerPort: int  # since 1.10.0
    DialedDirectly: bool  # since 1.10.0


class EnvoyExtension(TypedDict, total=False):
    """An extension of an Envoy proxy."""

    Name: str  # since 1.15.0
    Required: bool  # since 1.15.0
    Arguments: dict[str, object]  # since 1.15.0
    ConsulVersion: str  # since 1.16.0
    EnvoyVersion: str  # since 1.16.0


class AccessLogsConfig(TypedDict, total=False):
    """Where a proxy logs."""

    Enabled: bool  # since 1.15.0
    DisableListenerLogs: bool  # since 1.15.0
    Type: str  # since 1.15.0
    Path: str  # since 1.15.0
    JSONFormat: str  # since 1.15.0
    TextFormat: str  # since 1.15.0


class Upstream(TypedDict, total=False):
    """A service that a proxy connects to."""

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
    Config: dict[str, object] | None  # null in answers of 1.8.7
    MeshGateway: MeshGatewayConfig
    CentrallyConfigured: bool  # since 1.10.0


class ConnectProxyConfig(TypedDict, total=False):
    """How a sidecar proxy is set up."""

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
    """How a service takes part in the mesh."""

    Native: bool
    SidecarService: AgentServiceRegistration
    PeerMeta: object  # since 1.13.0; catalog and health only


class AgentService(TypedDict):
    """A service on an agent or in the catalog."""

    Kind: NotRequired[str]  # "" | connect-proxy | mesh-gateway | terminating-gateway | ingress-gateway | api-gateway(1.15)
    ID: str
    Service: str
    Tags: list[str]
    Meta: dict[str, str] | None  # null for some proxies and gateways
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
    """How a service is registered on an agent."""

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
