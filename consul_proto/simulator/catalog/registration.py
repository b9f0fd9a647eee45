"""Registration and deregistration in the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from consul_proto.simulator.catalog.bodies import CATALOG_DEREGISTER, CATALOG_REGISTER
from consul_proto.simulator.catalog.tables import Catalog, CatalogError
from consul_proto.simulator.catalog.values import check_value, node_value, service_value
from consul_proto.simulator.engine.answers import Refusal, multierror
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.uuids import UUID, UUID_LENGTH
from consul_proto.simulator.engine.versions import V1_X, Version
from consul_proto.simulator.go.quoting import quote


class Registration:
    """`/v1/catalog/register` and `/v1/catalog/deregister`."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings, note_write: Callable[[str, float], object]) -> None:
        """note_write: called with each node that was written to, and the time."""
        self._store, self._catalog, self._settings, self._note_write = store, catalog, settings, note_write

    def register(self, request: ServerRequest, now: float) -> bool:
        """PUT register: return true."""
        request.only_default()
        given = request.decode(CATALOG_REGISTER, namespaced=True)
        self._reach(request, given)
        self._check_node(given)
        service = given.get("Service")
        if service is not None:
            self._check_service(service)
        checks = [*(given.get("Checks") or []), *([given["Check"]] if given.get("Check") else [])]
        checks = [check_value({**check, "Node": check.get("Node") or given["Node"]}, self._settings.version) for check in checks]
        self._require(request, given, service, checks)
        self._store.apply()
        self._apply(given, service, checks)
        self._note_write(given["Node"], now)
        return True

    def _reach(self, request: ServerRequest, given: dict[str, Any]) -> None:
        if given.get("Datacenter") not in (None, "", self._settings.datacenter):
            raise Refusal(500, "No path to datacenter")
        request.know_token()

    def _check_node(self, given: dict[str, Any]) -> None:
        if not given.get("Node"):
            raise Refusal(500, "Must provide node")
        if given.get("ID"):
            _check_uuid(given["ID"])
        if not given.get("Address") and not given.get("SkipNodeUpdate"):
            raise Refusal(500, "Must provide address if SkipNodeUpdate is not set")

    def _check_service(self, service: dict[str, Any]) -> None:
        if service.get("ID") and not service.get("Service"):
            raise Refusal(500, self._nameless())
        if wrong := service_faults(service, self._settings):
            raise Refusal(500, wrong)
        if not service.get("Service") and self._settings.version >= V1_X:
            raise Refusal(500, "service name (Service.Service) is required; both Service ID (Service.ID) and Service Name cannot be empty")
        service["ID"] = service.get("ID") or service.get("Service") or ""

    def _nameless(self) -> str:
        if self._settings.version < V1_X:
            return "Must provide service name with ID"
        return "Must provide service name (Service.Service) when service ID is provided"

    def _require(self, request: ServerRequest, given: dict[str, Any], service: dict[str, Any] | None, checks: list[dict[str, Any]]) -> None:
        """Refuse a token that lacks the right to the service, to a node that changes, or to the services of the checks."""
        if service is not None and service.get("Service") != "consul":
            request.require("service", service.get("Service") or "", "write")
        known = self._catalog.node(given["Node"])
        if known is None or (not given.get("SkipNodeUpdate") and known.value != self._node(given)):
            request.require("node", given["Node"], "write")
        if service is not None:
            self._require_service(request, given["Node"], service)
        for check in checks:
            if self._settings.version >= V1_X and check["Node"].lower() != given["Node"].lower():
                whose = f"Node '{check['Node']}' for check '{check['CheckID']}'"
                raise Refusal(500, f"{whose} doesn't match register request node '{given['Node']}'")
            if not check["ServiceID"]:
                request.require("node", given["Node"], "write")
                continue
            if service is not None and service["ID"] == check["ServiceID"]:
                continue
            other = self._catalog.service_name(given["Node"], check["ServiceID"])
            if other is not None:
                request.require("service", other, "write")
            elif request.authorizer is not None or self._settings.version >= V1_X:
                what = "" if self._settings.version < V1_X else " ID"
                raise Refusal(500, f"Unknown service{what} '{check['ServiceID']}' for check{what} '{check['CheckID']}'")

    def _require_service(self, request: ServerRequest, node: str, service: dict[str, Any]) -> None:
        """Refuse a token that may not write a service, or the one that it replaces."""
        request.require("service", service.get("Service") or "", "write")
        other = self._catalog.service_name(node, service["ID"])
        if other is not None and not request.allows("service", other, "write"):
            raise Refusal(403, "Permission denied")

    def _node(self, given: dict[str, Any]) -> dict[str, Any]:
        return node_value(given, self._settings.datacenter)

    def _apply(self, given: dict[str, Any], service: dict[str, Any] | None, checks: list[dict[str, Any]]) -> None:
        """Make all of the changes, or none."""
        self._store.begin()
        try:
            self._ensure(given, service, checks)
        except Refusal:
            self._store.rollback()
            raise
        self._store.commit()

    def _ensure(self, given: dict[str, Any], service: dict[str, Any] | None, checks: list[dict[str, Any]]) -> None:
        node, catalog = given["Node"], self._catalog
        try:
            if catalog.node(node) is None or not given.get("SkipNodeUpdate"):
                catalog.ensure_node(self._node(given))
        except CatalogError as error:
            raise Refusal(500, f"failed inserting node: {error}") from None
        if service is not None and not service["ID"]:
            raise Refusal(500, "failed inserting service: failed inserting service: object missing primary index")
        if service is not None:
            catalog.ensure_service(node, service_value(service, self._settings.version))
        for check in checks:
            if self._settings.version < V1_X and check["Node"] != node:
                raise Refusal(500, f'check node "{check["Node"]}" does not match node "{node}"')
            if not check["CheckID"]:
                raise Refusal(500, self._unnamed(node))
            try:
                catalog.ensure_check(node, check)
            except CatalogError as error:
                raise Refusal(500, f'failed inserting check: {error} on node "{node}"') from None

    def _unnamed(self, node: str) -> str:
        if self._settings.version < V1_X:
            return f'failed inserting check: failed inserting check: object missing primary index on node "{node}"'
        why = "failed health check lookup: index error: object is missing a value for this index"
        return f'failed inserting check on node "{node}": {why}'

    def deregister(self, request: ServerRequest, now: float) -> bool:
        """PUT deregister: return true, also for something unknown."""
        request.only_default()
        given = request.decode(CATALOG_DEREGISTER, namespaced=True)
        self._reach(request, given)
        node = given.get("Node")
        if not node:
            raise Refusal(500, "Must provide node")
        service, check = given.get("ServiceID"), given.get("CheckID")
        self._require_end(request, node, service, check)
        self._store.apply()
        if service:
            self._catalog.delete_service(node, service)
        elif check:
            self._catalog.delete_check(node, check)
        else:
            self._catalog.delete_node(node)
        self._note_write(node, now)
        return True

    def _require_end(self, request: ServerRequest, node: str, service: str | None, check: str | None) -> None:
        """Refuse a token that may not deregister it. The right to write the node is enough."""
        if request.allows("node", node, "write"):
            return
        if not service and check:
            row = self._catalog.checks.get((node.lower(), check.lower()))
            service = row.value["ServiceID"] if row else None
        known = self._catalog.services.get((node.lower(), service.lower())) if service else None
        if known is not None:
            request.require("service", known.value["Service"], "write")
        elif service or check:
            what = "" if self._settings.version < V1_X else " ID"
            raise Refusal(500, f"Unknown service{what} '{service}'" if service else f"Unknown check{what} '{check}'")
        else:
            request.require("node", node, "write")


