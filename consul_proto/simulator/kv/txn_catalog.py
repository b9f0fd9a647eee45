"""The operations of a transaction on the catalog."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from consul_proto.simulator.catalog.check_definitions import of_transaction
from consul_proto.simulator.catalog.registration import service_faults
from consul_proto.simulator.catalog.tables import Catalog, CatalogError, Row
from consul_proto.simulator.catalog.values import check_value, node_value, service_value
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.uuids import UUID, UUID_LENGTH
from consul_proto.simulator.engine.versions import V1_8, V1_9, V1_X, Version, pick

_VERBS = ("set", "cas", "get", "delete", "delete-cas")

_NAMELESS = "service name (Service.Service) is required; both Service ID (Service.ID) and Service Name cannot be empty"

#: The error of a check without an id, by verb, since the tables have schemas.
_NO_CHECK = {
    "get": "failed check lookup: index error: object is missing a value for this index",
    "set": "failed health check lookup: index error: object is missing a value for this index",
    "cas": "failed check lookup: index error: object is missing a value for this index",
    "delete": "check lookup failed: index error: object is missing a value for this index",
}


class Failure(Exception):
    """An operation failed, in Consul's words."""


class CatalogStep(NamedTuple):
    """One operation. kind: "node", "service" or "check". given: the members of that node, service or check."""

    kind: str
    verb: str
    node: str
    given: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of the service or the check, "" for a node."""
        given = self.given
        names = {"service": ("ID", "Service"), "check": ("CheckID", "Name")}.get(self.kind, ())[: 1 if self.verb == "get" else 2]
        return next((str(given[name]) for name in names if given.get(name)), "")

    @property
    def modified(self) -> int:
        """The index that a check-and-set expects."""
        return int(self.given.get("ModifyIndex") or 0)

    @property
    def label(self) -> str:
        """The node, service or check as errors name it."""
        own = json.dumps(self.node if self.kind == "node" else self.id, ensure_ascii=False)
        where = "" if self.kind == "node" else f" on node {json.dumps(self.node, ensure_ascii=False)}"
        return f"{self.kind} {own}{where}"


def read_step(kind: str, members: dict[str, Any], version: Version) -> CatalogStep:
    """Read an operation on the catalog. Transactions ignore some members of a service."""
    given: dict[str, Any] = members.get(kind) or {}
    node = members.get("Node") if kind == "Service" else given.get("Node")
    if kind == "Service":
        left_out = pick(_LEFT_OUT, version)
        given = {name: value for name, value in given.items() if name not in left_out}
        if given.get("Proxy"):
            given["Proxy"] = {name: value for name, value in given["Proxy"].items() if name not in _LEFT_OUT_OF_PROXY}
    if kind == "Check":
        given = {**given, "Definition": of_transaction(given.get("Definition") or {})}
    return CatalogStep(kind.lower(), members.get("Verb") or "", node or "", given)


#: Members of a service that transactions ignore.
_LEFT_OUT = {V1_8: ("Connect", "TaggedAddresses", "Kind", "Proxy"), V1_X: ("Connect", "SocketPath")}


_LEFT_OUT_OF_PROXY = ("Config", "Mode", "Upstreams")


class CatalogSteps:
    """Carries out the operations on nodes, services and checks."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog, self._settings = catalog, settings

    def vet(self, step: CatalogStep) -> str:
        """Return why an operation is refused before it begins, "" if it is not."""
        if step.verb == "get":
            return ""
        if step.verb not in _VERBS and self._settings.version >= V1_X:
            return f"unknown {step.kind} operation: {step.verb}"
        if step.kind == "node":
            return self._vet_node(step)
        if step.kind == "service":
            return self._vet_service(step)
        return ""

    def _vet_node(self, step: CatalogStep) -> str:
        if not step.node:
            return "Must provide node"
        identity = step.given.get("ID") or ""
        if identity and len(identity) != UUID_LENGTH:
            return "Bad node ID: uuid string is wrong length"
        return "Bad node ID: uuid is improperly formatted" if identity and not UUID.fullmatch(identity) else ""

    def _vet_service(self, step: CatalogStep) -> str:
        if not step.given.get("Service"):
            if self._settings.version < V1_X:
                return "Must provide service name with ID" if step.given.get("ID") else ""
            return "Must provide service name (Service.Service) when service ID is provided" if step.given.get("ID") else _NAMELESS
        return service_faults(step.given, self._settings) if step.given.get("Kind") == "connect-proxy" else ""

    def require(self, request: ServerRequest, step: CatalogStep) -> str:
        """Return which right the token lacks for an operation, "" if none. For a service, the name in the operation counts."""
        authorizer = request.authorizer
        if authorizer is None or step.verb == "get":
            return ""
        resource, name = "node", step.node
        if step.kind == "service":
            resource, name = "service", step.given.get("Service") or ""
        elif step.kind == "check" and step.given.get("ServiceID"):
            resource, name = "service", step.given.get("ServiceName") or ""
        return "" if authorizer.allows(resource, name, "write") else authorizer.refusal(resource, name, "write")

    def run(self, step: CatalogStep) -> list[dict[str, Any]]:
        """Carry out an operation, and return its results. Raises Failure."""
        row = self._row(step)
        if step.kind == "check" and not step.id and self._settings.version >= V1_X and step.verb in _NO_CHECK:
            raise Failure(_NO_CHECK[step.verb])
        match step.verb:
            case "get":
                if row is None:
                    raise Failure(f"{step.label} doesn't exist")
                return [self._render(step.kind, row)]
            case "set":
                return self._set(step)
            case "cas":
                if (row.modified if row else 0) != step.modified:
                    raise Failure(f"failed to set {step.label}, index is stale")
                # Agents then ignore an error of the write.
                try:
                    return self._set(step)
                except Failure:
                    if step.kind != "check":
                        raise
                    return []
            case "delete" | "delete-cas":
                if step.verb == "delete-cas" and (row is None or row.modified != step.modified):
                    raise Failure(f"failed to delete {step.label}, index is stale")
                self._delete(step)
                return []
        raise Failure(f'unknown {step.kind.capitalize()} verb "{step.verb}"')

    def _row(self, step: CatalogStep) -> Row | None:
        if step.kind == "node":
            return self._catalog.node(step.node)
        table = self._catalog.services if step.kind == "service" else self._catalog.checks
        return table.get((step.node.lower(), step.id.lower()))

    def _set(self, step: CatalogStep) -> list[dict[str, Any]]:
        catalog, version = self._catalog, self._settings.version
        if step.kind == "node":
            try:
                catalog.ensure_node(node_value(step.given, self._settings.datacenter))
            except CatalogError as error:
                raise Failure(f"failed inserting node: {error}") from None
        elif catalog.node(step.node) is None:
            raise Failure("Missing node registration")
        elif step.kind == "service" and not step.id:
            raise Failure("failed inserting service: object missing primary index")
        elif step.kind == "service":
            catalog.ensure_service(step.node, service_value(step.given, version))
        else:
            try:
                catalog.ensure_check(step.node, {**check_value(step.given, version), "Type": self._type_of(step)})
            except CatalogError as error:
                raise Failure(str(error)) from None
        row = self._row(step)
        assert row is not None, "it was written"
        return [self._render(step.kind, row)]

    def _type_of(self, step: CatalogStep) -> str:
        """Return the type of a check: since 1.9 the one in the request. It is never derived."""
        return "" if self._settings.version < V1_9 else step.given.get("Type") or ""

    def _render(self, kind: str, row: Row) -> dict[str, Any]:
        """Return a row as in the answer of a transaction."""
        return {kind.capitalize(): row.raw()}

    def _delete(self, step: CatalogStep) -> None:
        if step.kind == "node":
            self._catalog.delete_node(step.node)
        elif step.kind == "service":
            self._catalog.delete_service(step.node, step.id)
        else:
            self._catalog.delete_check(step.node, step.id)
