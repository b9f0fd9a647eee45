"""Configuration entries, and the gateways that they describe.

https://developer.hashicorp.com/consul/api-docs/config. What an entry says is kept as it was given; of what it may say, only what a list
or an answer here depends on is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

from consul_proto.simulator.asking import Asked, Found, Refusal, Topic, seen
from consul_proto.simulator.catalog import Catalog
from consul_proto.simulator.config_rules import check_entry, unknown_members, unreadable
from consul_proto.simulator.discovery_chains import check_chains
from consul_proto.simulator.filters import SERVICE_DEFAULTS
from consul_proto.simulator.go_json import Anything, kind_of
from consul_proto.simulator.numbers import unsigned
from consul_proto.simulator.routes import Route
from consul_proto.simulator.selecting import compiled
from consul_proto.simulator.settings import Settings
from consul_proto.simulator.store import Store

Entry = dict[str, Any]

_OLD = (
    *("service-defaults", "proxy-defaults", "service-router", "service-splitter", "service-resolver", "ingress-gateway"),
    "terminating-gateway",
)

#: https://developer.hashicorp.com/consul/docs/connect/config-entries, by version.
_KINDS = {
    "1.8.7": _OLD,
    "1.22.5": (
        *_OLD,
        *("service-intentions", "mesh", "exported-services", "sameness-group", "api-gateway", "bound-api-gateway", "http-route"),
        *("tcp-route", "inline-certificate", "file-system-certificate", "jwt-provider", "control-plane-request-limit"),
    ),
}

#: What an answer shows of an entry that does not say it, in this order, by kind and version.
_DEFAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "1.8.7": {
        "service-defaults": {"Protocol": "", "MeshGateway": {}, "Expose": {}},
        "proxy-defaults": {"Config": None, "MeshGateway": {}, "Expose": {}},
        "ingress-gateway": {"TLS": {"Enabled": False}, "Listeners": None},
        "terminating-gateway": {"Services": None},
    },
    "1.22.5": {
        "service-defaults": {"Protocol": "", "TransparentProxy": {}, "MeshGateway": {}, "Expose": {}},
        "proxy-defaults": {"Config": None, "TransparentProxy": {}, "MeshGateway": {}, "Expose": {}, "AccessLogs": {}},
        "ingress-gateway": {"TLS": {"Enabled": False}, "Listeners": None},
        "terminating-gateway": {"Services": None},
    },
}

#: What is said of an entry without a name where it is noticed only when it is written, by its kind.
_NO_NAME = {
    "ingress-gateway": "failed inserting config entry: object missing primary index",
    "terminating-gateway": "serviceName is required",
}

#: The kinds of gateways that serve services by their names.
_SERVING = ("ingress-gateway", "terminating-gateway")

#: Members that are lists of objects, as far as something here depends on them.
_LISTS = ("Listeners", "Services", "Sources")

#: What mapstructure calls the kinds of JSON.
_MAPSTRUCTURE = {"number": "float64", "array": "[]interface {}", "string": "string", "bool": "bool", "object": "map"}

#: Members whose own members are the user's, not Consul's.
_OPAQUE = frozenset(("Config", "Meta", "EnvoyExtensions", "Add", "Set"))

#: Members whose members have names of the user's, and are Consul's own below.
_BY_NAME = frozenset(("Subsets", "Failover"))


class ConfigEntries:
    """The table, by kind and name."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self.entries: dict[tuple[str, str], Entry] = {}
        if not settings.is_old:
            # A server that starts looks whether intentions of before 1.9 must become entries.
            store.apply()
            store.count("config")

    def kept(self) -> Any:
        """The table, as JSON."""
        return list(self.entries.values())

    def keep(self, kept: Any, _shift: float) -> None:
        """Go on with what was kept."""
        self.entries = {(entry["Kind"], entry["Name"]): entry for entry in kept}

    def is_same(self, entry: Entry) -> bool:
        """Whether an entry is there as it is, as far as agents look at that, since 1.12."""
        before = self.entries.get((entry["Kind"], entry["Name"]))
        return before is not None and not self._settings.is_old and before["Hash"] == _hash(entry)

    def write(self, entry: Entry) -> None:
        """Keep an entry at the present index; one that is the same stays as it is, since 1.12."""
        key = (entry["Kind"], entry["Name"])
        before = self.entries.get(key)
        index = self._store.index
        hashed = {} if self._settings.is_old else {"Hash": _hash(entry)}
        if before is not None and not self._settings.is_old and before["Hash"] == hashed["Hash"]:
            return
        self.entries[key] = {**entry, **hashed, "CreateIndex": before["CreateIndex"] if before else index, "ModifyIndex": index}
        self._store.change("config")
        if entry["Kind"].endswith("-gateway"):
            self._store.change("gateways")

    def delete(self, kind: str, name: str) -> None:
        """Forget an entry."""
        if self.entries.pop((kind, name), None) is not None:
            self._store.change("config")
            if kind.endswith("-gateway"):
                self._store.change("gateways")

    def has_wildcard(self, gateway: str) -> bool:
        """Whether a gateway is for any service."""
        entries = (self.entries.get((kind, gateway)) for kind in _SERVING)
        return any(service["Name"] == "*" for entry in entries if entry for service, _ in _services_of(entry))

    def gateway_services(self, gateway: str, plain: Mapping[str, int], in_mesh: Collection[str]) -> list[Entry]:
        """The services that a gateway is for, by their names.

        plain: the services of the catalog that are neither proxies nor gateways, with the index since when they are there. in_mesh: those
        of them, and others, that may be connected to.
        """
        found: list[Entry] = []
        for kind in _SERVING:
            entry = self.entries.get((kind, gateway))
            services = _services_of(entry) if entry is not None else []
            named = {service["Name"] for service, _ in services}
            for service, listener in services:
                wild = service["Name"] == "*"
                any_name = in_mesh if kind == "ingress-gateway" and not self._settings.is_old else plain
                names = sorted(set(any_name) - named) if wild else [service["Name"]]
                found += [self._served(entry or {}, {**service, "Name": name}, listener, plain.get(name), wild=wild) for name in names]
        return sorted(found, key=lambda one: str(one["Service"]["Name"]))

    def _served(self, entry: Entry, service: Entry, listener: Entry, since: int | None, *, wild: bool) -> Entry:
        shown: Entry = {"Gateway": {"Name": entry["Name"]}, "Service": {"Name": service["Name"]}, "GatewayKind": entry["Kind"]}
        if listener:
            shown |= {"Port": listener.get("Port", 0), "Protocol": listener.get("Protocol") or "tcp"}
        shown |= {name: service[name] for name in ("CAFile", "CertFile", "KeyFile", "SNI") if service.get(name)}
        if hosts := service.get("Hosts"):
            shown["Hosts"] = hosts
        index = max(entry["ModifyIndex"], since or 0) if wild else entry["ModifyIndex"]
        shown |= {"FromWildcard": True} if wild else {}
        leads_out = entry["Kind"] == "terminating-gateway" and not self._settings.is_old
        # Of those that any name stands for, it is known of what came later.
        if leads_out and since is not None and (not wild or since > entry["ModifyIndex"]):
            shown["ServiceKind"] = "service"
        shown |= {"CreateIndex": index if wild else entry["CreateIndex"], "ModifyIndex": index}
        return shown | ({"AutoHostRewrite": True} if leads_out else {})

    def ingresses(self, service: str) -> list[str]:
        """The names of the ingress gateways that lead to a service."""
        return [
            name
            for (kind, name), entry in sorted(self.entries.items())
            if kind == "ingress-gateway" and service in [one["Name"] for one, _ in _services_of(entry)]
        ]


