"""The agent's checks: registration, and reports by programs.

https://developer.hashicorp.com/consul/api-docs/agent/check
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from consul_proto.simulator.agent.local import OUTPUT, Check, Local
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

#: The members that decide the kind of a check, in Consul's order (CheckType.Type).
_KINDS = {
    "GRPC": "grpc",
    "HTTP": "http",
    "TTL": "ttl",
    "TCP": "tcp",
    "UDP": "udp",
    "AliasNode": "alias",
    "AliasService": "alias",
    "ScriptArgs": "script",
    "Args": "script",
    "H2PING": "h2ping",
    "OSService": "os_service",
}

#: The kinds that need an interval, as the refusal of a check without an interval lists them.
_INTERVAL = {V1_8: "Script, HTTP, or TCP", V1_X: "Script, HTTP, H2PING, TCP, UDP or OSService"}


def seconds(given: Any) -> float:
    """Return a decoded duration, text or nanoseconds, in seconds."""
    return (nanoseconds(given) if isinstance(given, str) else as_int64(given)) / _SECOND if given else 0.0


def kind_of(given: dict[str, Any]) -> str:
    """Return the kind of a check, "" for none."""
    kind = next((kind for name, kind in _KINDS.items() if (seconds(given.get(name)) > 0 if name == "TTL" else given.get(name))), "")
    return "docker" if kind == "script" and given.get("DockerContainerID") else kind


def is_script(given: dict[str, Any]) -> bool:
    """Return whether a check has a script, even if that is not its kind."""
    return bool(given.get("Args") or given.get("ScriptArgs"))


def is_os_service(given: dict[str, Any]) -> bool:
    """Return whether the agent would look at a service of Windows, which is not possible on Linux."""
    return bool(given.get("OSService")) and kind_of(given) in ("os_service", "script")


def is_empty(given: dict[str, Any]) -> bool:
    """Return whether a check of a service has no content, so that the agent ignores it. An empty header is content, an empty script not."""
    known = {name: value for name, value in given.items() if name not in ("Args", "ScriptArgs") or value}
    return all(seconds(value) == 0 if name in _DURATIONS else value in (None, "", 0) for name, value in known.items())


def checks_in(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the checks of a service's registration, without an empty one."""
    one = given.get("Check")
    return [*([one] if one and not is_empty(one) else []), *(given.get("Checks") or [])]


_DURATIONS = frozenset({"Interval", "Timeout", "TTL", "DeregisterCriticalServiceAfter"})


def fault(given: dict[str, Any], version: Version) -> str:
    """Return what is wrong with a check, in Consul's words; "" if it is valid."""
    interval, ttl = seconds(given.get("Interval")), seconds(given.get("TTL"))
    runs = any(given.get(name) for name, kind in _KINDS.items() if kind not in ("ttl", "alias"))
    is_alias = bool(given.get("AliasNode") or given.get("AliasService"))
    rules = (
        (interval > 0 and ttl > 0, "Interval and TTL cannot both be specified"),
        (runs and interval <= 0, f"Interval must be > 0 for {pick(_INTERVAL, version)} checks"),
        (runs and is_alias, "Interval cannot be set for Alias checks"),
        (is_alias and ttl > 0, "TTL must be not be set for Alias checks"),
        (not runs and not is_alias and ttl <= 0, "TTL must be > 0 for TTL checks"),
        ((given.get("OutputMaxSize") or 0) < 0, "MaxOutputMaxSize must be positive"),
        (
            version >= V1_X and (given.get("FailuresBeforeWarning") or 0) > (given.get("FailuresBeforeCritical") or 0),
            "FailuresBeforeWarning can't be higher than FailuresBeforeCritical",
        ),
    )
    return next((text for is_broken, text in rules if is_broken), "")


def make_check(given: dict[str, Any], settings: Settings, *, service: dict[str, Any] | None, check_id: str, name: str, own: bool) -> Check:
    """Make a check of the agent from a registration. own: whether it was registered by itself, and not with a service."""
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
        limit=_limit(given),
        ttl=seconds(given.get("TTL")) if kind == "ttl" else 0.0,
        patience=seconds(given.get("DeregisterCriticalServiceAfter")),
        probe=_probe(given, kind, check_id, interval, timeout),
        alias=given.get("AliasService") or "" if kind == "alias" else None,
        alias_node=given.get("AliasNode") or "",
        successes=given.get("SuccessBeforePassing") or 0,
        warnings=given.get("FailuresBeforeWarning") or given.get("FailuresBeforeCritical") or 0,
        failures=given.get("FailuresBeforeCritical") or 0,
        well=given.get("SuccessBeforePassing") or 0,
        ill=given.get("FailuresBeforeCritical") or 0,
    )


def _limit(given: dict[str, Any]) -> int:
    """Return how many bytes of the output are stored: a check can lower the agent's limit."""
    return min(given.get("OutputMaxSize") or OUTPUT, OUTPUT)


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
        tls=bool(given.get("TCPUseTLS")),
        server_name=given.get("TLSServerName") or "",
        script=tuple(given.get("Args") or given.get("ScriptArgs") or ()),
        limit=_limit(given),
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
        # The agent's own configuration may leave the name out, and set any status.
        if not given.get("Name") and not (request.is_own and given.get("ID")):
            raise Refusal(400, "Missing check name")
        if given.get("Status") not in (None, "", *STATES) and not request.is_own:
            raise Refusal(400, "Bad check status")
        request.know_token()
        if wrong := fault(given, self._settings.version):
            raise Refusal(400, f"Invalid check: {wrong}")
        service_id = given.get("ServiceID") or ""
        service = self._local.services.get(service_id)
        missing = Refusal(500 if self._settings.version < V1_X else 404, f'ServiceID "{service_id}" does not exist')
        if service_id and service is None and self._settings.version >= V1_X:
            raise missing
        name = given.get("Name") or ""
        check_id = given.get("ID") or name
        self._require(request, service["Service"] if service else "")
        if known := self._local.checks.get(check_id):
            self._require(request, known.value["ServiceName"])
        if service_id and service is None:
            raise missing
        if is_script(given) and not request.may_have_scripts:
            raise Refusal(500, NO_SCRIPTS)
        if is_os_service(given):
            raise Refusal(500, NOT_IMPLEMENTED)
        check = make_check(given, self._settings, service=service, check_id=check_id, name=name, own=True)
        if request.is_own:  # it does not get its type
            check = replace(check, value={**check.value, "Type": ""})
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
        data = output.encode("utf-8", "surrogatepass")
        if len(data) > check.limit:
            kept = data[: check.limit].decode("utf-8", "replace")
            output = f"{kept} ... (captured {check.limit} of {len(data)} bytes)"
        self._local.reset_ttl(check.id, now)
        self._local.update(check.id, status, output, now)
        return DONE


#: The refusal of scripts outside of the agent's own configuration.
NO_SCRIPTS = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true"

#: The refusal of a check of a Windows service.
NOT_IMPLEMENTED = "not implemented"

#: The answer to a change of the agent: an empty body.
DONE = WriteAnswer(b"")
