"""What an agent reports about itself and the other members. The members of each type have Consul's own names."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

#: The levels of log lines, from the lowest.
LogLevel: TypeAlias = Literal["trace", "debug", "info", "warn", "err", "error"]

#: The tokens of an agent; see `agent.token.update`.
AgentTokenType: TypeAlias = Literal[
    "default",
    "agent",
    "agent_recovery",  # since 1.11
    "agent_master",  # its name before
    "replication",
    "config_file_service_registration",  # since 1.15
    "dns",  # since 1.17
]


class AgentMember(TypedDict):
    """A member of the cluster, as gossip sees it."""

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
    """The part of an agent's configuration that stays compatible."""

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
    """The xDS service that the agent offers to proxies."""

    SupportedProxies: dict[str, list[str]]
    Port: NotRequired[int]  # since 1.11.0
    Ports: NotRequired[AgentSelfGRPCPorts]  # since 1.14.0


class AgentSelfGRPCPorts(TypedDict):
    """The gRPC ports of the xDS service."""

    Plaintext: NotRequired[int]  # since 1.14.0
    TLS: NotRequired[int]  # since 1.14.0


class Coordinate(TypedDict):
    """A network coordinate."""

    Vec: list[float]
    Error: float
    Adjustment: float
    Height: float


class AgentSelf(TypedDict):
    """An agent's configuration, and itself as a member."""

    Config: AgentSelfConfig
    DebugConfig: dict[str, object]  # shape not stable
    Coord: Coordinate | None  # null when coordinates are disabled
    Member: AgentMember
    Stats: dict[str, dict[str, str]]
    Meta: dict[str, str]
    xDS: NotRequired[AgentSelfXDS]  # not in 1.8.0-1.8.3; absent when gRPC is off


class HostInfo(TypedDict):
    """Information about the agent's machine. Its shape is not stable."""

    Memory: dict[str, object]
    CPU: list[dict[str, object]]
    Host: dict[str, object]
    Disk: dict[str, object]
    CollectionTime: int
    Errors: list[object]


class BuildInfo(TypedDict):
    """The version of an agent."""

    SHA: NotRequired[str]  # since 1.16.0
    BuildDate: NotRequired[str]  # since 1.16.0
    HumanVersion: NotRequired[str]  # since 1.16.0
    FIPS: NotRequired[str]  # since 1.16.0


class GaugeValue(TypedDict):
    """A gauge of the last interval."""

    Name: str
    Value: float
    Labels: dict[str, str]


class PointValue(TypedDict):
    """The points of the last interval."""

    Name: str
    Points: list[float]


class SampledValue(TypedDict):
    """A counter or a timer of the last interval."""

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
    """An agent's metrics."""

    Timestamp: str
    Gauges: list[GaugeValue]
    Points: list[PointValue]
    Counters: list[SampledValue]
    Samples: list[SampledValue]