def _services_of(entry: Entry) -> list[tuple[Entry, Entry]]:
    if entry["Kind"] == "terminating-gateway":
        return [(service, {}) for service in entry.get("Services") or ()]
    return [(service, listener) for listener in entry.get("Listeners") or () for service in listener.get("Services") or ()]


def _ingress(entry: Entry) -> Entry:
    """An ingress gateway, with what it does not say and answers show all the same."""
    for service, _ in _services_of(entry):
        service.setdefault("Hosts", None)
    for listener in entry["Listeners"] or ():
        listener["Protocol"] = listener.get("Protocol") or "tcp"
    if isinstance(entry.get("Defaults"), dict):
        limits = ("MaxConnections", "MaxPendingRequests", "MaxConcurrentRequests")
        entry["Defaults"] |= {name: entry["Defaults"].get(name) or 0 for name in limits}
    return entry


def _hash(entry: Entry) -> int:
    return int.from_bytes(blake2b(json.dumps(entry, sort_keys=True).encode(), digest_size=8).digest(), "big")


def _named(value: Any, *, opaque: bool = False) -> Any:
    """Names as the documentation of JSON writes them: `default_subset` is DefaultSubset."""
    if isinstance(value, list):
        return [_named(one, opaque=opaque) for one in value]
    if not isinstance(value, dict) or opaque:
        return value
    found = {}
    for name, member in value.items():
        camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        if camel in _BY_NAME and isinstance(member, dict):
            found[camel] = {own: _named(one) for own, one in member.items()}
        else:
            found[camel] = _named(member, opaque=camel in _OPAQUE)
    return found


def _text(value: Any) -> str:
    """A text, or what mapstructure makes one of."""
    if isinstance(value, list):
        return "".join(map(_text, value))
    return str(int(value) if isinstance(value, bool) else value or "")


