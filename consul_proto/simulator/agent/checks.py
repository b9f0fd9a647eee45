"""The agent's checks: registration, and reports by programs.

https://developer.hashicorp.com/consul/api-docs/agent/check
"""

from __future__ import annotations

from functools import partial
from typing import Any

from consul_proto.simulator.agent.local import Check, Local
from consul_proto.simulator.agent.probes import Probe
from consul_proto.simulator.catalog.bodies import CHECK_REGISTER, CHECK_UPDATE
from consul_proto.simulator.catalog.tables import Row
from consul_proto.simulator.catalog.values import check_value
from consul_proto.simulator.engine.answers import Refusal, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick
from consul_proto.simulator.filters.expressions import AGENT_CHECK
from consul_proto.simulator.filters.parameter import read_filter
from consul_proto.simulator.go.durations import as_go_writes, nanoseconds
from consul_proto.simulator.go.numbers import as_int64

STATES = ("passing", "warning", "critical")

_SECOND = 10**9

#: Seconds: the shortest interval of a check (agent/checks.MinInterval), and the default timeout of a probe.
_LEAST_INTERVAL, _TIMEOUT = 1.0, 10.0

#: Bytes of a check's output that are stored: https://developer.hashicorp.com/consul/docs/services/usage/checks
OUTPUT = 4096

#: The members that decide the kind of a check, in Consul's order.
_KINDS = {
    "AliasService": "alias",
    "AliasNode": "alias",
    "TTL": "ttl",
    "DockerContainerID": "docker",
    "ScriptArgs": "script",
    "Args": "script",
    "HTTP": "http",
    "GRPC": "grpc",
    "TCP": "tcp",
    "UDP": "udp",
    "H2PING": "h2ping",
    "OSService": "os_service",
}

#: The kinds that run in an interval, as the refusal of a check without an interval lists them.
_INTERVAL = {V1_8: "Script, HTTP, or TCP", V1_X: "Script, HTTP, H2PING, TCP, UDP or OSService"}


def seconds(given: Any) -> float:
    """Return a decoded duration, text or nanoseconds, in seconds."""
    return (nanoseconds(given) if isinstance(given, str) else as_int64(given)) / _SECOND if given else 0.0


def kind_of(given: dict[str, Any]) -> str:
    """Return the kind of a check, "" for none."""
    return next((kind for name, kind in _KINDS.items() if given.get(name)), "")


def fault(given: dict[str, Any], version: Version) -> str:
    """Return what is wrong with a check, in Consul's words; "" for nothing."""
    interval, ttl, kind = seconds(given.get("Interval")), seconds(given.get("TTL")), kind_of({**given, "TTL": None})
    if kind == "alias":
        return "Interval cannot be set for alias checks" if interval else "TTL must be not be set for alias checks" if ttl else ""
    if interval > 0 and ttl > 0:
        return "Interval and TTL cannot both be specified"
    if kind and interval <= 0:
        return f"Interval must be > 0 for {pick(_INTERVAL, version)} checks"
    if not kind and ttl <= 0:
        return "TTL must be > 0 for TTL checks"
    return ""


def make_check(given: dict[str, Any], settings: Settings, *, service: dict[str, Any] | None, check_id: str, name: str, own: bool) -> Check:
    """Make a check of the agent from a registration. own: it was registered by itself, not with a service."""
    kind = kind_of(given)
    interval, timeout = seconds(given.get("Interval")), seconds(given.get("Timeout"))
    value = check_value(
        {
            "Node": settings.node,
            "CheckID": check_id,
            "Name": name,
            "Status": given.get("Status"),
            "Notes": given.get("Notes"),
            "ServiceID": service["ID"] if service else "",
            "ServiceName": service["Service"] if service else "",
            "ServiceTags": service["Tags"] if service else None,
            "Type": kind,
            "Interval": as_go_writes(interval) if interval or own else "",
            "Timeout": as_go_writes(timeout) if timeout or own else "",
        },
        settings.version,
    )
    return Check(
        value,
        ttl=seconds(given.get("TTL")) if kind == "ttl" else 0.0,
        patience=seconds(given.get("DeregisterCriticalServiceAfter")),
        probe=_probe(given, kind, check_id, interval, timeout),
        alias=given.get("AliasService") or "" if kind == "alias" else None,
        alias_node=given.get("AliasNode") or "",
        successes=given.get("SuccessBeforePassing") or 0,
        warnings=given.get("FailuresBeforeWarning") or given.get("FailuresBeforeCritical") or 0,
        failures=given.get("FailuresBeforeCritical") or 0,
    )


