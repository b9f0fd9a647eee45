"""The agent's part of the service mesh. The members have Consul's own names. Times are RFC 3339."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from consul_proto.types.options import Scope

if TYPE_CHECKING:
    from consul_proto.durations import Duration
    from consul_proto.types.service import Upstream


class AgentAuthorize(TypedDict):
    """Whether a connection is allowed, and why."""

    Authorized: bool
    Reason: str


class LeafCert(TypedDict):
    """A certificate, and its private key: do not log it. It identifies one service, agent, server or gateway."""

    SerialNumber: str
    CertPEM: str
    PrivateKeyPEM: str
    Service: NotRequired[str]
    ServiceURI: NotRequired[str]  # the SPIFFE ID
    Agent: NotRequired[str]  # since 1.5.2
    AgentURI: NotRequired[str]  # since 1.5.2
    ServerURI: NotRequired[str]  # since 1.14.0
    Kind: NotRequired[str]  # since 1.13.0
    KindURI: NotRequired[str]  # since 1.13.0
    ValidAfter: str
    ValidBefore: str
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class ManagedProxyConfig(TypedDict):
    """A managed proxy, which Consul 1.2 to 1.5 could start for a service."""

    ProxyServiceID: str
    TargetServiceID: str
    TargetServiceName: str
    ContentHash: str
    ExecMode: str  # daemon | script
    Command: list[str]
    Config: dict[str, object]
    Upstreams: NotRequired[list[Upstream]]  # since 1.3.0


class LeafOptions(Scope, total=False):
    """index: block until the certificate is newer than this index. wait: the longest block."""

    index: int
    wait: Duration


class ManagedProxyOptions(TypedDict, total=False):
    """hash: block until the proxy's ContentHash differs from this one. wait: the longest block."""

    hash: str
    wait: Duration
