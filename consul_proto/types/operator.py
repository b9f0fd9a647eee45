"""Raft, autopilot, gossip keys, usage and licenses. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from consul_proto.types.options import DatacenterBlockingOptions, DatacenterOption


class RaftServer(TypedDict):
    """A server of the Raft cluster."""

    ID: str
    Node: str  # "(unknown)" if no such node is in the catalog
    Address: str  # IP:port
    Leader: bool
    ProtocolVersion: str
    Voter: bool
    LastIndex: NotRequired[int]  # since 1.14.8


class RaftConfiguration(TypedDict):
    """The servers of the Raft cluster."""

    Servers: list[RaftServer]
    Index: int  # of the Raft log entry that holds this configuration


class AutopilotConfig(TypedDict):
    """The configuration of autopilot. Durations are Go duration strings ("200ms")."""

    CleanupDeadServers: bool
    LastContactThreshold: str  # duration
    MaxTrailingLogs: int
    MinQuorum: int
    ServerStabilizationTime: str  # duration
    RedundancyZoneTag: str  # Enterprise
    DisableUpgradeMigration: bool  # Enterprise
    UpgradeVersionTag: str  # Enterprise
    CreateIndex: int
    ModifyIndex: int


class AutopilotServerHealth(TypedDict):
    """What autopilot knows of the health of a server."""

    ID: str
    Name: str
    Address: str  # IP:port
    SerfStatus: str  # none | alive | leaving | left | failed
    Version: str
    Leader: bool
    LastContact: str  # duration
    LastTerm: int
    LastIndex: int
    Healthy: bool
    Voter: bool
    StableSince: str  # RFC 3339


class AutopilotHealth(TypedDict):
    """The health of the servers."""

    Healthy: bool
    FailureTolerance: int  # how many more servers may fail without an outage
    Servers: list[AutopilotServerHealth] | None  # null: a new leader has not looked at the servers yet


class AutopilotServer(TypedDict):
    """What autopilot knows of a server. All members since 1.9.0."""

    ID: str
    Name: str
    Address: str  # IP:port
    NodeStatus: str
    Version: str
    LastContact: str  # duration
    LastTerm: int
    LastIndex: int
    Healthy: bool
    StableSince: str  # RFC 3339
    RedundancyZone: NotRequired[str]  # Enterprise
    UpgradeVersion: NotRequired[str]  # Enterprise
    ReadReplica: bool
    Status: str  # leader | voter | non-voter | staging | none
    Meta: dict[str, str] | None
    NodeType: str


class AutopilotZone(TypedDict):
    """A redundancy zone. Enterprise, since 1.9.0."""

    Servers: NotRequired[list[str]]
    Voters: NotRequired[list[str]]
    FailureTolerance: NotRequired[int]


class AutopilotZoneUpgradeVersions(TypedDict, total=False):
    """The servers of a redundancy zone during an automated upgrade. Enterprise, since 1.9.0."""

    TargetVersionVoters: list[str]
    TargetVersionNonVoters: list[str]
    OtherVersionVoters: list[str]
    OtherVersionNonVoters: list[str]


class AutopilotUpgrade(TypedDict, total=False):
    """The state of an automated upgrade. Enterprise, since 1.9.0."""

    Status: str
    TargetVersion: str
    TargetVersionVoters: list[str]
    TargetVersionNonVoters: list[str]
    TargetVersionReadReplicas: list[str]
    OtherVersionVoters: list[str]
    OtherVersionNonVoters: list[str]
    OtherVersionReadReplicas: list[str]
    RedundancyZones: dict[str, AutopilotZoneUpgradeVersions]


class AutopilotState(TypedDict):
    """Autopilot's view of the servers. All members since 1.9.0."""

    Healthy: bool
    FailureTolerance: int
    OptimisticFailureTolerance: int  # with servers that could be promoted (Enterprise)
    Servers: dict[str, AutopilotServer]  # keyed by server ID
    Leader: str  # server ID
    Voters: list[str]  # server IDs
    ReadReplicas: NotRequired[list[str]]  # Enterprise
    RedundancyZones: NotRequired[dict[str, AutopilotZone]]  # Enterprise
    Upgrade: NotRequired[AutopilotUpgrade]  # Enterprise


