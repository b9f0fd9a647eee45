"""What an agent says of itself and of its peers. The members have the wire's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class AgentMember(TypedDict):
    """AgentMember, as Consul writes it."""

    Name: str
    Addr: str  # IP text
    Port: int
    Tags: dict[str, str]
    Status: int  # serf number: 0 none, 1 alive, 2 leaving, 3 left, 4 failed
    ProtocolMin: int
    ProtocolMax: int
    ProtocolCur: int
    DelegateMin: int
    DelegateMax: int
    DelegateCur: int


class AgentSelfConfig(TypedDict):
    """AgentSelfConfig, as Consul writes it."""

    Datacenter: str
    PrimaryDatacenter: NotRequired[str]  # since 1.10.0
    NodeName: str
    NodeID: str
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Revision: str
    Server: bool
    Version: str
    BuildDate: NotRequired[str]  # since 1.13.0
    BindAddr: NotRequired[str]  # since 1.22.0


class AgentSelfXDS(TypedDict):
    """AgentSelfXDS, as Consul writes it."""

    SupportedProxies: dict[str, list[str]]
    Port: NotRequired[int]  # since 1.11.0
    Ports: NotRequired[AgentSelfGRPCPorts]  # since 1.14.0


class AgentSelfGRPCPorts(TypedDict):
    """AgentSelfGRPCPorts, as Consul writes it."""

    Plaintext: NotRequired[int]  # since 1.14.0
    TLS: NotRequired[int]  # since 1.14.0


class Coordinate(TypedDict):
    """Coordinate, as Consul writes it."""

    Vec: list[float]
    Error: float
    Adjustment: float
    Height: float


class AgentSelf(TypedDict):
    """AgentSelf, as Consul writes it."""

    Config: AgentSelfConfig
    DebugConfig: dict[str, object]  # shape not stable
    Coord: Coordinate | None  # null when coordinates are disabled
    Member: AgentMember
    Stats: dict[str, dict[str, str]]
    Meta: dict[str, str]
    xDS: NotRequired[AgentSelfXDS]  # not in 1.8.0-1.8.3; absent when gRPC is off


class HostInfo(TypedDict):
    """Shape not stable."""

    Memory: dict[str, object]
    CPU: list[dict[str, object]]
    Host: dict[str, object]
    Disk: dict[str, object]
    CollectionTime: int
    Errors: list[object]


class BuildInfo(TypedDict):
    """BuildInfo, as Consul writes it."""

    SHA: NotRequired[str]  # since 1.16.0
    BuildDate: NotRequired[str]  # since 1.16.0
    HumanVersion: NotRequired[str]  # since 1.16.0
    FIPS: NotRequired[str]  # since 1.16.0


class GaugeValue(TypedDict):
    """GaugeValue, as Consul writes it."""

    Name: str
    Value: float
    Labels: dict[str, str]


class PointValue(TypedDict):
    """PointValue, as Consul writes it."""

    Name: str
    Points: list[float]


class SampledValue(TypedDict):
    """SampledValue, as Consul writes it."""

    Name: str
    Count: int
    Sum: float
    Min: float
    Max: float
    Mean: float
    Stddev: float
    Labels: dict[str, str]
    Rate: float  # on the wire although the docs sample omits it


class MetricsInfo(TypedDict):
    """MetricsInfo, as Consul writes it."""

    Timestamp: str
    Gauges: list[GaugeValue]
    Points: list[PointValue]
    Counters: list[SampledValue]
    Samples: list[SampledValue]
