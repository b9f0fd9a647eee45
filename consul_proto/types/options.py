"""The keyword options that calls take, by what an endpoint obeys. The table in `consul_proto.options` puts them on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from consul_proto.durations import Duration
    from consul_proto.query import Consistency
    from consul_proto.types.check import AgentServiceCheck
    from consul_proto.types.node import Locality, ServiceAddress
    from consul_proto.types.service import AgentServiceConnect, AgentWeights, ConnectProxyConfig, ServicePort


class Scope(TypedDict, total=False):
    """Where a call applies. Each overrides the client's own setting.

    datacenter: its name; the agent's own where it is not given.
    namespace, partition: Consul Enterprise; the Community Edition answers 400.
    """

    datacenter: str
    namespace: str
    partition: str


class EnterpriseScope(TypedDict, total=False):
    """Where a call to the local agent applies: Consul Enterprise only; the Community Edition answers 400."""

    namespace: str
    partition: str


class ReadOptions(Scope, total=False):
    """How a read is answered.

    consistency: "default", "leader", "stale" or "consistent".
    index: block until the X-Consul-Index of the answer exceeds this one.
    wait: the longest block (a Go duration, seconds or a timedelta); Consul's default is 5 minutes, its ceiling 10.
    max_stale: with stale reads, ask the leader after all where the answer is older than this.
    """

    consistency: Consistency
    index: int
    wait: Duration
    max_stale: Duration


class ReadManyOptions(Scope, total=False):
    """consistency: "default", "leader", "stale" or "consistent"."""

    consistency: Consistency


class ACLReadOptions(TypedDict, total=False):
    """How a read of the legacy ACL system is answered: it obeys no datacenter, since tokens live in the primary one."""

    consistency: Consistency
    index: int
    wait: Duration


class FilteredReadOptions(ReadOptions, total=False):
    """filter: an expression that Consul evaluates on each entry (since 1.5)."""

    filter: str


class ListOptions(FilteredReadOptions, total=False):
    """near: sort by round-trip time from this node ("_agent": the local one). node_meta: only nodes with these metadata."""

    near: str
    node_meta: Mapping[str, str]


class NodeListOptions(TypedDict, total=False):
    """How a list of nodes is read, as in `ListOptions`; nodes have no namespace."""

    datacenter: str
    partition: str
    consistency: Consistency
    index: int
    wait: Duration
    max_stale: Duration
    filter: str
    near: str
    node_meta: Mapping[str, str]


class NodeServicesOptions(FilteredReadOptions, total=False):
    """merge_central_config: merge central configuration into proxies (since 1.13)."""

    merge_central_config: bool


class CacheOptions(TypedDict, total=False):
    """How the agent's cache is used.

    cached: answer from the agent's cache (excludes consistency="consistent").
    max_age: accept no cached answer older than this; whole seconds.
    stale_if_error: accept an older one where the servers cannot be reached; whole seconds.
    """

    cached: bool
    max_age: Duration
    stale_if_error: Duration


class ServiceNamesOptions(FilteredReadOptions, CacheOptions, total=False):
    """node_meta: only services on nodes with these metadata."""

    node_meta: Mapping[str, str]


class InstanceOptions(ListOptions, CacheOptions, total=False):
    """peer: the cluster peer that exported the service. merge_central_config: merge central configuration into proxies.

    Both since 1.13.
    """

    peer: str
    merge_central_config: bool


class HealthInstanceOptions(InstanceOptions, total=False):
    """sameness_group: search the members of this sameness group until one has healthy instances (since 1.16; Enterprise)."""

    sameness_group: str


class DatacenterOption(TypedDict, total=False):
    """datacenter: its name; the agent's own where it is not given."""

    datacenter: str


class EventListOptions(TypedDict, total=False):
    """index: block until the X-Consul-Index differs (it is a hash: compare for equality). wait: the longest block."""

    index: int
    wait: Duration


class PartitionOption(TypedDict, total=False):
    """partition: Consul Enterprise (since 1.11); the Community Edition answers 400."""

    partition: str


class CheckOptions(TypedDict, total=False):
    """What a check can be told beyond its kind.

    timeout: of one run of the check. status: the state until the first run; critical where it is not given.
    header, method, body, disable_redirects: of an HTTP check. tcp_use_tls, grpc_use_tls, h2ping_use_tls: speak TLS.
    tls_server_name, tls_skip_verify: of checks over TLS. shell: of a Docker check.
    success_before_passing, failures_before_warning, failures_before_critical: runs in a row that change the state.
    deregister_critical_service_after: the service of the check goes when it has been critical for so long.
    output_max_size: bytes of output to keep.
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
    """What a registration can say beyond the documented parameters, and, as in `CheckOptions`, of the check that these give.

    check_id, notes: of the check. checks: further checks, with the wire's names.
    meta: metadata. kind: "" or the kind of a proxy or gateway.
    ports: several named ports instead of `port` (since 1.22). socket_path: a UNIX socket instead (since 1.10).
    tagged_addresses: further addresses by tag ("lan", "wan", ...). weights: for DNS answers, by state.
    enable_tag_override: let the catalog's tags win over these. proxy, connect: of the service mesh. locality: since 1.16.
    token: what the agent uses to keep this service in the catalog.
    replace_existing_checks: drop the checks of an earlier registration that are missing here (since 1.6.1).
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


class FilterOptions(TypedDict, total=False):
    """filter: an expression that Consul evaluates on each entry (since 1.5)."""

    filter: str
    namespace: str
    partition: str


class MemberOptions(TypedDict, total=False):
    """segment: of the network (Enterprise). filter: an expression that Consul evaluates on each member (since 1.14.9)."""

    segment: str
    filter: str
    partition: str


class TxnOptions(TypedDict, total=False):
    """datacenter: where it runs. consistency: of a transaction that only reads."""

    datacenter: str
    consistency: Consistency
