"""The keyword options of calls, grouped by the endpoints that support them. `consul_proto.query` writes them into requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypedDict

from consul_proto.filters.expression import R

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from consul_proto.durations import Duration
    from consul_proto.filters.expression import Filter
    from consul_proto.query import Consistency
    from consul_proto.types.agent import AgentMember
    from consul_proto.types.check import AgentServiceCheck
    from consul_proto.types.node import Locality, Node, ServiceAddress
    from consul_proto.types.service import AgentServiceConnect, AgentWeights, ConnectProxyConfig, ServicePort


class Scope(TypedDict, total=False):
    """The scope of a call. Each option overrides the client's own setting.

    datacenter: the name of the datacenter; without it, the agent's own.
    namespace, partition: Consul Enterprise; the Community Edition answers 400.
    """

    datacenter: str
    namespace: str
    partition: str


class EnterpriseScope(TypedDict, total=False):
    """The scope of a call to the local agent. Consul Enterprise only; the Community Edition answers 400."""

    namespace: str
    partition: str


class ReadOptions(Scope, total=False):
    """How a read is answered.

    consistency: "default", "leader", "stale" or "consistent".
    index: block until the X-Consul-Index of the answer exceeds this one.
    wait: the longest block (a Go duration, seconds or a timedelta); Consul's default is 5 minutes, its limit 10.
    max_stale: if the answer of a stale read would be older than this, ask the leader instead.
    """

    consistency: Consistency
    index: int
    wait: Duration
    max_stale: Duration


class ReadManyOptions(Scope, total=False):
    """consistency: "default", "leader", "stale" or "consistent"."""

    consistency: Consistency


class ACLReadOptions(TypedDict, total=False):
    """How a read of the legacy ACL system is answered. It has no datacenter, since all tokens are in the primary one."""

    consistency: Consistency
    index: int
    wait: Duration


class FilteredReadOptions(ReadOptions, Generic[R], total=False):
    """filter: an expression that Consul evaluates on each entry (since 1.5), as text or from `consulate.filters`."""

    filter: str | Filter[R]


class ListOptions(FilteredReadOptions[R], Generic[R], total=False):
    """near: sort by round-trip time from this node ("_agent": the local one). node_meta: only nodes with this metadata."""

    near: str
    node_meta: Mapping[str, str]


class NodeListOptions(TypedDict, total=False):
    """How a list of nodes is read; see `ListOptions`. Nodes have no namespace."""

    datacenter: str
    partition: str
    consistency: Consistency
    index: int
    wait: Duration
    max_stale: Duration
    filter: str | Filter[Node]
    near: str
    node_meta: Mapping[str, str]


class NodeServicesOptions(FilteredReadOptions[R], Generic[R], total=False):
    """merge_central_config: merge central configuration into proxies (since 1.13)."""

    merge_central_config: bool


class CacheOptions(TypedDict, total=False):
    """How the agent's cache is used.

    cached: answer from the agent's cache (not together with consistency="consistent").
    max_age: the maximum age of a cached answer, in whole seconds.
    stale_if_error: the same limit for the case that the servers cannot be reached, in whole seconds.
    """

    cached: bool
    max_age: Duration
    stale_if_error: Duration


class ServiceNamesOptions(FilteredReadOptions[R], CacheOptions, Generic[R], total=False):
    """node_meta: only services on nodes with this metadata."""

    node_meta: Mapping[str, str]


class InstanceOptions(ListOptions[R], CacheOptions, Generic[R], total=False):
    """peer: the cluster peer that exported the service. merge_central_config: merge central configuration into proxies.

    Both since 1.13.
    """

    peer: str
    merge_central_config: bool


class HealthInstanceOptions(InstanceOptions[R], Generic[R], total=False):
    """sameness_group: search the members of this sameness group until one has healthy instances (since 1.16; Enterprise)."""

    sameness_group: str


class DatacenterOption(TypedDict, total=False):
    """datacenter: the name of the datacenter; without it, the agent's own."""

    datacenter: str


