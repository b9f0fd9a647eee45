"""The answers of endpoints that Consul does not document; they may change with any version. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.operator import QueryMetaBody
from consul_proto.types.options import ReadOptions

if TYPE_CHECKING:
    from consul_proto.filters.expression import Filter
    from consul_proto.types.catalog import CompoundServiceName, ServiceEntry
    from consul_proto.types.check import HealthCheck
    from consul_proto.types.service import AgentService


class ACLAuthorizationRequest(TypedDict, total=False):
    """A question: may the token do this?"""

    Resource: str  # a kind of rule: "key", "service", "operator", ...
    Segment: str  # the name of the resource
    Access: str  # read | write | list
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise


class ACLAuthorizationResponse(TypedDict):
    """A question, and its answer."""

    Resource: str
    Segment: NotRequired[str]
    Access: str
    Allow: bool
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class FederationState(TypedDict):
    """The mesh gateways of a datacenter. Since 1.8.0."""

    Datacenter: str
    MeshGateways: NotRequired[list[ServiceEntry]]
    UpdatedAt: str  # RFC 3339
    PrimaryModifyIndex: int
    CreateIndex: int
    ModifyIndex: int


class FederationStateResponse(QueryMetaBody):
    """A federation state. Since 1.8.0."""

    State: FederationState


class PeeredServiceName(TypedDict):
    """The name of a service, and of the peer that it belongs to. Since 1.16.0."""

    ServiceName: CompoundServiceName
    Peer: NotRequired[str]


class AssignServiceManualVIPsResponse(TypedDict):
    """The outcome of assigning virtual addresses. Since 1.16.0."""

    Found: bool  # False: there is no such service
    UnassignedFrom: list[PeeredServiceName] | None  # services that had one of the addresses before


class UINode(TypedDict):
    """A node with its services and checks."""

    ID: str
    Node: str
    Address: str
    Datacenter: NotRequired[str]  # since 1.13.0
    TaggedAddresses: dict[str, str] | None
    Meta: dict[str, str] | None
    Services: list[AgentService]
    Checks: list[HealthCheck]
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    PeerName: NotRequired[str]  # since 1.13.0


class UIGatewayConfig(TypedDict, total=False):
    """What a gateway serves."""

    AssociatedServiceCount: int  # since 1.9.0
    Addresses: list[str]  # since 1.8.1


class _Summary(TypedDict):
    """What the two kinds of summaries share."""

    Kind: NotRequired[str]
    Name: str
    Datacenter: NotRequired[str]  # since 1.9.0
    Tags: list[str] | None
    Nodes: list[str] | None
    ExternalSources: list[str] | None
    InstanceCount: int
    ChecksPassing: int
    ChecksWarning: int
    ChecksCritical: int
    GatewayConfig: UIGatewayConfig
    TransparentProxy: NotRequired[bool]  # since 1.10.0
    ConnectNative: NotRequired[bool]  # since 1.12.0
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # Enterprise
    PeerName: NotRequired[str]  # since 1.13.0


class UIServiceSummary(_Summary):
    """A service with the number of its instances and checks."""

    ConnectedWithProxy: NotRequired[bool]  # since 1.9.0
    ConnectedWithGateway: NotRequired[bool]  # since 1.9.0
    ProxyFor: NotRequired[list[str]]  # seen on 1.8.7, absent on 1.22.5


class UIIntentionDecision(TypedDict):
    """What the intentions say of two services. Since 1.9.0."""

    DefaultAllow: NotRequired[bool]  # since 1.10.0
    Allowed: bool
    HasPermissions: bool
    ExternalSource: str
    HasExact: bool


class UIServiceTopologySummary(_Summary):
    """A service upstream or downstream of another. Since 1.9.0."""

    Source: NotRequired[str]  # since 1.10.0
    Intention: UIIntentionDecision


class UIServiceTopology(TypedDict):
    """The services upstream and downstream of a service. Since 1.9.0."""

    Protocol: str
    TransparentProxy: NotRequired[bool]  # since 1.10.0
    Upstreams: list[UIServiceTopologySummary] | None
    Downstreams: list[UIServiceTopologySummary] | None
    FilteredByACLs: bool


class UIHealthSummary(TypedDict):
    """How many of something are healthy. Since 1.12.0."""

    Name: NotRequired[str]
    Total: int
    Passing: int
    Warning: int
    Critical: int
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # Enterprise


class UICatalogOverview(TypedDict):
    """How many nodes, services and checks are healthy. Since 1.12.0."""

    Nodes: list[UIHealthSummary] | None
    Services: list[UIHealthSummary] | None
    Checks: list[UIHealthSummary] | None


class UINodeOptions(ReadOptions, total=False):
    """peer: of this cluster peer (since 1.13)."""

    peer: str


class UIServicesOptions(UINodeOptions, total=False):
    """filter: an expression that Consul evaluates on each instance, as text or from `consulate.filters`."""

    filter: str | Filter[ServiceEntry]