class KeyringResponse(TypedDict):
    """The gossip keys of a pool. Its keys are secrets."""

    WAN: bool
    Datacenter: str
    Segment: str  # "" for the default; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Messages: NotRequired[dict[str, str]]  # of single nodes
    Keys: dict[str, int]  # key -> how many nodes have it
    PrimaryKeys: NotRequired[dict[str, int]]  # since 1.8.4; key -> how many nodes use it
    NumNodes: int
    Error: NotRequired[str]


class ServiceUsage(TypedDict):
    """How many nodes and services a datacenter has. Since 1.15.0."""

    Nodes: NotRequired[int]  # since 1.16.1
    Services: int
    ServiceInstances: int
    ConnectServiceInstances: dict[str, int]  # by kind
    BillableServiceInstances: int
    PartitionNamespaceServices: NotRequired[dict[str, dict[str, int]]]  # Enterprise; by partition and namespace
    PartitionNamespaceServiceInstances: NotRequired[dict[str, dict[str, int]]]  # Enterprise
    PartitionNamespaceConnectServiceInstances: NotRequired[dict[str, dict[str, dict[str, int]]]]  # Enterprise
    PartitionNamespaceBillableServiceInstances: NotRequired[dict[str, dict[str, int]]]  # Enterprise


class QueryMetaBody(TypedDict):
    """What Consul says of a read in the body of its answer; its headers say the same."""

    Index: int
    LastContact: int  # nanoseconds
    KnownLeader: bool
    ConsistencyLevel: str
    NotModified: NotRequired[bool]  # since 1.9.0
    Backend: NotRequired[int]  # since 1.10.1
    ResultsFilteredByACLs: NotRequired[bool]  # since 1.11.0


class Usage(QueryMetaBody):
    """How many nodes and services each datacenter has. Since 1.15.0."""

    Usage: dict[str, ServiceUsage]  # keyed by datacenter


class License(TypedDict):
    """A license of Consul Enterprise. Times are RFC 3339."""

    license_id: str
    customer_id: str
    installation_id: str
    issue_time: str
    start_time: str
    expiration_time: str
    termination_time: NotRequired[str]
    ignore_termination: NotRequired[bool]
    product: str
    flags: dict[str, object]
    modules: NotRequired[list[str]]
    features: list[str]
    temporary: NotRequired[bool]


class LicenseReply(TypedDict):
    """The license of a datacenter. Enterprise."""

    Valid: bool
    License: License
    Warnings: list[str]


class RelayOptions(TypedDict, total=False):
    """relay_factor: how many other nodes, from 0 to 5, relay each answer."""

    relay_factor: int


class KeyringListOptions(RelayOptions, total=False):
    """local_only: ask only the servers of this datacenter, and only for the LAN pool (since 1.6)."""

    local_only: bool


class RaftPeerOptions(DatacenterOption, total=False):
    """Which server is meant: give one of `id` and `address`.

    id: the ID of the server in the Raft configuration. address: its IP:port.
    """

    id: str
    address: str


class LeaderOptions(TypedDict, total=False):
    """id: the ID of the server in the Raft configuration that becomes the leader; without it, any other voter."""

    id: str


class AutopilotWriteOptions(DatacenterOption, total=False):
    """cas: write only if the ModifyIndex is still this one."""

    cas: int


class UsageOptions(DatacenterBlockingOptions, total=False):
    """global_: the usage of each datacenter, not only of one."""

    global_: bool


class UtilizationOptions(DatacenterOption, total=False):
    """What a bundle holds.

    message: logged with the export. today_only: only the newest snapshot. send_report: send the report to HashiCorp as well.
    """

    namespace: str
    partition: str
    message: str
    today_only: bool
    send_report: bool