class DatacenterReadOptions(DatacenterOption, total=False):
    """How a read is answered that has no namespace and cannot block; see `ReadOptions`."""

    consistency: Consistency
    max_stale: Duration


class DatacenterBlockingOptions(DatacenterReadOptions, total=False):
    """How a read is answered that has no namespace, and can block; see `ReadOptions`."""

    index: int
    wait: Duration


class EventListOptions(TypedDict, total=False):
    """index: block until the X-Consul-Index differs (it is a hash: compare for equality). wait: the longest block."""

    index: int
    wait: Duration


class PartitionOption(TypedDict, total=False):
    """partition: Consul Enterprise (since 1.11); the Community Edition answers 400."""

    partition: str


class CheckOptions(TypedDict, total=False):
    """Further options of a check.

    timeout: the time limit of one run. status: the state until the first run; without it, critical.
    header, method, body, disable_redirects: for an HTTP check. tcp_use_tls, grpc_use_tls, h2ping_use_tls: use TLS.
    tls_server_name, tls_skip_verify: for checks over TLS. shell: for a Docker check.
    success_before_passing, failures_before_warning, failures_before_critical: how many runs in a row change the state.
    deregister_critical_service_after: deregister the service when its check has been critical for this long.
    output_max_size: the bytes of output to store.
    """

    timeout: Duration
    status: Literal["passing", "warning", "critical"]
    header: Mapping[str, Sequence[str]]
    method: str
    body: str
    disable_redirects: bool
    tcp_use_tls: bool
    grpc_use_tls: bool
    h2ping_use_tls: bool
    tls_server_name: str
    tls_skip_verify: bool
    shell: str
    success_before_passing: int
    failures_before_warning: int
    failures_before_critical: int
    deregister_critical_service_after: Duration
    output_max_size: int


class HashOptions(TypedDict, total=False):
    """hash: block until the service's ContentHash differs from this one. wait: the longest block."""

    hash: str
    wait: Duration
    namespace: str
    partition: str


class ServiceOptions(CheckOptions, total=False):
    """Further options of the registration of a service, and the `CheckOptions` of the check that its documented parameters give.

    check_id, notes: for the check. checks: further checks, with Consul's own member names.
    meta: metadata. kind: "" or the kind of a proxy or gateway.
    ports: several named ports instead of `port` (since 1.22). socket_path: a UNIX socket instead (since 1.10).
    tagged_addresses: further addresses by tag ("lan", "wan", ...). weights: for DNS answers, by state.
    enable_tag_override: tags in the catalog override these. proxy, connect: for the service mesh. locality: since 1.16.
    token: the token with which the agent writes this service to the catalog.
    replace_existing_checks: remove the checks of an earlier registration that are missing in this one (since 1.6.1).
    """

    check_id: str
    notes: str
    meta: Mapping[str, str]
    kind: str
    checks: Sequence[AgentServiceCheck]
    ports: Sequence[ServicePort]
    socket_path: str
    tagged_addresses: Mapping[str, ServiceAddress]
    weights: AgentWeights
    enable_tag_override: bool
    proxy: ConnectProxyConfig
    connect: AgentServiceConnect
    locality: Locality
    token: str
    replace_existing_checks: bool
    namespace: str
    partition: str


class FilterOptions(TypedDict, Generic[R], total=False):
    """filter: an expression that Consul evaluates on each entry (since 1.5), as text or from `consulate.filters`."""

    filter: str | Filter[R]
    namespace: str
    partition: str


class MemberOptions(TypedDict, total=False):
    """segment: the network segment (Enterprise). filter: an expression that Consul evaluates on each member (since 1.14.9)."""

    segment: str
    filter: str | Filter[AgentMember]
    partition: str


class TxnOptions(TypedDict, total=False):
    """datacenter: the datacenter of the transaction. consistency: the mode of a transaction that only reads."""

    datacenter: str
    consistency: Consistency
