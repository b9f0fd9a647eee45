"""The agent's services: registration, maintenance and health.

https://developer.hashicorp.com/consul/api-docs/agent/service
"""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from typing import Any

from consul_proto.simulator.agent.checks import (
    DONE,
    NO_SCRIPTS,
    NOT_IMPLEMENTED,
    checks_in,
    is_os_service,
    is_script,
    make_check,
)
from consul_proto.simulator.agent.local import Check, Local
from consul_proto.simulator.agent.service_rules import LARGEST_PORT, check_service, kind_of_address
from consul_proto.simulator.agent.sidecars import (
    SIDECAR_PORT,
    default_checks,
    sidecar_id,
    sidecar_in,
    sidecar_registration,
)
from consul_proto.simulator.catalog.bodies import SERVICE_REGISTER
from consul_proto.simulator.catalog.values import check_value, port_of, service_value
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick
from consul_proto.simulator.filters.expressions import AGENT_SERVICE
from consul_proto.simulator.filters.parameter import read_filter
from consul_proto.simulator.go.numbers import FALSE, TRUE

_STATUSES = ("maintenance", "critical", "warning", "passing")

#: The HTTP status of an answer about a service's health.
_CODES = {"passing": 200, "warning": 429, "critical": 503, "maintenance": 503}


def _service_maintenance(service_id: str) -> str:
    return f"_service_maintenance:{service_id}"


NODE_MAINTENANCE = "_node_maintenance"


def maintenance(check_id: str, whose: str, reason: str, settings: Settings, service: dict[str, Any] | None = None) -> Check:
    """Make the check for maintenance mode."""
    default = f"Maintenance mode is enabled for this {whose.lower()}, but no reason was provided. This is a default message."
    given: dict[str, Any] = {"Node": settings.node, "CheckID": check_id, "Name": f"{whose} Maintenance Mode", "Notes": reason or default}
    given |= {"Type": "maintenance", "Status": "critical"}
    if service:
        given |= {"ServiceID": service["ID"], "ServiceName": service["Service"], "ServiceTags": service["Tags"]}
    return Check(check_value(given, settings.version))


def enable_parameter(request: ServerRequest) -> bool:
    """Return the `enable` parameter. Refuses a request without it."""
    if not request.flag("enable"):
        raise Refusal(400, "Missing value for enable")
    given = request.first("enable")
    if given not in TRUE | FALSE:
        raise Refusal(400, f'Invalid value for enable: "{given}"')
    return given in TRUE


