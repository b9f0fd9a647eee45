"""The services of each gateway, by its config entry.

https://developer.hashicorp.com/consul/api-docs/catalog#list-services-for-gateway
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_X

Entry = dict[str, Any]

#: The kinds of gateways that name services.
_SERVING = ("ingress-gateway", "terminating-gateway")

#: The members of a service that its row has.
_OF_SERVICE = ("CAFile", "CertFile", "KeyFile", "SNI", "Hosts")


class GatewayServices:
    """The table, by kind and name of the gateway: a row for each service, and the index of the last change."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._rows: dict[tuple[str, str], tuple[list[Entry] | None, int]] = {}

    def dump(self) -> Any:
        """Return the table as JSON."""
        return [[*key, *rows] for key, rows in self._rows.items()]

    def load(self, state: Any) -> None:
        """Load the dumped state."""
        self._rows = {(kind, name): (rows, since) for kind, name, rows, since in state}

    def assign(self, entry: Entry) -> None:
        """Set the rows of a gateway from its entry, if they change."""
        if entry["Kind"] not in _SERVING:
            return
        key, rows = (entry["Kind"], entry["Name"]), self._rows_of(entry)
        if key not in self._rows or self._rows[key][0] != rows:
            self._rows[key] = rows, self._store.index
            self._store.change("gateways")

    def remove(self, kind: str, name: str) -> None:
        """Remove a gateway."""
        if self._rows.pop((kind, name), None) is not None:
            self._store.change("gateways")

    def _rows_of(self, entry: Entry) -> list[Entry] | None:
        """Return a row for each service; None if the entry has no list, which is not the same as an empty one."""
        listed = entry["Services" if entry["Kind"] == "terminating-gateway" else "Listeners"]
        if listed is None:
            return None
        if entry["Kind"] == "terminating-gateway":
            pairs: list[tuple[Entry, Entry]] = [(service, {}) for service in listed]
        else:
            pairs = [(service, listener) for listener in listed for service in listener["Services"] or ()]
        return [self._row(entry, service, listener) for service, listener in pairs]

    def _row(self, entry: Entry, service: Entry, listener: Entry) -> Entry:
        row: Entry = {"Gateway": {"Name": entry["Name"]}, "Service": {"Name": service["Name"]}, "GatewayKind": entry["Kind"]}
        if listener:
            row |= ({"Port": listener["Port"]} if listener["Port"] else {}) | {"Protocol": listener["Protocol"]}
        row |= {name: service[name] for name in _OF_SERVICE if service.get(name) is not None}
        leads_out = entry["Kind"] == "terminating-gateway" and self._settings.version >= V1_X
        return row | ({"AutoHostRewrite": True} if leads_out and not service.get("DisableAutoHostRewrite") else {})

    def has_wildcard(self, gateway: str) -> bool:
        """Return whether a gateway has a wildcard service."""
        return any(row["Service"]["Name"] == "*" for kind in _SERVING for row in self._of(kind, gateway)[0])

    def _of(self, kind: str, gateway: str) -> tuple[list[Entry], int]:
        """Return the rows of a gateway, and the index of their last change."""
        rows, since = self._rows.get((kind, gateway), (None, 0))
        return rows or [], since

    def of(self, gateway: str, plain: Mapping[str, int], in_mesh: Collection[str]) -> list[Entry]:
        """Return the services of a gateway, by name.

        plain: the services of the catalog that are neither proxies nor gateways, with the index at which each was added.
        in_mesh: the names that can be connected to.
        """
        found: dict[tuple[str, int], Entry] = {}
        for kind in _SERVING:
            rows, since = self._of(kind, gateway)
            named = {row["Service"]["Name"] for row in rows}
            for row in rows:
                name, is_wild = row["Service"]["Name"], row["Service"]["Name"] == "*"
                any_name = in_mesh if kind == "ingress-gateway" and self._settings.version >= V1_X else plain
                for service in sorted(set(any_name) - named) if is_wild else [name]:
                    found[service, row.get("Port", 0)] = self._render(row, service, since, plain.get(service))
        return sorted(found.values(), key=lambda one: str(one["Service"]["Name"]))

    def _render(self, row: Entry, service: str, since: int, known: int | None) -> Entry:
        """Return a row as in answers. known: the index at which the service was added to the catalog."""
        is_wild = row["Service"]["Name"] == "*"
        index = max(since, known or 0) if is_wild else since
        shown = {name: value for name, value in row.items() if value and name != "AutoHostRewrite"} | {"Service": {"Name": service}}
        shown |= {"FromWildcard": True} if is_wild else {}
        leads_out = row["GatewayKind"] == "terminating-gateway" and self._settings.version >= V1_X
        # For a wildcard, the kind is known only for services that were added later.
        if leads_out and known is not None and (not is_wild or known > since):
            shown["ServiceKind"] = "service"
        shown |= {"CreateIndex": index, "ModifyIndex": index}
        return shown | ({"AutoHostRewrite": True} if row.get("AutoHostRewrite") else {})

    def leading_to(self, service: str) -> list[str]:
        """Return the names of the ingress gateways that expose a service."""
        return [
            name
            for (kind, name), (rows, _) in sorted(self._rows.items())
            if kind == "ingress-gateway" and service in [row["Service"]["Name"] for row in rows or ()]
        ]
