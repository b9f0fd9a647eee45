"""Config entries: the table, and the endpoint that decodes and checks them.

https://developer.hashicorp.com/consul/api-docs/config. Entries of a kind without a type here are stored as they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.config.chains import check_chains
from consul_proto.simulator.config.gateway_services import GatewayServices
from consul_proto.simulator.config.http_matching import in_upper_case
from consul_proto.simulator.config.intention_sources import order_sources, without_legacy
from consul_proto.simulator.config.rules import check_entry
from consul_proto.simulator.config.types import TYPES
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, multierror, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_8, V1_9, V1_11, V1_12, V1_16, V1_X, Version, pick
from consul_proto.simulator.filters.expressions import SERVICE_DEFAULTS
from consul_proto.simulator.filters.parameter import read_filter
from consul_proto.simulator.go import mapstructure
from consul_proto.simulator.go.json import Anything
from consul_proto.simulator.go.numbers import unsigned

Entry = dict[str, Any]

#: Members that come after all others in an answer.
_LAST = ("MaxRequestHeadersKB",)

#: Members that agents set themselves, whatever the request says.
_WRITTEN = ("Hash", "CreateIndex", "ModifyIndex")

_OLD = (
    *("service-defaults", "proxy-defaults", "service-router", "service-splitter", "service-resolver", "ingress-gateway"),
    "terminating-gateway",
)

#: The kinds by version: https://developer.hashicorp.com/consul/docs/connect/config-entries
_KINDS = {
    V1_8: _OLD,
    V1_X: (
        *_OLD,
        *("service-intentions", "mesh", "exported-services", "sameness-group", "api-gateway", "bound-api-gateway", "http-route"),
        *("tcp-route", "inline-certificate", "file-system-certificate", "jwt-provider", "control-plane-request-limit"),
    ),
}

#: The error for an entry without a name, if the fault is found only when it is written, by version and kind.
_NAMELESS = {
    "ingress-gateway": "failed inserting config entry: object missing primary index",
    "terminating-gateway": "serviceName is required",
    "exported-services": "",  # it must have another name
}
_NO_NAME = {V1_8: {**_NAMELESS, "service-defaults": "serviceName is required"}, V1_X: _NAMELESS}

_NOT_PERMISSIVE = "cannot set MutualTLSMode=permissive because AllowEnablingPermissiveMutualTLS=false in the mesh config entry"

#: Members whose own members belong to the user, not to Consul.
_OPAQUE = frozenset(("Meta", "Add", "Set"))


class ConfigEntries:
    """The table, by kind and name."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self.entries: dict[tuple[str, str], Entry] = {}
        self.gateways = GatewayServices(store, settings)
        if settings.version >= V1_9:
            # A server checks at its start whether intentions from before 1.9 must become entries.
            store.apply()
            store.count("config")

    def dump(self) -> Any:
        """Return the table as JSON."""
        return {"entries": list(self.entries.values()), "gateways": self.gateways.dump()}

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self.entries = {(entry["Kind"], entry["Name"]): entry for entry in state["entries"]}
        self.gateways.load(state["gateways"])

    def is_same(self, entry: Entry) -> bool:
        """Return whether an entry is stored already. Agents check this since 1.12."""
        before = self.entries.get((entry["Kind"], entry["Name"]))
        return before is not None and self._settings.version >= V1_12 and before["Hash"] == entry["Hash"]

    def check(self, kind: str, name: str, entry: Entry | None) -> None:
        """Refuse a change that does not fit the other entries. entry: None if the entry is deleted."""
        others = {key: other for key, other in self.entries.items() if key != (kind, name)}
        mesh = self.entries.get(("mesh", "mesh"), {})
        if entry is not None and entry.get("MutualTLSMode") == "permissive" and not mesh.get("AllowEnablingPermissiveMutualTLS"):
            raise Refusal(500, _NOT_PERMISSIVE)
        check_chains(others if entry is None else {**others, (kind, name): entry}, kind, name, self._settings)

    def write(self, entry: Entry) -> None:
        """Write an entry at the current index."""
        key = (entry["Kind"], entry["Name"])
        before = self.entries.get(key)
        index = self._store.index
        hashed = {} if self._settings.version < V1_X else {"Hash": entry.get("Hash") or _hash(entry)}
        entry = {name: value for name, value in entry.items() if name not in _WRITTEN}
        written = {**hashed, "CreateIndex": before["CreateIndex"] if before else index, "ModifyIndex": index}
        last = {name: entry.pop(name) for name in _LAST if name in entry}
        self.entries[key] = entry | written | last
        self._store.change("config")
        self.gateways.assign(entry)

    def delete(self, kind: str, name: str) -> None:
        """Delete an entry."""
        if self.entries.pop((kind, name), None) is not None:
            self._store.change("config")
            self.gateways.remove(kind, name)


