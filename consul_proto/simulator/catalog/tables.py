"""The catalog: nodes, services and checks, and the index of each table.

https://developer.hashicorp.com/consul/api-docs/catalog
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from consul_proto.simulator.catalog.values import port_of, service_value
from consul_proto.simulator.catalog.virtual_addresses import Addresses
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_9, V1_11, V1_X, Version


class Row(NamedTuple):
    """A node, a service or a check as in answers. node: for a service, the node's name as the registration wrote it."""

    value: dict[str, Any]
    created: int
    modified: int
    node: str = ""

    def raw(self) -> dict[str, Any]:
        """Return the row with its indexes, as the servers store it: missing tags are null. An empty list of ports is left out."""
        shown = {**self.value, "CreateIndex": self.created, "ModifyIndex": self.modified}
        if shown.get("Ports") == []:
            del shown["Ports"]
        return shown

    def render(self) -> dict[str, Any]:
        """Return the row with its indexes; missing tags are an empty list."""
        tags: dict[str, list[str]] = {name: [] for name in ("Tags", "ServiceTags") if self.value.get(name, ()) is None}
        return {**self.raw(), **tags}

    @property
    def tags(self) -> list[str]:
        """The tags of a service."""
        return self.value["Tags"] or []


Key = tuple[str, str]


class OfNodes(dict[Key, Row]):
    """Services or checks by node and id. Those of one node are found without a search."""

    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[str, set[str]] = {}

    def __setitem__(self, key: Key, row: Row) -> None:
        super().__setitem__(key, row)
        self._ids.setdefault(key[0], set()).add(key[1])

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        self._ids[key[0]].discard(key[1])
        if not self._ids[key[0]]:
            del self._ids[key[0]]

    def keys_of(self, node: str) -> list[Key]:
        """Return the keys of a node, by id."""
        return [(node, one) for one in sorted(self._ids.get(node, ()))]


class OnGone(Protocol):
    """Called when something that sessions depend on is removed or critical."""

    def __call__(self, node: str, check: str | None) -> None:
        """check: None if the whole node was removed."""
        ...


#: The members of a check that may differ without a change of the check (structs.HealthCheck.IsSame).
NO_CHANGE = dict.fromkeys(("Type", "Interval", "Timeout", "ExposedPort"))


class CatalogError(Exception):
    """The catalog refuses a write. The message has Consul's words."""


