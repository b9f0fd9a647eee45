"""The local agent. https://developer.hashicorp.com/consul/api-docs/agent"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.decode import each, members, nothing, one
from consul_proto.namespace import M, Namespace, group, operation, stream
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, read_operation, read_stream, write_operation
from consul_proto.paths import segment
from consul_proto.stream import Stream
from consul_proto.text_decoders import Documents, Lines

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.endpoints.agent_check import Check
    from consul_proto.endpoints.agent_connect import AgentConnect
    from consul_proto.endpoints.agent_service import Service
    from consul_proto.endpoints.agent_token import AgentToken
    from consul_proto.types.agent import AgentMember, AgentSelf, BuildInfo, HostInfo, LogLevel, MetricsInfo
    from consul_proto.types.check import AgentCheck, HealthCheck
    from consul_proto.types.options import FilterOptions, MemberOptions, PartitionOption
    from consul_proto.types.service import AgentService


class Agent(Namespace[M]):
    """The agent on this machine: its services and checks, its view of the cluster, and the agent itself."""

    check: group[Check[M]] = group("consul_proto.endpoints.agent_check:Check", "The checks of the agent.")
    connect: group[AgentConnect[M]] = group(
        "consul_proto.endpoints.agent_connect:AgentConnect",
        "The agent's part of the service mesh: authorization and certificates (since Consul 1.2).",
    )
    service: group[Service[M]] = group("consul_proto.endpoints.agent_service:Service", "The services of the agent.")
    token: group[AgentToken[M]] = group("consul_proto.endpoints.agent_token:AgentToken", "The ACL tokens that the agent itself uses.")

    @operation
    def checks(self, **options: Unpack[FilterOptions[HealthCheck]]) -> Operation[list[AgentCheck]]:
        """Return the checks of the local agent; the catalog may lag behind for a few seconds.

        https://developer.hashicorp.com/consul/api-docs/agent/check#list-checks
        """
        return read_operation("agent.check.list", "/v1/agent/checks", members, options, defaults=LOCAL, blocks=None)

    @operation
    def services(self, **options: Unpack[FilterOptions[AgentService]]) -> Operation[list[AgentService]]:
        """Return the services of the local agent; the catalog may lag behind for a few seconds.

        https://developer.hashicorp.com/consul/api-docs/agent/service#list-services
        """
        return read_operation("agent.service.list", "/v1/agent/services", members, options, defaults=LOCAL, blocks=None)

    @operation
    def members(self, wan: bool = False, **options: Unpack[MemberOptions]) -> Operation[list[AgentMember]]:
        """Return the members of the cluster that this agent knows from gossip; with `wan`, those of the WAN pool.

        https://developer.hashicorp.com/consul/api-docs/agent#list-members
        """
        return read_operation("agent.members", "/v1/agent/members", each, {"wan": wan, **options}, defaults=(), blocks=None)

    @operation
    def join(self, address: str, wan: bool = False, **options: Unpack[PartitionOption]) -> Operation[bool]:
        """Make the agent join the cluster of another agent. Return True.

        address: the other agent's gossip address. wan: join the WAN pool, as a server. Raises ServerError if it fails, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent#join-agent
        """
        return write_operation(
            "agent.join", "/v1/agent/join/" + segment(address, "an address"), nothing, {"wan": wan, **options}, defaults=()
        )

    @operation
    def force_leave(self, node: str, prune: bool = False, wan: bool = False, **options: Unpack[PartitionOption]) -> Operation[bool]:
        """Force a failed node into the "left" state, so that its entries are removed. Return True.

        prune: also remove it from the list of members (since 1.6.2). wan: in the WAN pool only (since 1.11).
        Raises ServerError for an unknown node, Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent#force-leave-and-shutdown
        """
        path = "/v1/agent/force-leave/" + segment(node, "a node name")
        return write_operation("agent.force_leave", path, nothing, {"prune": prune, "wan": wan, **options}, defaults=())

    @operation
    def self(self) -> Operation[AgentSelf]:
        """Return the agent's configuration, and itself as a member.

        https://developer.hashicorp.com/consul/api-docs/agent#read-configuration
        """
        return read_operation("agent.self", "/v1/agent/self", one, {}, defaults=(), blocks=None)

    @operation
    def host(self) -> Operation[HostInfo]:
        """Return information about the agent's machine; its shape may change with any release. Since 1.4.

        https://developer.hashicorp.com/consul/api-docs/agent#retrieve-host-information
        """
        return read_operation("agent.host", "/v1/agent/host", one, {}, defaults=(), blocks=None)

    @operation
    def version(self) -> Operation[BuildInfo]:
        """Return the agent's version. Since 1.16; use `self` with older agents.

        https://developer.hashicorp.com/consul/api-docs/agent
        """
        return read_operation("agent.version", "/v1/agent/version", one, {}, defaults=(), blocks=None)

    @operation
    def metrics(self) -> Operation[MetricsInfo]:
        """Return the agent's metrics for the last complete interval of 10 seconds.

        https://developer.hashicorp.com/consul/api-docs/agent#view-metrics
        """
        return read_operation("agent.metrics", "/v1/agent/metrics", one, {}, defaults=(), blocks=None)

    @stream
    def metrics_stream(self) -> Stream[MetricsInfo]:
        """Return the agent's metrics, again after each interval of 10 seconds. Since 1.11.

        with client.agent.metrics_stream() as intervals:
            for metrics in intervals:
                print(metrics["Timestamp"], len(metrics["Samples"]))

        The time limit of the client applies to the start of the answer only. Since 1.22.5 the agent ends the answer after
        http_config.write_timeout, by default 15 minutes: this raises RequestError. Raises Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent#stream-metrics
        """
        decoder = Documents["MetricsInfo"]
        return read_stream("agent.metrics_stream", "/v1/agent/metrics/stream", decoder, {}, defaults=(), silence=None)

    @stream
    def monitor(self, *, log_level: LogLevel | None = None, log_json: bool = False) -> Stream[str]:
        """Return the lines of the agent's log as they are written, without line breaks.

        with client.agent.monitor(log_level="debug") as lines:
            for line in lines:
                print(line)

        log_level: the lowest level to send; without it, "info". log_json: each line is a JSON object (since 1.7).
        The time limit of the client applies to the start of the answer only: a log may be silent for hours. Since 1.22.5 the agent ends the
        answer after http_config.write_timeout, by default 15 minutes: this raises RequestError. Raises ClientError for an unknown level,
        Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent#stream-logs
        """
        query = {"log_level": log_level, "log_json": log_json}
        return read_stream("agent.monitor", "/v1/agent/monitor", Lines, query, defaults=(), silence=None)

    @operation
    def maintenance(self, enable: bool = True, reason: str | None = None) -> Operation[bool]:
        """Put the node into maintenance (a critical check), or end it. Return True.

        https://developer.hashicorp.com/consul/api-docs/agent#enable-maintenance-mode
        """
        query = {"enable": enable, "reason": reason}
        return write_operation("agent.maintenance", "/v1/agent/maintenance", nothing, query, defaults=())

    @operation
    def reload(self) -> Operation[bool]:
        """Make the agent read its configuration again. Return True. Raises ServerError if the configuration is invalid.

        https://developer.hashicorp.com/consul/api-docs/agent#reload-agent
        """
        return write_operation("agent.reload", "/v1/agent/reload", nothing, {}, defaults=())

    @operation
    def leave(self) -> Operation[bool]:
        """Make the agent leave the cluster and stop. Return True. The connection may end before the answer.

        https://developer.hashicorp.com/consul/api-docs/agent#graceful-leave-and-shutdown
        """
        return write_operation("agent.leave", "/v1/agent/leave", nothing, {}, defaults=())
