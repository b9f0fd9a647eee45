"""The answers of the catalog and health endpoints. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from consul_proto.types.check import HealthCheck, HealthCheckDefinition
    from consul_proto.types.node import Locality, Node, ServiceAddress
    from consul_proto.types.service import AgentService, AgentServiceConnect, AgentWeights, ConnectProxyConfig, ServicePort


class CatalogService(TypedDict):
    """An instance of a service, with its node."""

    ID: str  # node ID
    Node: str
    Address: str  # node address; use when ServiceAddress is empty
    Datacenter: str
    TaggedAddresses: dict[str, str]
    NodeMeta: dict[str, str]
    ServiceID: str
    ServiceName: str
    ServiceAddress: str
    ServiceTaggedAddresses: NotRequired[dict[str, ServiceAddress]]
    ServiceTags: list[str]  # [] never null
    ServiceMeta: dict[str, str]
    ServicePort: int
    ServiceWeights: AgentWeights
    ServiceEnableTagOverride: bool
    ServiceProxy: NotRequired[ConnectProxyConfig]
    ServiceLocality: NotRequired[Locality | None]  # since 1.16.0
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    ServiceKind: NotRequired[str]
    ServicePorts: NotRequired[list[ServicePort] | None]  # since 1.22.0
    ServiceSocketPath: NotRequired[str]  # since 1.10.0
    ServiceConnect: NotRequired[AgentServiceConnect]
    PeerName: NotRequired[str]  # since 1.13.0


class CatalogNode(TypedDict):
    """A node with its services."""

    Node: Node
    Services: dict[str, AgentService]  # keyed by service ID


class CatalogNodeServiceList(TypedDict):
    """A node with the list of its services."""

    Node: Node | None  # null when the node is unknown
    Services: list[AgentService] | None  # null when the node is unknown


class CompoundServiceName(TypedDict):
    """The name of a service, with its Enterprise scope."""

    Name: str
    Namespace: NotRequired[str]  # since 1.8.1; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class GatewayService(TypedDict):
    """A service behind a gateway."""

    Gateway: CompoundServiceName
    Service: CompoundServiceName
    GatewayKind: str
    Port: int
    Protocol: str
    Hosts: NotRequired[list[str]]
    CAFile: NotRequired[str]
    CertFile: NotRequired[str]
    KeyFile: NotRequired[str]
    SNI: NotRequired[str]
    FromWildcard: NotRequired[bool]
    AutoHostRewrite: NotRequired[bool]  # seen on 1.22.5, absent on 1.8.7
    CreateIndex: int
    ModifyIndex: int


class ServiceEntry(TypedDict):
    """An instance of a service, with its node and checks."""

    Node: Node
    Service: AgentService
    Checks: list[HealthCheck]


class AgentServiceChecksInfo(TypedDict):
    """A service of the local agent, with its checks and the worst of their states."""

    AggregatedStatus: str
    Service: AgentService
    Checks: list[HealthCheck]


class ServiceTags(TypedDict):
    """A service of the catalog, with the tags of all its instances."""

    Service: str
    Tags: list[str]


class NodeRegistration(TypedDict, total=False):
    """A node as it is written to the catalog."""

    Node: Required[str]
    ID: str  # a UUID
    Address: str
    Datacenter: str
    TaggedAddresses: dict[str, str]
    Meta: dict[str, str]
    ModifyIndex: int  # for the verbs cas and delete-cas of a transaction
    Partition: str  # since 1.11.0; Enterprise
    PeerName: str  # since 1.13.0; internal use
    Locality: Locality  # since 1.16.0


class CatalogServiceRegistration(TypedDict, total=False):
    """A service as it is written to the catalog."""

    ID: str  # the name, if missing
    Service: str
    Kind: str
    Tags: list[str]
    Meta: dict[str, str]
    Port: int
    Ports: list[ServicePort]  # since 1.22.0; instead of Port
    Address: str
    SocketPath: str  # since 1.10.0
    TaggedAddresses: dict[str, ServiceAddress]
    Weights: AgentWeights
    EnableTagOverride: bool
    Proxy: ConnectProxyConfig
    Connect: AgentServiceConnect
    ModifyIndex: int  # for the verbs cas and delete-cas of a transaction
    PeerName: str  # since 1.13.0; internal use
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    Locality: Locality  # since 1.16.0


class CatalogCheckRegistration(TypedDict, total=False):
    """A check as it is written to the catalog."""

    Node: str
    CheckID: str  # the name, if missing
    Name: str
    Status: str  # passing, warning or critical
    Notes: str
    Output: str
    ServiceID: str
    ServiceName: str
    ServiceTags: list[str]
    Type: str
    Definition: HealthCheckDefinition
    ModifyIndex: int  # for the verbs cas and delete-cas of a transaction
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    PeerName: str  # since 1.13.0; internal use
