"""The selectors: one for each kind of rows that Consul filters, with the fields that Consul compares.

The fields have Consul's own names. A comment says since when a field exists, if not as long as filters; older versions refuse it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.filters.expression import R
from consul_proto.filters.fields import Container, Each, Flag, Number, Place, Structure, Text, TextList, TextMap, Uint8, Uint16, Uint64

if TYPE_CHECKING:
    from consul_proto.types.agent import AgentMember
    from consul_proto.types.catalog import CatalogService
    from consul_proto.types.catalog import ServiceEntry as ServiceEntryRow
    from consul_proto.types.check import HealthCheck
    from consul_proto.types.config_defaults import ServiceConfigEntry
    from consul_proto.types.connect_intentions import Intention as IntentionRow
    from consul_proto.types.internal import UINode as UINodeRow
    from consul_proto.types.node import Node as NodeRow
    from consul_proto.types.service import AgentService


class Address(Structure[R]):
    """An address of a service."""

    __slots__ = ()

    Address: Text[R]
    Port: Number[R]


class AddressMap(Container[R]):
    """Addresses by tag. `TaggedAddresses["lan"].Port` is the port of one."""

    __slots__ = ()

    def __getitem__(self, tag: str) -> Address[R]:
        """Return the selector of an address."""
        return Address(self._place.at(self._checked(tag, str)))


class Weights(Structure[R]):
    """The weights of a service in DNS answers."""

    __slots__ = ()

    Passing: Number[R]
    Warning: Number[R]


class Node(Structure[R]):
    """A node."""

    __slots__ = ()

    ID: Text[R]
    Node: Text[R]
    Address: Text[R]
    Datacenter: Text[R]
    TaggedAddresses: TextMap[R]
    Meta: TextMap[R]
    PeerName: Text[R]  # since 1.13
    Partition: Text[R]  # since 1.11; Enterprise


class Service(Structure[R]):
    """An instance of a service."""

    __slots__ = ()

    Kind: Text[R]
    ID: Text[R]
    Service: Text[R]
    Address: Text[R]
    Tags: TextList[R]
    TaggedAddresses: AddressMap[R]
    Meta: TextMap[R]
    Port: Number[R]
    SocketPath: Text[R]  # since 1.10
    PeerName: Text[R]  # since 1.13
    Weights: Weights[R]
    EnableTagOverride: Flag[R]


class Services(Service[R], Each[R]):
    """The services of a node."""

    __slots__ = ()


class Check(Structure[R]):
    """A check."""

    __slots__ = ()

    Node: Text[R]
    CheckID: Text[R]
    Name: Text[R]
    Status: Text[R]
    Notes: Text[R]
    Output: Text[R]
    ServiceID: Text[R]
    ServiceName: Text[R]
    ServiceTags: TextList[R]
    Type: Text[R]
    Interval: Text[R]  # since 1.10
    Timeout: Text[R]  # since 1.10
    PeerName: Text[R]  # since 1.13
    ExposedPort: Number[R]  # since 1.10


class Checks(Check[R], Each[R]):
    """The checks of an instance, or of a node."""

    __slots__ = ()


class ServiceEntry(Structure[R]):
    """An instance of a service, with its node and the checks of both."""

    __slots__ = ()

    Node: Node[R]
    Service: Service[R]
    Checks: Checks[R]


class ServiceInstance(Structure[R]):
    """An instance of a service in the catalog, with its node."""

    __slots__ = ()

    ID: Text[R]
    Node: Text[R]
    Address: Text[R]
    Datacenter: Text[R]
    TaggedAddresses: TextMap[R]
    NodeMeta: TextMap[R]
    ServiceKind: Text[R]
    ServiceID: Text[R]
    ServiceName: Text[R]
    ServiceAddress: Text[R]
    ServiceTags: TextList[R]
    ServiceTaggedAddresses: AddressMap[R]
    ServiceWeights: Weights[R]
    ServiceMeta: TextMap[R]
    ServicePort: Number[R]
    ServiceSocketPath: Text[R]  # since 1.10
    ServiceEnableTagOverride: Flag[R]
    PeerName: Text[R]  # since 1.13


class Member(Structure[R]):
    """A member of the cluster."""

    __slots__ = ()

    Name: Text[R]
    Port: Uint16[R]
    Tags: TextMap[R]
    Status: Number[R]  # 1: alive, 2: leaving, 3: left, 4: failed
    ProtocolMin: Uint8[R]
    ProtocolMax: Uint8[R]
    ProtocolCur: Uint8[R]
    DelegateMin: Uint8[R]
    DelegateMax: Uint8[R]
    DelegateCur: Uint8[R]


class Intention(Structure[R]):
    """An intention."""

    __slots__ = ()

    ID: Text[R]
    Description: Text[R]
    SourceNS: Text[R]
    SourceName: Text[R]
    DestinationNS: Text[R]
    DestinationName: Text[R]
    SourceType: Text[R]
    Action: Text[R]
    Meta: TextMap[R]
    Precedence: Number[R]
    SourcePartition: Text[R]  # since 1.11; Enterprise
    DestinationPartition: Text[R]  # since 1.11; Enterprise
    SourcePeer: Text[R]  # since 1.13
    SourceSamenessGroup: Text[R]  # since 1.16; Enterprise


class TransparentProxy(Structure[R]):
    """How a transparent proxy listens."""

    __slots__ = ()

    OutboundListenerPort: Number[R]
    DialedDirectly: Flag[R]


class MeshGateway(Structure[R]):
    """How a proxy uses mesh gateways."""

    __slots__ = ()

    Mode: Text[R]


class ExposedPaths(Each[R]):
    """The paths that a proxy lets through."""

    __slots__ = ()

    Path: Text[R]
    Protocol: Text[R]
    ListenerPort: Number[R]
    LocalPathPort: Number[R]


class Expose(Structure[R]):
    """What a proxy lets through without a mesh identity."""

    __slots__ = ()

    Checks: Flag[R]
    Paths: ExposedPaths[R]


class EnvoyExtensions(Each[R]):
    """The extensions of an Envoy proxy."""

    __slots__ = ()

    Name: Text[R]
    Required: Flag[R]
    ConsulVersion: Text[R]
    EnvoyVersion: Text[R]


class ServiceDefaults(Structure[R]):
    """A config entry of the kind service-defaults."""

    __slots__ = ()

    Kind: Text[R]
    Name: Text[R]
    Protocol: Text[R]
    Mode: Text[R]
    MutualTLSMode: Text[R]
    ExternalSNI: Text[R]
    BalanceInboundConnections: Text[R]
    MaxInboundConnections: Number[R]
    LocalConnectTimeoutMs: Number[R]
    LocalRequestTimeoutMs: Number[R]
    TransparentProxy: TransparentProxy[R]
    MeshGateway: MeshGateway[R]
    Expose: Expose[R]
    EnvoyExtensions: EnvoyExtensions[R]
    Meta: TextMap[R]
    Hash: Uint64[R]


class UINode(Structure[R]):
    """A node with its services and checks."""

    __slots__ = ()

    ID: Text[R]
    Node: Text[R]
    Address: Text[R]
    TaggedAddresses: TextMap[R]
    Meta: TextMap[R]
    Services: Services[R]
    Checks: Checks[R]
    PeerName: Text[R]  # since 1.13
    Partition: Text[R]  # since 1.11; Enterprise


node: Node[NodeRow] = Node(Place("node"))
service: Service[AgentService] = Service(Place("service"))
check: Check[HealthCheck] = Check(Place("check"))
service_entry: ServiceEntry[ServiceEntryRow] = ServiceEntry(Place("service_entry"))
catalog_service: ServiceInstance[CatalogService] = ServiceInstance(Place("catalog_service"))
member: Member[AgentMember] = Member(Place("member"))
intention: Intention[IntentionRow] = Intention(Place("intention"))
service_defaults: ServiceDefaults[ServiceConfigEntry] = ServiceDefaults(Place("service_defaults"))
ui_node: UINode[UINodeRow] = UINode(Place("ui_node"))
