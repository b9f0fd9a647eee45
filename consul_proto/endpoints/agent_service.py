"""Services on the local agent. https://developer.hashicorp.com/consul/api-docs/agent/service"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from consul_proto.decode import each, nothing, one, wrong
from consul_proto.endpoints.agent_check import CHECK_OPTIONS, check_members
from consul_proto.endpoints.ports import checked_port
from consul_proto.errors import NotFound
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, read_operation, write_operation
from consul_proto.paths import checked_text, segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.durations import Duration
    from consul_proto.message import Response
    from consul_proto.types.catalog import AgentServiceChecksInfo
    from consul_proto.types.options import EnterpriseScope, HashOptions, ServiceOptions
    from consul_proto.types.service import AgentService

#: The status of the answer is the health of the service: all these carry the same body.
#: https://developer.hashicorp.com/consul/api-docs/agent/service#get-local-service-health
_HEALTH_ANSWERS = (200, 404, 429, 503)


_MEMBERS = {
    "meta": "Meta",
    "kind": "Kind",
    "checks": "Checks",
    "ports": "Ports",
    "socket_path": "SocketPath",
    "tagged_addresses": "TaggedAddresses",
    "weights": "Weights",
    "enable_tag_override": "EnableTagOverride",
    "proxy": "Proxy",
    "connect": "Connect",
    "locality": "Locality",
    "token": "Token",
}

#: The names and options of a check.
_CHECK_NAMES = {"check_id": "CheckID", "notes": "Notes"}
_OF_A_CHECK = frozenset({*_CHECK_NAMES, *CHECK_OPTIONS})

#: The options that go into the query; the others go into the body.
_QUERY = ("replace_existing_checks", "namespace", "partition")


def _health(response: Response) -> AgentServiceChecksInfo:
    info: AgentServiceChecksInfo = one(response)
    if "AggregatedStatus" not in info:
        raise wrong("an object with an AggregatedStatus", info)
    if response.status == 404:
        raise NotFound("no service with this ID on the agent", maybe_applied=False)
    return info


def _check(kinds: Mapping[str, object], interval: Duration | None, options: Mapping[str, Any]) -> dict[str, object] | None:
    """Return the one check of a registration, or None. Raises ValueError for the options of a check without a check."""
    told = {name: value for name, value in options.items() if value is not None and name in _OF_A_CHECK}
    if interval is None and all(kind is None for kind in kinds.values()):
        if told:
            raise ValueError(f"options of a check need a check: {', '.join(told)}; give one with check=, httpcheck= or ttl=")
        return None
    named = {member: told.pop(name) for name, member in _CHECK_NAMES.items() if name in told}
    return {**named, **check_members(kinds, interval, told)}


class Service(Namespace[M]):
    """Register, deregister and read the services of the local agent."""

    @operation
    def register(
        self,
        name: str,
        service_id: str | None = None,
        address: str | None = None,
        port: int | None = None,
        tags: Sequence[str] | None = None,
        check: str | None = None,
        interval: Duration | None = None,
        ttl: Duration | None = None,
        httpcheck: str | None = None,
        **options: Unpack[ServiceOptions],
    ) -> Operation[bool]:
        """Add a service to the local agent, or change it. Return True.

        name: the service's name, and its ID if `service_id` is None. address: without it, the node's address. port: 0 to 65535.
        It may have one check, `check`, `httpcheck` or `ttl`, and options of it, such as timeout= and deregister_critical_service_after=.

        check: a shell line to run; needs enable_local_script_checks. httpcheck: a URL. interval: the time between two runs of either.
        ttl: `agent.check.ttl_pass("service:<service id>")` must be called again within this time.
        checks: more checks, or other kinds, with Consul's own member names.

        Raises ValueError for two checks, an interval or option without a check, a port out of range, Forbidden, ClientError.
        https://developer.hashicorp.com/consul/api-docs/agent/service#register-service
        """
        checked_text(name, "a service name")
        checked_port(port)
        members: dict[str, object] = {
            "Name": name,
            "ID": service_id,
            "Address": address,
            "Port": port,
            "Tags": None if tags is None else list(tags),
            "Check": _check({"check": check, "httpcheck": httpcheck, "ttl": ttl}, interval, options),
        }
        members |= {member: options.get(option) for option, member in _MEMBERS.items()}
        members |= {name: list(several) for name in ("Checks", "Ports") if isinstance(several := members[name], Iterable)}
        query = {name: options.get(name) for name in _QUERY}
        path = "/v1/agent/service/register"
        return write_operation("agent.service.register", path, nothing, query, body=json_body(members), defaults=LOCAL)

    @operation
    def deregister(self, service_id: str, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Remove a service and its checks from the local agent. Return True.

        service_id: the ID, not the name. Raises NotFound for an unknown ID (ServerError before Consul 1.12), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/service#deregister-service
        """
        path = "/v1/agent/service/deregister/" + segment(service_id, "a service ID")
        return write_operation("agent.service.deregister", path, nothing, options, defaults=LOCAL)

    @operation
    def get(self, service_id: str, **options: Unpack[HashOptions]) -> Operation[AgentService]:
        """Return a service of the local agent, with its ContentHash. Raises NotFound. Since 1.3.

        https://developer.hashicorp.com/consul/api-docs/agent/service#get-service-configuration
        """
        path = "/v1/agent/service/" + segment(service_id, "a service ID")
        return read_operation("agent.service.get", path, one, options, defaults=LOCAL, blocks="hash")

    @operation
    def health_by_id(self, service_id: str, **options: Unpack[EnterpriseScope]) -> Operation[AgentServiceChecksInfo]:
        """Return a service of the local agent with its checks and the worst of their states. Raises NotFound. Since 1.4.1.

        https://developer.hashicorp.com/consul/api-docs/agent/service#get-local-service-health-by-id
        """
        path = "/v1/agent/health/service/id/" + segment(service_id, "a service ID")
        return read_operation("agent.service.health_by_id", path, _health, options, defaults=LOCAL, answers=_HEALTH_ANSWERS, blocks=None)

    @operation
    def health_by_name(self, name: str, **options: Unpack[EnterpriseScope]) -> Operation[list[AgentServiceChecksInfo]]:
        """Return the services of the local agent with this name, each as `health_by_id` returns it. Since 1.4.1.

        The list is empty for an unknown name.

        https://developer.hashicorp.com/consul/api-docs/agent/service#get-local-service-health
        """
        path = "/v1/agent/health/service/name/" + segment(name, "a service name")
        read = each
        return read_operation("agent.service.health_by_name", path, read, options, defaults=LOCAL, answers=_HEALTH_ANSWERS, blocks=None)

    @operation
    def maintenance(
        self, service_id: str, enable: bool = True, reason: str | None = None, **options: Unpack[EnterpriseScope]
    ) -> Operation[bool]:
        """Put a service into maintenance (a critical check), or end it. Return True.

        reason: a text for people. Raises NotFound for an unknown ID (ServerError before Consul 1.12), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/service#enable-maintenance-mode
        """
        query: dict[str, Any] = {"enable": enable, "reason": reason, **options}
        path = "/v1/agent/service/maintenance/" + segment(service_id, "a service ID")
        return write_operation("agent.service.maintenance", path, nothing, query, defaults=LOCAL)