def _ingress(entry: Entry, _version: Version) -> Entry:
    """Set the protocol of the listeners of an ingress gateway."""
    for listener in entry["Listeners"] or ():
        listener["Protocol"] = listener["Protocol"].lower() or "tcp"
    return entry


def _router(entry: Entry, version: Version) -> Entry:
    """Write the methods of a router in upper case. 1.8.7 sets the namespace of a destination only if the route has methods."""
    for route in entry["Routes"] or ():
        http = route.get("Match", {}).get("HTTP", {})
        in_upper_case(http)
        if version < V1_X and "Methods" in http and "Destination" in route:
            route["Destination"].setdefault("Namespace", "default")
    return entry


def _splitter(entry: Entry, _version: Version) -> Entry:
    """Round the weights of a splitter to hundredths."""
    for split in entry["Splits"] or ():
        split["Weight"] = mapstructure.as_written(math.copysign(math.floor(abs(split["Weight"]) * 100 + 0.5), split["Weight"]) / 100)
    return entry


def _defaults(entry: Entry, _version: Version) -> Entry:
    """Write the protocol of a service in lower case."""
    return {**entry, "Protocol": entry["Protocol"].lower()}


#: What is changed in an entry before it is stored, by kind.
_COMPLETE: dict[str, Callable[[Entry, Version], Entry]] = {
    "ingress-gateway": _ingress,
    "service-defaults": _defaults,
    "service-intentions": lambda entry, _version: order_sources(entry),
    "service-router": _router,
    "service-splitter": _splitter,
}


def _unknown(paths: Sequence[str]) -> str:
    """Return the error for members that the type does not have, "" for none."""
    shown = ((path, ", namespaces are a consul enterprise feature" * (path.rpartition(".")[2].lower() == "namespace")) for path in paths)
    return multierror([f'invalid config key "{path}"{more}' for path, more in shown]) if paths else ""


def _render(entry: Entry) -> Entry:
    """Return an entry as in answers: the mesh entry shows no name."""
    return {name: value for name, value in entry.items() if name != "Name"} if entry["Kind"] == "mesh" else entry


def _hash(value: Any) -> int:
    return int.from_bytes(blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).digest(), "big")


def _camel_case(value: Any, *, opaque: bool = False) -> Any:
    """Return the names in the documentation's form: `default_subset` is DefaultSubset."""
    if isinstance(value, list):
        return [_camel_case(one, opaque=opaque) for one in value]
    if not isinstance(value, dict) or opaque:
        return value
    found = {}
    for name, member in value.items():
        camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        found[camel] = _camel_case(member, opaque=camel in _OPAQUE)
    return found


def _cas_index(request: ServerRequest) -> int | None:
    """Return the index in `cas`, None if there is none."""
    return unsigned(request.first("cas")) if request.first("cas") else None


