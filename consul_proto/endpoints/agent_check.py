"""Checks on the local agent. https://developer.hashicorp.com/consul/api-docs/agent/check"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from consul_proto.decode import nothing
from consul_proto.durations import go_duration
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import LOCAL, json_body, write_operation
from consul_proto.paths import checked_text, segment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from consul_proto.durations import Duration
    from consul_proto.types.options import CheckOptions, EnterpriseScope

_STATUSES = ("passing", "warning", "critical")


#: Kind of check -> the member that says what to check.
_KINDS = {
    "script": "Args",
    "check": "Args",
    "args": "Args",
    "http": "HTTP",
    "httpcheck": "HTTP",
    "tcp": "TCP",
    "udp": "UDP",
    "grpc": "GRPC",
    "h2ping": "H2PING",
    "os_service": "OSService",
    "docker_container_id": "DockerContainerID",
    "ttl": "TTL",
    "alias_service": "AliasService",
    "alias_node": "AliasNode",
}

CHECK_OPTIONS = {
    "timeout": "Timeout",
    "status": "Status",
    "header": "Header",
    "method": "Method",
    "body": "Body",
    "disable_redirects": "DisableRedirects",
    "tcp_use_tls": "TCPUseTLS",
    "grpc_use_tls": "GRPCUseTLS",
    "h2ping_use_tls": "H2PingUseTLS",
    "tls_server_name": "TLSServerName",
    "tls_skip_verify": "TLSSkipVerify",
    "shell": "Shell",
    "success_before_passing": "SuccessBeforePassing",
    "failures_before_warning": "FailuresBeforeWarning",
    "failures_before_critical": "FailuresBeforeCritical",
    "deregister_critical_service_after": "DeregisterCriticalServiceAfter",
    "output_max_size": "OutputMaxSize",
}

#: The kinds that can be combined.
_COMBINED = {
    frozenset({"docker_container_id", "args"}),
    frozenset({"docker_container_id", "script"}),
    frozenset({"alias_service", "alias_node"}),
}

#: The kinds that Consul does not run by itself.
_WITHOUT_INTERVAL = frozenset({"ttl", "alias_service", "alias_node"})

#: The kinds that are given as one shell line; `check` is what a service registration calls it.
_SCRIPTS = frozenset({"script", "check"})

_DURATIONS = frozenset({"ttl", "interval", "timeout", "deregister_critical_service_after"})


def script_args(script: str) -> list[str]:
    """Return the command for a shell line: Consul 1.0 and newer take arguments instead."""
    return ["/bin/sh", "-c", script]


def check_members(kinds: Mapping[str, Any], interval: Duration | None, options: Mapping[str, Any]) -> dict[str, object]:
    """Return the JSON members of a check. Raises ValueError unless it has exactly one kind, with an interval if that needs one."""
    given = {kind: value for kind, value in kinds.items() if value is not None}
    if given.keys() == {"docker_container_id"}:
        raise ValueError("a Docker check needs args or script, which run in the container")
    if len(given) != 1 and frozenset(given) not in _COMBINED:
        raise ValueError(f"a check must have exactly one kind ({', '.join(kinds)}), not {', '.join(given) or 'none'}")
    needs_interval = not given.keys() <= _WITHOUT_INTERVAL
    if needs_interval is (interval is None):
        raise ValueError(f"a check with {' and '.join(given)} {'needs an' if needs_interval else 'takes no'} interval")
    members = {_KINDS[kind]: script_args(value) if kind in _SCRIPTS else _member(kind, value) for kind, value in given.items()}
    if interval is not None:
        members["Interval"] = go_duration(interval)
    return members | _option_members(options)


def _option_members(options: Mapping[str, Any]) -> dict[str, object]:
    status = options.get("status")
    if status is not None and status not in _STATUSES:
        raise ValueError(f"a check's status must be one of {', '.join(_STATUSES)}, not {status!r}")
    return {CHECK_OPTIONS[name]: _member(name, value) for name, value in options.items() if value is not None}


def _member(name: str, value: Any) -> object:
    if name in _DURATIONS:
        return go_duration(value)
    return list(value) if name == "args" else value


class Check(Namespace[M]):
    """Register and deregister checks on the local agent, and report on TTL checks."""

    @operation
    def register(
        self,
        name: str,
        script: str | None = None,
        check_id: str | None = None,
        interval: Duration | None = None,
        ttl: Duration | None = None,
        notes: str | None = None,
        http: str | None = None,
        *,
        args: Sequence[str] | None = None,
        tcp: str | None = None,
        udp: str | None = None,
        grpc: str | None = None,
        h2ping: str | None = None,
        os_service: str | None = None,
        docker_container_id: str | None = None,
        alias_service: str | None = None,
        alias_node: str | None = None,
        service_id: str | None = None,
        token: str | None = None,
        namespace: str | None = None,
        partition: str | None = None,
        **options: Unpack[CheckOptions],
    ) -> Operation[bool]:
        """Add a check to the local agent. Return True.

        name: the check's name, and its ID if `check_id` is None. notes: a description for people. service_id: the service that it checks.
        token: the token with which the agent writes this check to the catalog.
        interval: the time between two runs; required for every kind except `ttl` and the aliases.

        It needs exactly one kind, from `script` to `alias_node`.

        script: a shell line, run as /bin/sh -c; needs enable_local_script_checks. args: a command and its arguments; needs the same.
        http: a URL. tcp: "host:port". udp: "host:port" (since 1.13). grpc: "host:port/service".
        h2ping: "host:port", over HTTP/2 (since 1.10). os_service: the name of a service of Windows (since 1.14).
        docker_container_id: the container in which `args` or `script` runs. ttl: `ttl_pass` must be called again within this time.
        alias_service, alias_node: the ID of a service, the name of a node, or both; the check copies their state.

        Raises ValueError unless exactly one kind is given, Forbidden, ServerError.
        https://developer.hashicorp.com/consul/api-docs/agent/check#register-check
        """
        checked_text(name, "a check name")
        kinds = {
            "script": script,
            "args": args,
            "http": http,
            "tcp": tcp,
            "udp": udp,
            "grpc": grpc,
            "h2ping": h2ping,
            "os_service": os_service,
            "docker_container_id": docker_container_id,
            "ttl": ttl,
            "alias_service": alias_service,
            "alias_node": alias_node,
        }
        members = {
            "Name": name,
            "ID": check_id,
            "Notes": notes,
            "ServiceID": service_id,
            "Token": token,
            **check_members(kinds, interval, options),
        }
        return write_operation(
            "agent.check.register",
            "/v1/agent/check/register",
            nothing,
            {"namespace": namespace, "partition": partition},
            body=json_body(members),
            defaults=LOCAL,
        )

    @operation
    def deregister(self, check_id: str, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Remove a check from the local agent. Return True.

        Raises NotFound for an unknown ID (ServerError before Consul 1.11.2), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/check#deregister-check
        """
        path = "/v1/agent/check/deregister/" + segment(check_id, "a check ID")
        return write_operation("agent.check.deregister", path, nothing, options, defaults=LOCAL)

    @operation
    def ttl_pass(self, check_id: str, note: str | None = None, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Set a TTL check to passing and restart its TTL. Return True.

        note: the check's output. Raises NotFound for an unknown ID (ServerError before Consul 1.11.2), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/check#ttl-check-pass
        """
        return _report("pass", check_id, {"note": note, **options})

    @operation
    def ttl_warn(self, check_id: str, note: str | None = None, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Set a TTL check to warning and restart its TTL. Return True.

        note: the check's output. Raises NotFound for an unknown ID (ServerError before Consul 1.11.2), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/check#ttl-check-warn
        """
        return _report("warn", check_id, {"note": note, **options})

    @operation
    def ttl_fail(self, check_id: str, note: str | None = None, **options: Unpack[EnterpriseScope]) -> Operation[bool]:
        """Set a TTL check to critical and restart its TTL. Return True.

        note: the check's output. Raises NotFound for an unknown ID (ServerError before Consul 1.11.2), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/check#ttl-check-fail
        """
        return _report("fail", check_id, {"note": note, **options})

    @operation
    def update(
        self,
        check_id: str,
        status: Literal["passing", "warning", "critical"],
        output: str | None = None,
        **options: Unpack[EnterpriseScope],
    ) -> Operation[bool]:
        """Set a TTL check to a status, with an output of any length, and restart its TTL. Return True.

        Raises ValueError for another status, NotFound for an unknown ID (ServerError before Consul 1.11.2), Forbidden.
        https://developer.hashicorp.com/consul/api-docs/agent/check#ttl-check-update
        """
        body = json_body({"Output": output, **_option_members({"status": status})})
        path = "/v1/agent/check/update/" + segment(check_id, "a check ID")
        return write_operation("agent.check.update", path, nothing, options, body=body, defaults=LOCAL)


def _report(verb: str, check_id: str, options: dict[str, Any]) -> Operation[bool]:
    path = f"/v1/agent/check/{verb}/" + segment(check_id, "a check ID")
    return write_operation(f"agent.check.{verb}", path, nothing, options, defaults=LOCAL)