class ServiceEndpoint:
    """`/v1/agent/services`, `/v1/agent/service/` and `/v1/agent/health/service/`."""

    def __init__(self, local: Local, settings: Settings) -> None:
        self._local, self._settings = local, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        get, put = partial(Route, ("GET",)), partial(Route, ("PUT",))
        return {
            "/v1/agent/services": get(write=self.every),
            "/v1/agent/service/": get(self.get, topics=self._topics, deep=True, options=ServerRequest.waiting),
            "/v1/agent/service/register": put(write=self.register),
            "/v1/agent/service/deregister/": put(write=self.deregister, deep=True),
            "/v1/agent/service/maintenance/": put(write=self.maintenance, deep=True),
            "/v1/agent/health/service/id/": get(write=self.health_by_id, deep=True),
            "/v1/agent/health/service/name/": get(write=self.health_by_name, deep=True),
        }

    def _topics(self, request: ServerRequest) -> tuple[Topic, ...]:
        return (("agent service", request.rest),)

    def every(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET services: all, by id."""
        request.only_default()
        request.know_token()
        keep = read_filter(request, AGENT_SERVICE)
        shown = {service_id: self._render(value) for service_id, value in sorted(self._local.services.items())}
        return {
            service_id: value for service_id, value in shown.items() if request.may("service", value["Service"], "read") and keep(value)
        }

    def _render(self, value: dict[str, Any], content_hash: str = "") -> dict[str, Any]:
        """Return a service as in the agent's answers."""
        shown: dict[str, Any] = {"Kind": value["Kind"]} if value.get("Kind") else {}
        shown |= {"ID": value["ID"], "Service": value["Service"], "Tags": value["Tags"] or [], "Meta": value["Meta"] or {}}
        shown["Port"] = port_of(value)
        if value.get("Ports"):
            shown["Ports"] = value["Ports"]
        shown["Address"] = value["Address"]
        if value.get("SocketPath"):
            shown["SocketPath"] = value["SocketPath"]
        if value.get("TaggedAddresses"):
            shown["TaggedAddresses"] = value["TaggedAddresses"]
        shown |= {"Weights": value["Weights"], "EnableTagOverride": value["EnableTagOverride"]}
        if content_hash:
            shown["ContentHash"] = content_hash
        if value.get("Kind"):
            shown["Proxy"] = _render_proxy(value["Proxy"])
        if value["Connect"]:
            shown["Connect"] = value["Connect"]
        if self._settings.version >= V1_X:
            shown["Datacenter"] = self._settings.datacenter
        if value.get("Locality"):
            shown["Locality"] = {"Region": "", "Zone": ""} | value["Locality"]
        return shown

    def get(self, request: ServerRequest) -> ReadAnswer:
        """GET service: one, with a hash of its content."""
        request.only_default()
        request.know_token()
        value = self._local.services.get(request.rest)
        if value is None:
            raise Refusal(404, f"unknown service ID: {request.rest}")
        request.require("service", value["Service"], "read")
        content_hash = sha256(json.dumps(self._render(value), sort_keys=True).encode()).hexdigest()[:16]
        return ReadAnswer(0, self._render(value, content_hash), local=True, content_hash=content_hash)

    def register(self, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT register."""
        request.only_default()
        given = request.decode(SERVICE_REGISTER)
        check_service(given, request, self._local)
        value = self._value(given, given["Name"])
        sidecar = self._sidecar(given, value)
        replace = request.flag("replace-existing-checks") and request.first("replace-existing-checks") in TRUE | {""}
        token = request.registration_token
        add = partial(self._add, may_have_scripts=request.may_have_scripts, now=now, replace=replace)
        add(given, value, token)
        if sidecar is not None:
            if sidecar.get("Ports"):
                raise Refusal(500, "Both port and ports cannot be set")
            before = "" if self._settings.version < V1_X else "error updating service registration: "
            own = token if token is None else sidecar.get("Token") or token
            add(sidecar, self._value(sidecar, sidecar["Name"]), own, before=before)
        return DONE

    def _add(
        self,
        given: dict[str, Any],
        value: dict[str, Any],
        token: str | None,
        *,
        may_have_scripts: bool,
        now: float,
        replace: bool,
        before: str = "",
    ) -> None:
        """Add a service with its checks. before: how the refusal of a check begins."""
        checks = checks_in(given)
        if any(map(is_script, checks)) and not may_have_scripts:
            raise Refusal(500, before + NO_SCRIPTS)
        if any(map(is_os_service, checks)):
            if value["ID"] in self._local.services:  # a known service has changed when its check fails
                self._local.add_service(value, [], now, replace=False, token=token)
            raise Refusal(500, before + NOT_IMPLEMENTED)
        self._local.add_service(value, self._checks(given, value), now, replace=replace, token=token)

    def _value(self, given: dict[str, Any], name: str) -> dict[str, Any]:
        """Return a service as the catalog shows it. The agent repeats an IP address among the tagged addresses."""
        given = {**given, "Proxy": _with_types(given.get("Proxy") or {})}
        value = service_value({**given, "ID": given.get("ID") or name, "Service": name}, self._settings.version)
        if kind := kind_of_address(value["Address"], self._settings.version):
            own = {"Address": value["Address"], "Port": port_of(value)}
            tagged = {f"lan_{kind}": own, f"wan_{kind}": own, **(value.get("TaggedAddresses") or {})}
            value = service_value({**value, "TaggedAddresses": dict(sorted(tagged.items()))}, self._settings.version)
        return value

    def _checks(self, given: dict[str, Any], value: dict[str, Any]) -> list[Check]:
        """Make the checks that come with a service. If there are several, those without an id are numbered."""
        given_checks = checks_in(given)
        checks = []
        for number, check in enumerate(given_checks, 1):
            check_id = f"service:{value['ID']}" + (f":{number}" if len(given_checks) > 1 else "")
            name = check.get("Name") or f"Service '{value['Service']}' check"
            checks.append(make_check(check, self._settings, service=value, check_id=check.get("CheckID") or check_id, name=name, own=False))
        return checks

    def _sidecar(self, given: dict[str, Any], value: dict[str, Any]) -> dict[str, Any] | None:
        """Return the registration of the service's sidecar proxy, None for none."""
        connect, sidecar = given.get("Connect") or {}, sidecar_in(given)
        value["Connect"] = {name: content for name, content in connect.items() if name == "Native" and content}
        if sidecar is None:
            return None
        made = sidecar_registration(sidecar, value, self._free_port(sidecar_id(value["ID"])))
        return made | ({} if checks_in(made) else {"Checks": default_checks(value["ID"], made["Port"])})

    def _free_port(self, service_id: str) -> int:
        if known := self._local.services.get(service_id):
            return int(known["Port"])
        taken = {value.get("Port") for value in self._local.services.values()}
        return next(port for port in range(SIDECAR_PORT, LARGEST_PORT) if port not in taken)

    def deregister(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT deregister: remove the service and its sidecar proxy."""
        request.only_default()
        if self._settings.version < V1_X and request.rest and request.rest not in self._local.services and request.authorizer is None:
            return DONE
        value = self._lookup(request)
        self._local.remove_service(value["ID"])
        proxy = self._local.services.get(sidecar_id(value["ID"]))
        if proxy is not None and proxy["Proxy"].get("DestinationServiceID") == value["ID"]:
            self._local.remove_service(proxy["ID"])
        return DONE

    def _lookup(self, request: ServerRequest) -> dict[str, Any]:
        """Return the service in the path. Refuses a token that may not change it."""
        request.know_token()
        value = self._local.services.get(request.rest)
        if not request.rest and self._settings.version < V1_X and request.authorizer is None:
            raise Refusal(500, "ServiceID missing")
        if value is None and request.authorizer is not None and self._settings.version < V1_X:
            raise Refusal(500, f'Unknown service {{"{request.rest}" {{}}}}')
        if value is None:
            raise Refusal(404, self._unknown(request.rest))
        request.require_of_agent("service", value["Service"])
        return value

    def _unknown(self, service_id: str) -> str:
        if self._settings.version < V1_X:
            return f'No service registered with ID "{service_id}"'
        return f'Unknown service ID "{service_id}". Ensure that the service ID is passed, not the service name.'

    def maintenance(self, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT maintenance: add or remove a critical check."""
        if not request.rest:
            raise Refusal(400, "Missing service ID")
        enable = enable_parameter(request)
        request.only_default()
        value = self._lookup(request)
        check_id = _service_maintenance(value["ID"])
        if enable and check_id not in self._local.checks:
            self._local.add_check(
                maintenance(check_id, "Service", request.first("reason"), self._settings, value), now, token=request.registration_token
            )
        elif not enable and check_id in self._local.checks:
            self._local.remove_check(check_id)
        return DONE

    def health_by_id(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """GET health by id: the HTTP status is the health of the service."""
        if not request.rest:
            raise self._nameless("Missing serviceID")
        request.only_default()
        request.know_token()
        value = self._local.services.get(request.rest)
        if value is None:
            reason, empty = f"ServiceId {request.rest} not found", {"AggregatedStatus": "critical", "Service": None, "Checks": None}
            if self._settings.version < V1_X and request.first("format") == "text":
                return WriteAnswer(reason, 404, "application/json", (("X-Consul-Reason", reason),))
            return self._health(request, 404, reason, empty)
        request.require("service", value["Service"], "read")
        status, body = self._health_of(value)
        return self._health(request, _CODES[status], status, body)

    def health_by_name(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """GET health by name: the HTTP status is that of the worst instance."""
        if not request.rest:
            raise self._nameless("Missing service Name")
        request.only_default()
        request.require("service", request.rest, "read")
        every = [self._health_of(value) for _, value in sorted(self._local.services.items()) if value["Service"] == request.rest]
        if not every:
            return self._health(request, 404, f"ServiceName {request.rest} Not Found", [])
        worst = min((status for status, _ in every), key=_STATUSES.index)
        return self._health(request, _CODES[worst], worst, [body for _, body in every])

    def _nameless(self, what: str) -> Refusal:
        return Refusal(500, self._settings.bad_request + what)

    def _health(self, request: ServerRequest, status: int, reason: str, body: Any) -> WriteAnswer:
        headers = (("X-Consul-Reason", reason),)
        if request.first("format") == "text":
            return WriteAnswer(reason.encode(), status, "text/plain", headers)
        return WriteAnswer(body, status, "application/json", headers)

    def _health_of(self, value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the health of a service: from its own checks and those of the node."""
        checks = [check for check in self._local.checks.values() if check.value["ServiceID"] in ("", value["ID"])]
        maintained = any(check.id in (NODE_MAINTENANCE, _service_maintenance(value["ID"])) for check in checks)
        states = ["maintenance"] if maintained else [str(check.value["Status"]) for check in checks]
        status = min(states, key=_STATUSES.index, default="passing")
        shown = [self._render_check(check) for check in checks]
        return status, {"AggregatedStatus": status, "Service": self._render(value), "Checks": shown}

    def _render_check(self, check: Check) -> dict[str, Any]:
        """Return a check as in answers about the agent's health: without its type, and with an empty definition."""
        names = ("Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "ServiceTags")
        shown = {name: check.value[name] for name in names} | {"Type": ""}
        if self._settings.version >= V1_X:
            shown["ExposedPort"] = 0
        return shown | {"Definition": pick(_DEFINITIONS, self._settings.version), "CreateIndex": 0, "ModifyIndex": 0}


_ZERO = dict.fromkeys(("Interval", "Timeout", "DeregisterCriticalServiceAfter"), "0s") | {
    "HTTP": "",
    "Header": None,
    "Method": "",
    "Body": "",
}

_DEFINITIONS: dict[Version, dict[str, Any]] = {
    V1_8: _ZERO | {"TLSSkipVerify": False, "TCP": ""},
    V1_X: _ZERO
    | {
        "TLSServerName": "",
        "TLSSkipVerify": False,
        "TCP": "",
        "TCPUseTLS": False,
        "UDP": "",
        "GRPC": "",
        "OSService": "",
        "GRPCUseTLS": False,
    },
}


def _with_types(proxy: dict[str, Any]) -> dict[str, Any]:
    """Add the types of a proxy's upstreams: the agent writes them, the catalog does not."""
    upstreams = proxy.get("Upstreams")
    if not upstreams:
        return proxy
    return {**proxy, "Upstreams": [{**one, "DestinationType": one.get("DestinationType") or "service"} for one in upstreams]}


def _render_proxy(proxy: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in proxy.items() if name != "Mode" or value}
    if "Upstreams" in shown:
        shown["Upstreams"] = [
            {name: value for name, value in upstream.items() if name not in ("Datacenter", "Config") or value}
            for upstream in shown["Upstreams"]
        ]
    if paths := shown["Expose"].get("Paths"):
        shown["Expose"] = shown["Expose"] | {"Paths": [{**path, "ParsedFromCheck": path.get("ParsedFromCheck", False)} for path in paths]}
    return shown