class ConfigEndpoint:
    """`/v1/config` and `/v1/catalog/gateway-services/`."""

    def __init__(self, store: Store, entries: ConfigEntries, catalog: Catalog, settings: Settings) -> None:
        self._store, self._entries, self._catalog, self._settings = store, entries, catalog, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/config": Route(("PUT",), write=self.apply),
            "/v1/config/": Route(("GET", "DELETE"), self.read, self.delete, _of("config"), deep=True),
            "/v1/catalog/gateway-services/": Route(
                ("GET",),
                self.gateway_services,
                topics=_of("gateways", "services"),
                deep=True,
                index=True,
                first=ServerRequest.only_default,
            ),
        }

    def _bad(self, text: str) -> Refusal:
        return Refusal(400, f"{self._settings.bad_request}Request decoding failed: {text}")

    def _body(self, request: ServerRequest) -> Entry:
        raw = request.decode(Anything(), self._bad("").text)
        if raw is not None and not isinstance(raw, dict):
            raise self._bad(mapstructure.no_map(raw, "map[string]interface {}", "", version=self._settings.version))
        if not raw or not {"Kind", "kind"} & raw.keys():
            raise self._bad("Payload does not contain a kind/Kind key at the top level")
        kind = raw.get("Kind", raw.get("kind"))
        if not isinstance(kind, str):
            raise self._bad("Kind value in payload is not a string")
        if kind.lower() not in pick(_KINDS, self._settings.version):
            raise self._bad(f"invalid config entry kind: {kind}")
        return self._decode(raw, kind.lower())

    def _decode(self, raw: Entry, kind: str) -> Entry:
        """Decode an entry into its type. Kinds without a type here are stored as they are."""
        if kind not in TYPES:
            given = {name: value for name, value in _camel_case(raw).items() if name not in ("Kind", *_WRITTEN)}
            return {"Kind": kind, "Name": "", **given, "Hash": _hash(given)}
        version = self._settings.version
        read = mapstructure.read(raw, TYPES[kind], version=version)
        if fault := read.refusal(version=version) or _unknown(read.unknown):
            raise self._bad(fault)
        found = {name: value for name, value in read.value.items() if name not in _WRITTEN}
        entry = {**found, "Kind": kind, "Name": found.get("Name", "")}
        if complete := _COMPLETE.get(kind):
            entry = complete(entry, version)
        # The name is not part of the hash.
        return {**entry, "Hash": _hash([{name: value for name, value in entry.items() if name != "Name"}, read.empty])}

    def _only_name(self, kind: str, name: str) -> str:
        """Return the name of an entry. Some kinds have only one."""
        if kind == "mesh":
            return "mesh"
        if kind != "proxy-defaults":
            return name
        if name not in ("", "global") and self._settings.version >= V1_X:
            raise Refusal(500, f'invalid name ("{name}"), only "global" is supported')
        return "global"

    def _resource(self, kind: str, name: str) -> tuple[str, str]:
        """Return the resource whose write right an entry needs: a service has its own, the mesh as a whole another."""
        if kind in ("proxy-defaults", "mesh", "ingress-gateway", "terminating-gateway", "api-gateway", "exported-services"):
            return ("operator" if self._settings.version < V1_X else "mesh"), ""
        return ("intention" if kind == "service-intentions" else "service"), name

    def _read_resource(self, kind: str, name: str) -> tuple[str, str] | None:
        """Return the resource whose read right an entry needs; None for no right."""
        if kind in ("proxy-defaults", "mesh"):
            return None
        return ("service", name) if kind.endswith("-gateway") else self._resource(kind, name)

    def apply(self, request: ServerRequest, _now: float) -> bool:
        """PUT: return whether the entry was written."""
        entry = self._body(request)
        request.only_default()
        index = _cas_index(request)
        request.know_token()
        entry["Name"] = self._only_name(entry["Kind"], entry["Name"])
        no_name = pick(_NO_NAME, self._settings.version).get(entry["Kind"])
        if not entry["Name"] and no_name is None:
            raise Refusal(500, "Name is required")
        check_entry(entry, version=self._settings.version)
        if entry["Kind"] == "service-intentions":
            entry = without_legacy(entry)
        request.require(*self._resource(entry["Kind"], entry["Name"]), "write")
        before = self._entries.entries.get((entry["Kind"], entry["Name"]))
        self._store.apply()
        # Since 1.12, an entry that is stored already counts as written, whatever the index.
        if index is not None and index != (before["ModifyIndex"] if before else 0) and not self._entries.is_same(entry):
            return False
        if not entry["Name"]:
            raise Refusal(500, no_name or "")
        self._entries.check(entry["Kind"], entry["Name"], entry)
        if not self._entries.is_same(entry):
            self._entries.write(entry)
        return True

    def read(self, request: ServerRequest) -> ReadAnswer:
        """GET one entry, or all of a kind."""
        request.only_default()
        kind, is_one, name = request.rest.partition("/")
        request.reach_servers()
        if kind and kind not in pick(_KINDS, self._settings.version):
            raise Refusal(500, f"invalid config entry kind: {kind}")
        index = self._store.table("config")
        if not is_one:
            return ReadAnswer(index, self._every(request, kind))
        if resource := self._read_resource(kind, name):
            request.require(*resource, "read")
        entry = self._entries.entries.get((kind, name))
        if entry is None:
            refusal = Refusal(404, f'Config entry not found for "{kind}" / "{name}"', X_Consul_Index=str(index or 1))
            refusal.headers += tuple(server_headers()) + (
                () if self._settings.version < V1_X else (("X-Consul-Query-Backend", "blocking-query"),)
            )
            raise refusal
        return ReadAnswer(index, _render(entry))

    def _every(self, request: ServerRequest, kind: str) -> list[Entry]:
        """Return the entries of a kind, "" for all, that the token may read and the filter accepts."""
        is_filtered = bool(request.first("filter")) and self._settings.version >= V1_16
        if is_filtered and kind != "service-defaults":
            raise Refusal(500, f"filtering not supported for config entry kind={kind}")
        keep = read_filter(request, SERVICE_DEFAULTS) if is_filtered else bool
        found = []
        for (known, name), entry in sorted(self._entries.entries.items()):
            resource = self._read_resource(known, name)
            if kind in ("", known) and (resource is None or request.may(*resource, "read")) and keep(entry):
                found.append(_render(entry))
        return found

    def delete(self, request: ServerRequest, _now: float) -> Any:
        """DELETE: return an empty object, also for an unknown entry; with `cas`, since 1.11, whether it was deleted."""
        kind, is_one, name = request.rest.partition("/")
        if not is_one:
            raise Refusal(404, "Must provide both a kind and name to delete")
        if kind not in pick(_KINDS, self._settings.version):
            raise Refusal(400, f"invalid config entry kind: {kind}")
        request.only_default()
        index = None if self._settings.version < V1_11 else _cas_index(request)
        request.know_token()
        name = self._only_name(kind, name)
        request.require(*self._resource(kind, name), "write")
        before = self._entries.entries.get((kind, name))
        self._store.apply()
        if index is not None and before is not None and index != before["ModifyIndex"]:
            return False
        self._entries.check(kind, name, None)
        self._entries.delete(kind, name)
        return {} if index is None else True

    def gateway_services(self, request: ServerRequest) -> ReadAnswer:
        """GET gateway-services."""
        if not request.rest:
            raise Refusal(400, "Missing gateway name")
        request.reach_servers()
        request.require("service", request.rest, "read")
        gateways = self._entries.gateways
        every = gateways.of(request.rest, self._catalog.plain_services(), self._catalog.mesh_services())
        found = [one for one in every if request.may("service", one["Service"]["Name"], "read")]
        nothing: list[Entry] | None = None if self._settings.version < V1_X and request.authorizer is None else []
        headers = (("X-Consul-Effective-Consistency", request.consistency),)
        tables = ("gateways", "services") if gateways.has_wildcard(request.rest) else ("gateways",)
        return ReadAnswer(self._store.table(*tables), found or nothing, headers=headers, null=True)


def _of(*tables: str) -> Any:
    def topics(_request: ServerRequest) -> tuple[Topic, ...]:
        return tuple(("table", table) for table in tables)

    return topics