def _expected(asked: Asked) -> int | None:
    """The index that an entry is to have; None where none is asked for."""
    return unsigned(asked.first("cas")) if asked.first("cas") else None


class ConfigEndpoint:
    """`/v1/config` and `/v1/catalog/gateway-services/`."""

    def __init__(self, store: Store, entries: ConfigEntries, catalog: Catalog, settings: Settings) -> None:
        self._store, self._entries, self._catalog, self._settings = store, entries, catalog, settings

    def routes(self) -> dict[str, Route]:
        """The endpoints."""
        return {
            "/v1/config": Route(("PUT",), write=self.apply),
            "/v1/config/": Route(("GET", "DELETE"), self.read, self.delete, _of("config"), deep=True),
            "/v1/catalog/gateway-services/": Route(
                ("GET",),
                self.gateway_services,
                topics=_of("gateways", "services"),
                deep=True,
                index=True,
                first=Asked.only_default,
            ),
        }

    def _bad(self, text: str) -> Refusal:
        return Refusal(400, f"{self._settings.bad_request}Request decoding failed: {text}")

    def _given(self, asked: Asked) -> Entry:
        raw = asked.decoded(Anything(), self._bad("").text)
        given = _named(raw)
        if given is not None and not isinstance(given, dict):
            raise self._bad(f"'' {self._no_map(given)}")
        if not given or "Kind" not in given:
            raise self._bad("Payload does not contain a kind/Kind key at the top level")
        if not isinstance(given["Kind"], str):
            raise self._bad("Kind value in payload is not a string")
        if given["Kind"].lower() not in _KINDS[self._settings.version]:
            raise self._bad(f"invalid config entry kind: {given['Kind']}")
        shown: Entry = {"Kind": given["Kind"].lower(), "Name": _text(given.get("Name"))}
        self._listed(given, "")
        defaults = _DEFAULTS[self._settings.version].get(shown["Kind"], {})
        rest = {name: value for name, value in given.items() if name not in (*shown, *defaults, "CreateIndex", "ModifyIndex", "Hash")}
        shown |= rest | {name: given.get(name, value) for name, value in defaults.items()}
        is_old = self._settings.is_old
        if fault := unreadable(shown, is_old=is_old) or unknown_members(raw, shown["Kind"], is_old=is_old):
            raise self._bad(fault)
        return _ingress(shown) if shown["Kind"] == "ingress-gateway" else shown

    def _no_map(self, value: Any) -> str:
        """What mapstructure says of a body that is no object."""
        if self._settings.is_old:
            return f"expected a map, got '{_MAPSTRUCTURE[kind_of(value)].replace('[]interface {}', 'slice')}'"
        return f"expected type 'map[string]interface {{}}', got unconvertible type '{_MAPSTRUCTURE[kind_of(value)]}'"

    def _listed(self, holder: Entry, where: str) -> None:
        """Make lists of the members that are lists of objects: what is one object stands for a list of it."""
        for name in _LISTS:
            if holder.get(name) is None:
                continue
            members = holder[name] if isinstance(holder[name], list) else [holder[name]]
            holder[name] = [{} if member is None else member for member in members]
            for number, member in enumerate(holder[name]):
                place = f"{where}{name}[{number}]"
                if not isinstance(member, dict):
                    raise self._bad(self._no_struct(place, member))
                if name != "Listeners":
                    member["Name"] = _text(member.get("Name"))
                self._listed(member, f"{place}.")

    def _no_struct(self, place: str, value: Any) -> str:
        kind = "slice" if isinstance(value, list) else _MAPSTRUCTURE[kind_of(value)]
        if self._settings.is_old:
            return f"1 error(s) decoding:\n\n* '{place}' expected a map, got '{kind}'"
        return f"decoding failed due to the following error(s):\n\n'{place}' expected a map or struct, got \"{kind}\""

    def _only_name(self, kind: str, name: str) -> str:
        """The name of an entry, of which some kinds have but one."""
        if kind == "mesh":
            return "mesh"
        if kind != "proxy-defaults":
            return name
        if name not in ("", "global") and not self._settings.is_old:
            raise Refusal(500, f'invalid name ("{name}"), only "global" is supported')
        return "global"

    def _resource(self, kind: str, name: str) -> tuple[str, str]:
        """What a token needs the right to: services have their own, what concerns all of the mesh has another."""
        if kind in ("proxy-defaults", "mesh", "ingress-gateway", "terminating-gateway", "api-gateway", "exported-services"):
            return ("operator" if self._settings.is_old else "mesh"), ""
        return ("intention" if kind == "service-intentions" else "service"), name

    def _read_resource(self, kind: str, name: str) -> tuple[str, str] | None:
        """What a token needs the right to read; None where anybody may."""
        if kind in ("proxy-defaults", "mesh"):
            return None
        return ("service", name) if kind.endswith("-gateway") else self._resource(kind, name)

    def apply(self, asked: Asked, _now: float) -> bool:
        """PUT: whether it was written."""
        entry = self._given(asked)
        asked.only_default()
        index = _expected(asked)
        asked.know_token()
        entry["Name"] = self._only_name(entry["Kind"], entry["Name"])
        no_name = {**_NO_NAME, **({"service-defaults": "serviceName is required"} if self._settings.is_old else {})}.get(entry["Kind"])
        if not entry["Name"] and no_name is None:
            raise Refusal(500, "Name is required")
        check_entry(entry, is_old=self._settings.is_old)
        asked.require(*self._resource(entry["Kind"], entry["Name"]), "write")
        before = self._entries.entries.get((entry["Kind"], entry["Name"]))
        self._store.apply()
        # What is there already is written without a look at the index, since 1.12.
        if index is not None and index != (before["ModifyIndex"] if before else 0) and not self._entries.is_same(entry):
            return False
        if not entry["Name"]:
            raise Refusal(500, no_name or "")
        known = self._entries.entries
        check_chains({**known, (entry["Kind"], entry["Name"]): entry}, entry["Kind"], entry["Name"], self._settings)
        self._entries.write(entry)
        return True

    def read(self, asked: Asked) -> Found:
        """GET one, or all of a kind."""
        asked.only_default()
        kind, is_one, name = asked.rest.partition("/")
        asked.reach_servers()
        if kind and kind not in _KINDS[self._settings.version]:
            raise Refusal(500, f"invalid config entry kind: {kind}")
        index = self._store.table("config")
        if not is_one:
            return Found(index, self._every(asked, kind))
        if resource := self._read_resource(kind, name):
            asked.require(*resource, "read")
        entry = self._entries.entries.get((kind, name))
        if entry is None:
            refusal = Refusal(404, f'Config entry not found for "{kind}" / "{name}"', X_Consul_Index=str(index or 1))
            refusal.headers += tuple(seen()) + (() if self._settings.is_old else (("X-Consul-Query-Backend", "blocking-query"),))
            raise refusal
        return Found(index, entry)

    def _every(self, asked: Asked, kind: str) -> list[Entry]:
        """Those of a kind, "" for any, that the token may read and the filter lets through."""
        is_filtered = bool(asked.first("filter")) and not self._settings.is_old
        if is_filtered and kind != "service-defaults":
            raise Refusal(500, f"filtering not supported for config entry kind={kind}")
        keep = compiled(asked, SERVICE_DEFAULTS) if is_filtered else bool
        found = []
        for (known, name), entry in sorted(self._entries.entries.items()):
            resource = self._read_resource(known, name)
            if kind in ("", known) and (resource is None or asked.may(*resource, "read")) and keep(entry):
                found.append(entry)
        return found

    def delete(self, asked: Asked, _now: float) -> Any:
        """DELETE: an empty object, whether it was there or not; with `cas`, whether it was done, since 1.11."""
        kind, is_one, name = asked.rest.partition("/")
        if not is_one:
            raise Refusal(404, "Must provide both a kind and name to delete")
        if kind not in _KINDS[self._settings.version]:
            raise Refusal(400, f"invalid config entry kind: {kind}")
        asked.only_default()
        index = None if self._settings.is_old else _expected(asked)
        asked.know_token()
        name = self._only_name(kind, name)
        asked.require(*self._resource(kind, name), "write")
        before = self._entries.entries.get((kind, name))
        self._store.apply()
        if index is not None and before is not None and index != before["ModifyIndex"]:
            return False
        rest = {key: entry for key, entry in self._entries.entries.items() if key != (kind, name)}
        check_chains(rest, kind, name, self._settings)
        self._entries.delete(kind, name)
        return {} if index is None else True

    def gateway_services(self, asked: Asked) -> Found:
        """GET gateway-services."""
        if not asked.rest:
            raise Refusal(400, "Missing gateway name")
        asked.reach_servers()
        asked.require("service", asked.rest, "read")
        every = self._entries.gateway_services(asked.rest, self._catalog.plain_services(), self._catalog.mesh_services())
        found = [one for one in every if asked.may("service", one["Service"]["Name"], "read")]
        nothing: list[Entry] | None = None if self._settings.is_old and asked.authorizer is None else []
        headers = (("X-Consul-Effective-Consistency", asked.consistency),)
        tables = ("gateways", "services") if self._entries.has_wildcard(asked.rest) else ("gateways",)
        return Found(self._store.table(*tables), found or nothing, headers=headers, null=True)


def _of(*tables: str) -> Any:
    def topics(_asked: Asked) -> tuple[Topic, ...]:
        return tuple(("table", table) for table in tables)

    return topics
