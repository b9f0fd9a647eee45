"""Health checks, as they are read and as they are registered. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, Required, TypedDict


class HealthCheckDefinition(TypedDict, total=False):
    """What a check does."""

    HTTP: str
    Header: dict[str, list[str]] | None  # null from agent.service.health_by_*
    Method: str
    Body: str
    TLSServerName: str  # since 1.10.0
    TLSSkipVerify: bool
    TCP: str
    TCPUseTLS: bool  # since 1.16.2
    UDP: str  # since 1.13.0
    GRPC: str
    OSService: str  # since 1.14.0
    GRPCUseTLS: bool
    SessionName: str  # since 1.21.0
    Interval: str
    Timeout: str
    DeregisterCriticalServiceAfter: str
    DisableRedirects: bool  # since 1.9.17
    H2PING: str  # since 1.10.0
    H2PingUseTLS: bool  # since 1.11.0
    OutputMaxSize: int
    ScriptArgs: list[str]
    DockerContainerID: str
    Shell: str
    AliasNode: str
    AliasService: str
    TTL: str


class HealthCheck(TypedDict):
    """A check in the catalog."""

    Node: str
    CheckID: str
    Name: str
    Status: str  # passing|warning|critical; maintenance shows as critical with a reserved CheckID
    Notes: str
    Output: str
    ServiceID: str
    ServiceName: str
    ServiceTags: list[str] | None  # null from agent.service.health_by_*
    Type: NotRequired[str]
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    ExposedPort: NotRequired[int]  # since 1.10.0
    PeerName: NotRequired[str]  # since 1.13.0
    Definition: HealthCheckDefinition
    CreateIndex: int
    ModifyIndex: int
    Interval: NotRequired[str]  # since 1.10.2; copied from the definition
    Timeout: NotRequired[str]  # since 1.10.2; copied from the definition


class AgentCheck(TypedDict):
    """A check on the local agent."""

    Node: str
    CheckID: str
    Name: str
    Status: str
    Notes: str
    Output: str
    ServiceID: str
    ServiceName: str
    Type: NotRequired[str]
    ExposedPort: NotRequired[int]  # since 1.10.0
    Definition: HealthCheckDefinition
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    ServiceTags: NotRequired[list[str]]
    CreateIndex: int  # always 0 on agent endpoints
    ModifyIndex: int  # always 0 on agent endpoints
    Interval: NotRequired[str]  # seen on 1.22.5, absent on 1.8.7; may be ""
    Timeout: NotRequired[str]  # seen on 1.22.5, absent on 1.8.7; may be ""


class AgentServiceCheck(TypedDict, total=False):
    """A check in the registration of a service. Durations are Go duration strings."""

    CheckID: str
    Name: str
    ScriptArgs: list[str]  # accepted in every 1.x version
    DockerContainerID: str
    Shell: str  # Docker checks only
    Interval: str
    Timeout: str
    TTL: str
    HTTP: str
    Header: dict[str, list[str]]
    Method: str
    Body: str
    TCP: str
    TCPUseTLS: bool  # since 1.16.2
    UDP: str  # since 1.13.0
    Status: str  # initial status: passing|warning|critical
    Notes: str
    TLSServerName: str  # since 1.10.0
    TLSSkipVerify: bool
    GRPC: str
    GRPCUseTLS: bool
    H2PING: str  # since 1.10.0
    H2PingUseTLS: bool  # since 1.11.0; defaults to true when H2PING is set
    AliasNode: str
    AliasService: str  # service ID, not name
    SuccessBeforePassing: int
    FailuresBeforeWarning: int  # since 1.11.0
    FailuresBeforeCritical: int
    DeregisterCriticalServiceAfter: str
    DisableRedirects: bool  # since 1.9.17
    OSService: str  # since 1.14.0
    ProxyHTTP: str
    ProxyGRPC: str
    OutputMaxSize: int
    Args: list[str]  # same meaning as ScriptArgs; replaced the removed Script string


class AgentCheckRegistration(TypedDict, total=False):
    """A check that is registered by itself. Some members may be in snake_case. Since 1.7.0, unknown members are refused (400)."""

    ID: str
    Name: Required[str]
    Notes: str
    ServiceID: str
    Token: str
    Status: str
    ScriptArgs: list[str]
    HTTP: str
    H2PING: str  # since 1.10.0
    H2PingUseTLS: bool  # since 1.11.0
    Header: dict[str, list[str]]
    Method: str
    Body: str
    DisableRedirects: bool  # since 1.9.17
    TCP: str
    TCPUseTLS: bool  # since 1.16.2
    UDP: str  # since 1.13.0
    Interval: str
    DockerContainerID: str
    Shell: str
    GRPC: str
    GRPCUseTLS: bool
    OSService: str  # since 1.14.0
    TLSServerName: str  # since 1.10.0
    TLSSkipVerify: bool
    AliasNode: str
    AliasService: str
    Timeout: str
    TTL: str
    SuccessBeforePassing: int
    FailuresBeforeWarning: int  # since 1.11.0
    FailuresBeforeCritical: int
    DeregisterCriticalServiceAfter: str
    OutputMaxSize: int
    Args: list[str]  # same meaning as ScriptArgs; replaced the removed Script string
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise


class CheckUpdate(TypedDict, total=False):
    """The new state of a TTL check."""

    Status: Required[str]  # passing|warning|critical
    Output: str
