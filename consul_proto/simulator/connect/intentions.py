"""Intentions: which services may connect. Since 1.9 they are part of config entries.

https://developer.hashicorp.com/consul/api-docs/connect/intentions
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from consul_proto.simulator.catalog.bodies import INTENTION
from consul_proto.simulator.config.entries import ConfigEntries, Entry
from consul_proto.simulator.config.intention_sources import PARTIAL, is_partial, order_sources, precedence, without_legacy
from consul_proto.simulator.config.rules import check_entry
from consul_proto.simulator.config.types import TYPES
from consul_proto.simulator.connect.intention_names import check_namespaces, parts, resolve_name
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, multierror, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.uuids import UUID_LENGTH, WRONG_LENGTH
from consul_proto.simulator.engine.versions import V1_9, V1_X, Version, pick
from consul_proto.simulator.filters.expressions import INTENTION as INTENTION_FIELDS
from consul_proto.simulator.filters.parameter import read_filter
from consul_proto.simulator.go.mapstructure import read
from consul_proto.simulator.go.quoting import quote

_KIND = "service-intentions"

Intention = dict[str, Any]


class Intentions:
    """`/v1/connect/intentions`."""

    def __init__(self, store: Store, config: ConfigEntries, settings: Settings, new_id: Callable[[], str]) -> None:
        self._store, self._config, self._settings, self._new_id = store, config, settings, new_id
        #: The table of 1.8, by id.
        self._table: dict[str, Intention] = {}

    def dump(self) -> Any:
        """Return the table of 1.8, as JSON."""
        return self._table

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self._table = state

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        path = "/v1/connect/intentions"
        return {
            path: Route(("GET", "POST"), self.every, self.create, self._topics, index=True),
            f"{path}/match": Route(("GET",), write=lambda request, _now: self.match(request).body)
            if self._settings.version < V1_9
            else Route(("GET",), self.match, topics=self._topics),
            f"{path}/check": Route(("GET",), write=self.check),
            f"{path}/": Route(("GET", "PUT", "DELETE"), write=self.one, deep=True),
        } | ({} if self._settings.version < V1_9 else {f"{path}/exact": Route(("GET", "PUT", "DELETE"), write=self.exact)})

    def _topics(self, _request: ServerRequest) -> tuple[Topic, ...]:
        return (("table", self._name),)

    @property
    def _name(self) -> str:
        return "intentions" if self._settings.version < V1_9 else "config"

    # Reads.

    def _all(self) -> list[Intention]:
        """Return all intentions, in the order of their precedence."""
        if self._settings.version < V1_9:
            found = [*self._table.values()]
        else:
            entries = [entry for (kind, _), entry in self._config.entries.items() if kind == _KIND]
            found = [_of_entry(entry, source) for entry in entries for source in entry.get("Sources") or ()]
        return sorted(found, key=_importance)

    def between(self, source: str, destination: str) -> Intention | None:
        """Return the intention that decides between two services."""
        pairs = ((one, one["SourceName"], one["DestinationName"]) for one in self._all())
        return next((one for one, of, to in pairs if of in (source, "*") and to in (destination, "*")), None)

    def every(self, request: ServerRequest) -> ReadAnswer:
        """GET all intentions."""
        self._only_default(request)
        request.reach_datacenter()
        keep = read_filter(request, pick(INTENTION_FIELDS, self._settings.version))
        request.know_token()
        found = [one for one in self._all() if self._may_see(request, one) and keep(one)]
        return ReadAnswer(self._store.table(self._name), found)

    def _may_see(self, request: ServerRequest, one: Intention) -> bool:
        return request.allows("intention", one["DestinationName"], "read") or request.may("intention", one["SourceName"], "read")

    def match(self, request: ServerRequest) -> ReadAnswer:
        """GET match: the intentions for a source or a destination, for each name in the request."""
        if self._settings.version < V1_9:
            request.options()
        self._only_default(request)
        if not request.flag("by"):
            raise Refusal(500, "required query parameter 'by' not set")
        by = request.first("by")
        if by not in ("source", "destination"):
            raise Refusal(500, "'by' parameter must be one of 'source' or 'destination'")
        names = request.every("name")
        if not names:
            raise Refusal(500, "required query parameter 'name' not set")
        split = {name: parts(name, self._settings, "name") for name in names}
        try:
            request.reach_datacenter()
            services = {name: resolve_name(*split[name], self._settings, "Invalid match entry namespace") for name in names}
            for service in services.values():
                request.require("intention", service or "", "read")
        except Refusal as refusal:  # the servers make these checks, the agent those above
            if self._settings.version >= V1_9:
                refusal.headers += (("X-Consul-Index", "1"), *server_headers(known=False), ("X-Consul-Query-Backend", "blocking-query"))
            raise
        member = "SourceName" if by == "source" else "DestinationName"
        found = {
            name: [one for one in self._all() if service is not None and one[member] in (service, "*")] or None
            for name, service in services.items()
        }
        headers = (("X-Consul-Effective-Consistency", request.consistency),)
        return ReadAnswer(self._store.table(self._name), found, headers=headers)

    def check(self, request: ServerRequest, _now: float) -> dict[str, bool]:
        """GET check: return whether a source may connect to a destination."""
        request.options()
        self._only_default(request)
        source, destination = self._pair(request, "Invalid source namespace", "Invalid destination namespace")
        request.reach_datacenter()
        if self._settings.version >= V1_X:
            request.know_token()
        if request.flag("source-type") and (source_type := request.first("source-type")) != "consul":
            raise Refusal(500, f"unsupported SourceType: {quote(source_type)}")
        request.require("service", destination or "", "read")
        one = None if source is None or destination is None else self.between(source, destination)
        if one is not None:
            return {"Allowed": one.get("Action") == "allow"}
        return {"Allowed": not self._settings.acls or self._settings.default_policy == "allow"}

    def _pair(self, request: ServerRequest, *invalid: str) -> tuple[str | None, str | None]:
        """Return the names of the source and the destination. invalid: the errors for the namespace of each."""
        for name in ("source", "destination"):
            if not request.flag(name):
                raise Refusal(500, f"required query parameter '{name}' not set")
        of_source, of_destination = invalid
        source, destination = (parts(request.first(name), self._settings, name) for name in ("source", "destination"))
        return resolve_name(*source, self._settings, of_source), resolve_name(*destination, self._settings, of_destination)

    def _only_default(self, request: ServerRequest) -> None:
        """Refuse namespaces and partitions; 1.8 ignores them here."""
        if self._settings.version >= V1_9:
            request.only_default()

    # By id.

    def _body(self, request: ServerRequest) -> Intention:
        bad = f"{self._settings.bad_request}Request decode failed: "
        before, status = ("Failed to decode request body: ", 500) if request.method == "POST" else (bad, 400)
        given: Intention = request.decode(INTENTION, before, status)
        check_namespaces(given, self._settings)
        if self._settings.version < V1_9:  # later versions write a config entry, always in this datacenter
            request.reach_datacenter()
        return given

    def _check(self, given: Intention) -> None:
        rules = []
        for member in ("SourceName", "DestinationName"):
            name = given.get(member) or ""
            if not name:
                rules.append(f"{member} must be set")
            elif is_partial(name):
                rules.append(f"{member}: {PARTIAL}")
        if given.get("Action") not in ("allow", "deny") and not given.get("Permissions"):
            rules.append("Action must be set to 'allow' or 'deny'")
        if given.get("SourceType") not in (None, "", "consul"):
            rules.append("SourceType must be set to 'consul'")
        if rules:
            raise Refusal(500, multierror(rules))

    def create(self, request: ServerRequest, now: float) -> dict[str, str]:
        """POST: return the id of the new intention."""
        self._only_default(request)
        given = self._body(request)
        if given.get("ID"):
            raise Refusal(500, "ID must be empty when creating a new intention")
        request.know_token()
        if not given.get("DestinationName") and self._settings.version >= V1_9:
            raise Refusal(403, "Permission denied")  # also while ACLs are off
        self._require(request, given.get("DestinationName") or "")
        self._check(given)
        self._check_legacy(given["DestinationName"])
        self._check_alone(given, None)
        self._store.apply()
        return {"ID": self._put(given, self._new_id(), now, None)}

    def _check_alone(self, given: Intention, before: Intention | None) -> None:
        """Refuse a second intention for the same services. before: the intention that is replaced."""
        source, destination = given["SourceName"], given["DestinationName"]
        same = self._exact(source, destination)
        if same is None or (before is not None and same.get("ID") == before.get("ID")):
            return
        if self._settings.version < V1_9:
            pair = f"default/{source} => default/{destination}"
            shown = f"{same['Action'].upper()} {pair} (ID: {same['ID']}, Precedence: {same['Precedence']})"
            raise Refusal(500, f"duplicate intention found: {shown}")
        names = [one["Name"] for one in self._sources(destination)]
        place = len(names) if before is None else max(names.index(source), names.index(before["SourceName"]))
        raise Refusal(500, f'Sources[{place}] defines "{source}" more than once')

    def _check_legacy(self, destination: str) -> None:
        """Refuse a write by id to an intention that was written by name."""
        if any("LegacyID" not in one for one in self._sources(destination)):
            text = f'cannot use legacy intention API to edit intentions with a destination of "{destination}"'
            raise Refusal(500, f"{text} after editing them via a service-intentions config entry")

    def _require(self, request: ServerRequest, destination: str) -> None:
        """Refuse a token that may not write; the refusal does not name the right."""
        nameless = not destination and request.authorizer is not None
        if nameless or not request.allows("intention", destination, "write"):
            raise Refusal(403, "Permission denied")

    def _exact(self, source: str, destination: str) -> Intention | None:
        return next((one for one in self._all() if (one["SourceName"], one["DestinationName"]) == (source, destination)), None)

    def _sources(self, destination: str) -> list[Entry]:
        return [*(self._config.entries.get((_KIND, destination), {}).get("Sources") or ())]

    def _put(self, given: Intention, identity: str, now: float, before: Intention | None) -> str:
        """Write an intention under its id."""
        if self._settings.version < V1_9:
            self._put_old(given, identity, now, before)
            return identity
        date = self._settings.date(now)
        legacy = {"LegacyID": identity, "LegacyMeta": given.get("Meta")}
        legacy |= {"LegacyCreateTime": before["CreatedAt"] if before else date, "LegacyUpdateTime": date}
        source = _source(given, given["SourceName"], self._settings.version, legacy)
        self._write(self._with_source(given["DestinationName"], source, before["SourceName"] if before else ""))
        return identity

    def _with_source(self, destination: str, source: Entry | None, gone: str = "") -> Entry:
        """Return the entry of a destination with a new source. gone: the name of the source that it replaces; by default its own name."""
        name = gone or (source["Name"] if source else "")
        sources = self._sources(destination)
        place = next((place for place, one in enumerate(sources) if one["Name"] == name and "Peer" not in one), len(sources))
        sources[place : place + 1] = [source] if source else []
        before = self._config.entries.get((_KIND, destination), {"Kind": _KIND, "Name": destination})
        return order_sources({**before, "Sources": sources, "Hash": 0})  # the hash of a changed entry is not known yet

    def _write(self, entry: Entry) -> None:
        """Write an entry; delete it if it has no sources."""
        if entry["Sources"]:
            self._config.check(_KIND, entry["Name"], entry)
            self._config.write(entry)
        else:
            self._config.delete(_KIND, entry["Name"])

    def _put_old(self, given: Intention, identity: str, now: float, before: Intention | None) -> None:
        source, destination = given["SourceName"], given["DestinationName"]
        shown: Intention = {"ID": identity, "Description": given.get("Description") or "", "SourceNS": "default", "SourceName": source}
        shown |= {"DestinationNS": "default", "DestinationName": destination, "SourceType": "consul", "Action": given["Action"]}
        shown |= {"DefaultAddr": "", "DefaultPort": 0, "Meta": given.get("Meta") or {}, "Precedence": precedence(source, destination)}
        date = self._settings.date(now)
        shown |= {"CreatedAt": before["CreatedAt"] if before else date, "UpdatedAt": date}
        hashed = b64encode(blake2b(json.dumps(shown).encode(), digest_size=32).digest()).decode("ascii")
        index = self._store.index
        self._table[identity] = {**shown, "Hash": hashed, "CreateIndex": before["CreateIndex"] if before else index, "ModifyIndex": index}
        self._store.change("intentions")

    def one(self, request: ServerRequest, now: float) -> Any:
        """GET, PUT or DELETE an intention by its id."""
        by_method = {"GET": self._get, "PUT": self._update, "DELETE": self._delete}
        return by_method[request.method](request, now)

    def _get(self, request: ServerRequest, _now: float) -> Intention:
        request.options()
        request.reach_datacenter()
        if self._settings.version >= V1_9:
            request.know_token()
            if not request.rest:
                raise Refusal(404, "Intention not found")
        before = self._by_id(request)
        if before is None or not self._may_see(request, before):
            raise Refusal(404, "Intention not found")
        return before

    def _update(self, request: ServerRequest, now: float) -> dict[str, str]:
        self._only_default(request)
        given = self._body(request)
        request.know_token()
        if self._settings.version < V1_9:
            self._require(request, given.get("DestinationName") or "")
        before = self._writable(request, "modify")
        if self._settings.version >= V1_9 and given.get("DestinationName") != before["DestinationName"]:
            raise Refusal(500, "Cannot modify Destination partition/namespace/name for an intention once it exists.")
        self._check(given)
        self._check_alone(given, before)
        self._store.apply()
        return {"ID": self._put(given, request.rest, now, before)}

    def _delete(self, request: ServerRequest, _now: float) -> bool:
        if self._settings.version < V1_9:
            request.reach_datacenter()
        request.know_token()
        if not request.rest and self._settings.version >= V1_9:
            raise Refusal(403, "Permission denied")
        before = self._writable(request, "delete")
        self._store.apply()
        self._remove(before)
        return True

    def _by_id(self, request: ServerRequest) -> Intention | None:
        """Return the intention in the path. Refuses an invalid id."""
        if len(request.rest) != UUID_LENGTH:
            what = "intention" if self._settings.version < V1_9 else "config entry"
            text = f"failed {what} lookup: {WRONG_LENGTH}"
            if request.method == "GET":
                raise Refusal(400, self._settings.bad_request + text)
            raise Refusal(500, f"Intention lookup failed: {text}")
        return next((one for one in self._all() if one.get("ID") == request.rest), None)

    def _writable(self, request: ServerRequest, verb: str) -> Intention:
        """Return the intention in the path. Refuses a token that may not write it."""
        before = self._by_id(request)
        if before is None:
            raise Refusal(500, f"Cannot {verb} non-existent intention: '{request.rest}'")
        self._require(request, before["DestinationName"])
        self._check_legacy(before["DestinationName"])
        return before

    def _remove(self, one: Intention) -> None:
        if self._settings.version < V1_9:
            del self._table[one["ID"]]
            self._store.change("intentions")
        else:
            self._write(self._with_source(one["DestinationName"], None, one["SourceName"]))

    # By name, since 1.9.

    def exact(self, request: ServerRequest, _now: float) -> Any:
        """GET, PUT or DELETE an intention by source and destination."""
        request.only_default()
        if request.method == "GET":
            request.options()
        source, destination = self._pair(request, "Invalid SourceNS", "Invalid DestinationNS")
        assert source is not None, "only 1.8.7 says nothing of a namespace, and it has no such endpoint"
        assert destination is not None, "as above"
        if request.method == "GET":
            request.reach_datacenter()
        given = self._body(request) if request.method == "PUT" else {}
        request.know_token()
        before = self._exact(source, destination)
        if request.method == "GET":
            if before is None or not self._may_see(request, before):
                raise Refusal(404, "Intention not found")
            return before
        self._require(request, destination)
        if request.method == "DELETE":
            self._store.apply()
            if before is not None:
                self._remove(before)
            return True
        entry = self._with_source(destination, _source(given, source, self._settings.version))
        if given.get("Meta") and given["Meta"] != entry.get("Meta"):
            unchanged = ", or should be unchanged during an update." * ((_KIND, destination) in self._config.entries)
            raise Refusal(500, f"Meta must not be specified{unchanged}")
        check_entry(entry, version=self._settings.version)
        self._store.apply()
        self._write(without_legacy(entry))
        return True


def _importance(one: Intention) -> tuple[int, str, str, str]:
    """Return the sort key: the highest precedence comes first."""
    return -one["Precedence"], one["DestinationName"], one["SourceName"], one.get("SourcePeer", "")


def _source(given: Intention, name: str, version: Version, legacy: Entry | None = None) -> Entry:
    """Return a source of an entry as agents write it."""
    members = ("Action", "Description", "Permissions")
    source = {"Name": name, "Type": given.get("SourceType"), **{member: given.get(member) for member in members}, **(legacy or {})}
    found: Entry = read({"Sources": [source]}, TYPES[_KIND], version=version).value["Sources"][0]
    return found


def _optional(given: Intention, member: str) -> Entry:
    return {member: given[member]} if given.get(member) else {}


def _of_entry(entry: Entry, source: Entry) -> Intention:
    """Return the intention for a source of an entry."""
    is_legacy = "LegacyID" in source
    times = {"CreatedAt": source["LegacyCreateTime"], "UpdatedAt": source["LegacyUpdateTime"]} if is_legacy else {}
    shown: Intention = {**times, **({"ID": source["LegacyID"]} if is_legacy else {}), **_optional(source, "Description")}
    shown |= {"SourceNS": "default", "SourceName": source["Name"], "DestinationNS": "default", "DestinationName": entry["Name"]}
    shown |= {"SourcePeer": source["Peer"]} if "Peer" in source else {}
    shown |= {"SourceType": source["Type"]} | _optional(source, "Action") | _optional(source, "Permissions")
    meta = source.get("LegacyMeta") if is_legacy else entry.get("Meta")
    shown |= ({"Meta": meta} if meta else {}) | {"Precedence": source["Precedence"]}
    if is_legacy:
        hashed = blake2b(json.dumps(source, sort_keys=True).encode(), digest_size=32).digest()
        shown["Hash"] = b64encode(hashed).decode("ascii")
    return shown | {"CreateIndex": entry["CreateIndex"], "ModifyIndex": entry["ModifyIndex"]}