class Catalog:
    """The tables. Names are compared without case. Writes are made at the store's current index."""

    def __init__(self, store: Store, version: Version) -> None:
        self._store, self._version = store, version
        self.nodes: dict[str, Row] = {}
        #: By node and id.
        self.services = OfNodes()
        self.checks = OfNodes()
        self._instances: dict[str, set[Key]] = {}
        self._addresses = Addresses(store)
        self.on_gone: OnGone = lambda node, check: None  # noqa: ARG005 - the protocol names its parameters

    def dump(self) -> Any:
        """Return the state as JSON."""
        tables = [[[key, *row] for key, row in table.items()] for table in (self.nodes, self.services, self.checks)]
        return {"tables": tables, "addresses": self._addresses.dump()}

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        tables: tuple[dict[Any, Row], ...] = (self.nodes, self.services, self.checks)
        for table, rows in zip(tables, state["tables"], strict=True):
            for key in list(table):
                self._put(table, key, None)
            for key, *row in rows:
                self._put(table, tuple(key) if isinstance(key, list) else key, Row(*row))
        self._addresses.load(state["addresses"])

    # Reads.

    def node(self, name: str) -> Row | None:
        """Return a node by its name."""
        return self.nodes.get(name.lower())

    def service_name(self, node: str, service_id: str) -> str | None:
        """Return the name of the service with exactly this id; None if the agent does not have it."""
        row = self.services.get((node.lower(), service_id.lower()))
        return str(row.value["Service"]) if row is not None and row.value["ID"] == service_id else None

    def of_node(self, table: OfNodes, name: str) -> list[Row]:
        """Return the services or the checks of a node, by id."""
        return [table[key] for key in table.keys_of(name.lower())]

    def instances(self, service: str) -> list[tuple[Row, Row]]:
        """Return the nodes and services of a name, by node and id."""
        return [(self.nodes[key[0]], self.services[key]) for key in sorted(self._instances.get(service.lower(), ()))]

    def proxies(self, service: str) -> list[tuple[Row, Row]]:
        """Return the instances to connect to instead of a service: its proxies, and itself if it is Connect native."""
        name = service.lower()
        return [(self.nodes[key[0]], row) for key, row in sorted(self.services.items()) if _stands_for(row.value) == name]

    def plain_services(self) -> dict[str, int]:
        """Return the services that are not proxies, gateways or Consul, with the index at which each was added."""
        found: dict[str, int] = {}
        for row in self.services.values():
            name = row.value["Service"]
            if not row.value.get("Kind") and name != "consul":
                found[name] = min(row.created, found.get(name, row.created))
        return found

    def mesh_services(self) -> set[str]:
        """Return the names that can be connected to."""
        return {name for row in self.services.values() if (name := _stands_for(row.value))}

    def checks_of(self, node: str, service_id: str) -> list[Row]:
        """Return the checks that decide a service's health: first those of the node, then its own."""
        rows = self.of_node(self.checks, node)
        return [row for row in rows if not row.value["ServiceID"]] + [
            row for row in rows if row.value["ServiceID"] and row.value["ServiceID"].lower() == service_id.lower()
        ]

    # Indexes.

    def service_tables(self, service: str, *, found: bool, health: bool = False) -> tuple[str, ...]:
        """Return the tables that decide the index of a read of a service. found: whether there are instances."""
        own = f"service.{service.lower()}"
        if not found and self._store.table("service extinctions"):
            return ("service extinctions",)
        if self._instances.get(service.lower()):
            return (own,)
        return ("nodes", "services", "checks") if health else ("nodes", "services")

    def node_tables(self, name: str) -> tuple[str, ...]:
        """Return the tables that decide the index of a read of a node."""
        if self._version < V1_X:
            return ("nodes", "services") if self.node(name) else ()
        return (f"node.{name.lower()}",) if self.node(name) else ("node extinctions",)

    def _change_services(self, node: str) -> None:
        """Record a change of a node or of its own checks: it concerns all of its services."""
        for key in self.services.keys_of(node):
            self._store.change(f"service.{self.services[key].value['Service'].lower()}")

    def _change_node(self, node: str) -> None:
        """Record a change of a node. In 1.8, reads of the node have the index of the whole tables instead."""
        if self._version >= V1_X:
            self._store.count(f"node.{node}")
        self._store.touch(("table", f"node.{node}"))

    def _set(self, table: dict[Any, Row], key: Any, row: Row | None) -> None:
        before = table.get(key)
        self._store.on_rollback(lambda: self._put(table, key, before))
        self._put(table, key, row)

    def _put(self, table: dict[Any, Row], key: Any, row: Row | None) -> None:
        if table is self.services and (before := table.get(key)):
            instances = self._instances[before.value["Service"].lower()]
            instances.discard(key)
        if row is not None:
            table[key] = row
            if table is self.services:
                self._instances.setdefault(row.value["Service"].lower(), set()).add(key)
        elif key in table:
            del table[key]

    def _keep(self, table: dict[Any, Row], key: Any, value: dict[str, Any], node: str = "") -> bool:
        """Write a row, and return whether it changed. Since 1.9, a node's name in different case is not a change."""
        before = table.get(key)
        aside = (NO_CHANGE if table is self.checks else {}) | ({} if self._version < V1_9 else {"Node": ""})
        if before is not None and before.value | aside == value | aside and (before.node == node or self._version >= V1_9):
            return False
        index = self._store.index
        self._set(table, key, Row(value, before.created if before else index, index, node))
        return True

    # Writes.

    def ensure_node(self, value: dict[str, Any]) -> bool:
        """Register a node. A known id under a new name renames the node. Raises CatalogError if another node has the name."""
        key = value["Node"].lower()
        renamed = self._former_key(value, key)
        if renamed is not None:
            created = self.nodes[renamed].created
            self.delete_node(renamed)
            self._set(self.nodes, key, Row({}, created, 0))
        if not self._keep(self.nodes, key, value):
            return False
        self._store.change("nodes")
        self._change_node(key)
        self._change_services(key)
        return True

    def _former_key(self, value: dict[str, Any], key: str) -> str | None:
        """Return the key of a node that has another name now, else None. In 1.8, names that differ in case are different names."""
        identity = value["ID"]
        if not identity:
            return None
        before = self.nodes.get(key)
        if before is not None and before.value["ID"] not in ("", identity) and self._is_alive(key):
            held = before.value["ID"]
            raise CatalogError(
                f'node name "{value["Node"]}" is reserved by node {held} with name "{before.value["Node"]}" ({before.value["Address"]})'
            )
        known = next((row.value["Node"] for row in self.nodes.values() if row.value["ID"] == identity), value["Node"])
        is_same = known == value["Node"] if self._version < V1_9 else known.lower() == key
        return None if is_same else known.lower()

    def _is_alive(self, node: str) -> bool:
        alive = self.checks.get((node, "serfhealth"))
        return alive is not None and alive.value["Status"] != "critical"

    def ensure_service(self, node: str, value: dict[str, Any]) -> bool:
        """Register a service on an existing node."""
        key = (node.lower(), value["ID"].lower())
        if (name := _stands_for(value)) and self._version >= V1_11:
            own = {"Address": self._addresses.of(name), "Port": port_of(value)}
            tagged = {**(value.get("TaggedAddresses") or {}), "consul-virtual": own}
            value = service_value({**value, "TaggedAddresses": dict(sorted(tagged.items()))}, self._version)
        if not self._keep(self.services, key, value, node):
            return False
        self._store.change("services")
        self._store.count("usage")
        self._store.change(f"service.{value['Service'].lower()}")
        self._change_parent(key[0])
        return True

    def _change_parent(self, node: str) -> None:
        if self._version >= V1_X:
            self._store.change("nodes")
        self._change_node(node)

    def ensure_check(self, node: str, value: dict[str, Any]) -> bool:
        """Register a check on an existing node. Raises CatalogError if its service does not exist."""
        key = (node.lower(), value["CheckID"].lower())
        service = self.services.get((key[0], value["ServiceID"].lower())) if value["ServiceID"] else None
        if service is not None:
            value = {**value, "ServiceName": service.value["Service"], "ServiceTags": service.value["Tags"]}
        elif value["ServiceID"]:
            raise CatalogError("Missing service registration")
        before = self.checks.get(key)
        changed = self._keep(self.checks, key, value)
        if changed:
            self._concerns(key[0], service)
            self._touch_check(before)
        if value["Status"] == "critical":
            self.on_gone(node, value["CheckID"])
        if changed or self._version < V1_X:
            # 1.8 also writes a check that has not changed.
            if not changed:
                self._set(self.checks, key, self.checks[key]._replace(value=value))
            self._store.change("checks")
            self._touch_check(self.checks[key])
        return changed

    def _touch_check(self, row: Row | None) -> None:
        """Record a change of a check: it concerns the reads of its node, its service and its state."""
        if row is not None:
            for of, value in (("node", row.value["Node"]), ("service", row.value["ServiceName"]), ("state", row.value["Status"])):
                self._store.touch((f"checks of {of}", value.lower()))

    def _concerns(self, node: str, service: Row | None) -> None:
        if service is not None:
            self._store.change(f"service.{service.value['Service'].lower()}")
        else:
            self._change_services(node)

    def delete_check(self, node: str, check_id: str) -> bool:
        """Deregister a check; return whether it existed."""
        key = (node.lower(), check_id.lower())
        row = self.checks.get(key)
        if row is None:
            return False
        service = self.services.get((key[0], row.value["ServiceID"].lower())) if row.value["ServiceID"] else None
        self._concerns(key[0], service)
        if service is None:
            self._store.count("services")
        self._set(self.checks, key, None)
        self._store.change("checks")
        self._touch_check(row)
        self.on_gone(row.value["Node"], row.value["CheckID"])
        return True

    def delete_service(self, node: str, service_id: str) -> bool:
        """Deregister a service and its checks; return whether it existed."""
        key = (node.lower(), service_id.lower())
        row = self.services.get(key)
        if row is None:
            return False
        for check in self.of_node(self.checks, node):
            if check.value["ServiceID"].lower() == key[1]:
                self.delete_check(node, check.value["CheckID"])
        name = row.value["Service"].lower()
        self._store.change(f"service.{name}")
        self._set(self.services, key, None)
        self._store.change("services")
        self._store.count("usage")
        self._store.count("checks")
        self._change_parent(key[0])
        if not self._instances.get(name):
            self._store.change("service extinctions")
            self._addresses.free(name)
        return True

    def delete_node(self, node: str) -> bool:
        """Deregister a node with its services and checks; return whether it existed."""
        key = node.lower()
        row = self.nodes.get(key)
        if row is None:
            return False
        self._change_services(key)
        for service in self.of_node(self.services, key):
            self.delete_service(key, service.value["ID"])
        for check in self.of_node(self.checks, key):
            self.delete_check(key, check.value["CheckID"])
        self._set(self.nodes, key, None)
        self._store.change("nodes")
        self._change_node(key)
        self._store.change("node extinctions")
        self.on_gone(row.value["Node"], None)
        return True


def _stands_for(service: dict[str, Any]) -> str | None:
    if service.get("Kind") == "connect-proxy":
        return str(service["Proxy"].get("DestinationServiceName", "")).lower()
    return str(service["Service"]).lower() if service["Connect"].get("Native") else None


def each(rows: dict[str, Row]) -> Iterator[Row]:
    """Return the rows of a table, by name."""
    return (rows[name] for name in sorted(rows))