def _probe(given: dict[str, Any], kind: str, check_id: str, interval: float, timeout: float) -> Probe | None:
    if kind not in ("http", "tcp", "udp", "script"):
        return None
    headers = {name: tuple(values) for name, values in (given.get("Header") or {}).items()}
    return Probe(
        check_id,
        max(interval, _LEAST_INTERVAL),
        timeout or _TIMEOUT,
        http=given.get("HTTP") or "",
        method=given.get("Method") or "GET",
        headers=headers,
        body=given.get("Body") or "",
        follow=not given.get("DisableRedirects"),
        verify=not given.get("TLSSkipVerify"),
        tcp=given.get("TCP") or "",
        udp=given.get("UDP") or "",
        script=tuple(given.get("Args") or given.get("ScriptArgs") or ()),
        limit=given.get("OutputMaxSize") or OUTPUT,
    )


class CheckEndpoint:
    """`/v1/agent/checks` and `/v1/agent/check/`."""

    def __init__(self, local: Local, settings: Settings) -> None:
        self._local, self._settings = local, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        put = partial(Route, ("PUT",))
        reports = {
            f"/v1/agent/check/{verb}/": put(write=partial(self.report, status), deep=True)
            for verb, status in zip(("pass", "warn", "fail"), STATES, strict=True)
        }
        return reports | {
            "/v1/agent/checks": Route(("GET",), write=self.every),
            "/v1/agent/check/register": put(write=self.register),
            "/v1/agent/check/deregister/": put(write=self.deregister, deep=True),
            "/v1/agent/check/update/": put(write=self.update, deep=True),
        }

    def every(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET checks: all, by id."""
        request.only_default()
        request.know_token()
        keep = read_filter(request, AGENT_CHECK, late=True)
        shown = {check_id: Row(check.value, 0, 0).render() for check_id, check in sorted(self._local.checks.items())}
        return {check_id: check for check_id, check in shown.items() if self._may_read(request, check) and keep(check)}

    def _may_read(self, request: ServerRequest, check: dict[str, Any]) -> bool:
        service = check["ServiceName"]
        return request.may("service", service, "read") if service else request.may("node", self._settings.node, "read")

    def register(self, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT register."""
        request.only_default()
        given = request.decode(CHECK_REGISTER)
        if not given.get("Name"):
            raise Refusal(400, "Missing check name")
        if given.get("Status") not in (None, "", *STATES):
            raise Refusal(400, "Bad check status")
        if wrong := fault(given, self._settings.version):
            raise Refusal(400, f"Invalid check: {wrong}")
        service_id = given.get("ServiceID") or ""
        service = self._local.services.get(service_id)
        missing = Refusal(500 if self._settings.version < V1_X else 404, f'ServiceID "{service_id}" does not exist')
        request.know_token()
        if service_id and service is None and self._settings.version >= V1_X:
            raise missing
        self._require(request, service["Service"] if service else "")
        if service_id and service is None:
            raise missing
        if kind_of(given) == "script" and not request.may_have_scripts:
            raise Refusal(500, NO_SCRIPTS)
        if kind_of(given) == "os_service":
            raise Refusal(500, "not implemented")
        name = given["Name"]
        check = make_check(given, self._settings, service=service, check_id=given.get("ID") or name, name=name, own=True)
        self._local.add_check(check, now, token=request.registration_token)
        return DONE

    def _require(self, request: ServerRequest, service: str) -> None:
        request.require_of_agent(*(("service", service) if service else ("node", self._settings.node)))

    def _lookup(self, request: ServerRequest) -> Check | None:
        """Return the check in the path. Refuses a token that may not change it."""
        request.only_default()
        request.know_token()
        check = self._local.checks.get(request.rest)
        if check is None and self._settings.version >= V1_X:
            raise Refusal(404, f'Unknown check ID "{request.rest}". Ensure that the check ID is passed, not the check name.')
        if check is None and request.authorizer is not None:
            raise Refusal(500, f'Unknown check "{request.rest}"')
        self._require(request, check.value["ServiceName"] if check else "")
        return check

    def deregister(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT deregister: 1.8 does not refuse an unknown check."""
        check = self._lookup(request)
        if not request.rest:
            raise Refusal(500, "CheckID missing")
        if check is not None:
            self._local.remove_check(check.id)
        return DONE

    def report(self, status: str, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT pass, warn or fail."""
        return self._update(request, status, request.first("note"), now)

    def update(self, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT update: a status and an output."""
        given = request.decode(CHECK_UPDATE)
        status = given.get("Status") or ""
        if status not in STATES:
            raise Refusal(400, f"Invalid check status: '{status}'")
        return self._update(request, status, given.get("Output") or "", now)

    def _update(self, request: ServerRequest, status: str, output: str, now: float) -> WriteAnswer:
        check = self._lookup(request)
        if check is None or not check.ttl:
            raise Refusal(500, f'CheckID "{request.rest}" does not have associated TTL')
        if len(output) > OUTPUT:
            output = f"{output[:OUTPUT]} ... (captured {OUTPUT} of {len(output)} bytes)"
        self._local.reset_ttl(check.id, now)
        self._local.update(check.id, status, output, now)
        return DONE


#: The refusal of scripts outside of the agent's own configuration.
NO_SCRIPTS = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true"

#: The answer to a change of the agent: an empty body.
DONE = WriteAnswer(b"")