def service_faults(service: dict[str, Any], settings: Settings, more: Iterable[str] = ()) -> str:
    """Return what is wrong with a service, as Go's multierror formats it; "" if it is valid. more: faults of its sidecar."""
    ports, wrong_port = service.get("Ports") or [], _ports_fault(service.get("Ports") or [])
    is_other = service.get("Kind") not in (None, "", "typical")
    no_port = service.get("Kind") == _PROXY and not _has_port(service) and settings.version >= V1_X
    rules = (
        (ports and is_other, f"Ports cannot be set for a {service.get('Kind')}"),
        (no_port, "Port or SocketPath must be set for a connect-proxy"),
        *((True, fault) for fault in agent_faults(service, settings.version, more)),
        (ports and service.get("Port"), "Cannot set both Port and Ports"),
        (wrong_port, wrong_port),
    )
    faults = [text for is_broken, text in rules if is_broken]
    return multierror(faults) if faults else ""


def agent_faults(service: dict[str, Any], version: Version, more: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with a service, apart from its ports. more: faults of its sidecar."""
    destination, is_proxy = str((service.get("Proxy") or {}).get("DestinationServiceName") or "").strip(), service.get("Kind") == _PROXY
    native, has_port, is_early = (service.get("Connect") or {}).get("Native"), _has_port(service), version < V1_X
    rules = (
        (is_proxy and not destination, "Proxy.DestinationServiceName must be non-empty for Connect proxy services"),
        (
            is_proxy and destination == "*" and not is_early,
            "Proxy.DestinationServiceName must not be a wildcard for Connect proxy services",
        ),
        (is_proxy and not has_port and is_early, "Port must be set for a Connect proxy"),
        (is_proxy and native, "A Proxy cannot also be Connect Native, only typical services"),
        *((True, fault) for fault in more),
        (native and not has_port and not is_early, "Port or SocketPath must be set for a Connect native service."),
    )
    return [text for is_broken, text in rules if is_broken]


_PROXY = "connect-proxy"


def _has_port(service: dict[str, Any]) -> bool:
    return bool(service.get("Port") or service.get("SocketPath"))


def _ports_fault(ports: list[dict[str, Any]]) -> str:
    """Return what is wrong with the named ports of a service: the first fault, "" for none."""
    names: set[str] = set()
    has_default = False
    for port in ports:
        name, is_default = port.get("Name") or "", bool(port.get("Default"))
        rules = (
            (not name.strip(), "Ports.Name cannot be empty"),
            ((port.get("Port") or 0) <= 0, "Ports.Port must be greater than zero"),
            (name in names, f"Ports.Name {quote(name)} has to be unique"),
            (has_default and is_default, "Only one port can be marked as default"),
        )
        for is_broken, text in rules:
            if is_broken:
                return text
        names.add(name)
        has_default |= is_default
    return "One of the Ports must be marked as Default" if ports and not has_default else ""


def _check_uuid(identity: str) -> None:
    if len(identity) != UUID_LENGTH:
        raise Refusal(500, "Bad node ID: uuid string is wrong length")
    if not UUID.fullmatch(identity):
        raise Refusal(500, "Bad node ID: uuid is improperly formatted")
