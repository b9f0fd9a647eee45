"""Prepared queries: stored conditions to find a service.

https://developer.hashicorp.com/consul/api-docs/query
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from consul_proto.simulator.agent.service_rules import meta_fault
from consul_proto.simulator.catalog.bodies import QUERY
from consul_proto.simulator.catalog.endpoint import Reader
from consul_proto.simulator.catalog.tables import Catalog, Row
from consul_proto.simulator.discovery.query_templates import fill_in
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, WriteAnswer, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.uuids import UUID_LENGTH, WRONG_LENGTH
from consul_proto.simulator.engine.versions import V1_X
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.numbers import FALSE, TRUE
from consul_proto.simulator.kv.sessions import Sessions

Query = dict[str, Any]

_TEMPLATE = {"Type": "", "Regexp": "", "RemoveEmptyTags": False}

_EVERY_METHOD = ("GET", "PUT", "DELETE", "POST", "HEAD", "PATCH", "OPTIONS")

#: What is shown instead of a token.
_HIDDEN = "<hidden>"


class Queries:
    """`/v1/query`."""

    def __init__(
        self, store: Store, catalog: Catalog, sessions: Sessions, reader: Reader, settings: Settings, new_id: Callable[[], str]
    ) -> None:
        self._store, self._catalog, self._sessions, self._reader = store, catalog, sessions, reader
        self._settings, self._new_id = settings, new_id
        self._queries: dict[str, Query] = {}
        self._was_old = "" if settings.version < V1_X else "raft apply failed: "

    def dump(self) -> Any:
        """Return all queries as JSON."""
        return self._queries

    def load(self, state: Any, _shift: float) -> None:
        """Load the dumped state."""
        self._queries = state

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/query": Route(("GET", "POST"), self.every, self.create, _topics, index=True),
            "/v1/query/": Route(_EVERY_METHOD, self.one, self.change, _topics, deep=True, index=True, options=_options),
        }

    def session_ended(self, session: str) -> None:
        """Delete the queries that were bound to a session."""
        for identity in [identity for identity, query in self._queries.items() if query["Session"] == session]:
            del self._queries[identity]
            self._store.change("queries")

    def _list_answer(self, request: ServerRequest, queries: list[Query]) -> ReadAnswer:
        headers = (("X-Consul-Effective-Consistency", request.consistency),)
        return ReadAnswer(self._store.table("queries"), queries, headers=headers)

    def every(self, request: ServerRequest) -> ReadAnswer:
        """GET all queries."""
        request.reach_servers()
        manages = request.allows("acl", "", "write")
        found = [query for query in self._queries.values() if manages or (_has_rule(query) and request.may("query", query["Name"], "read"))]
        return self._list_answer(request, [self._render(request, query) for query in sorted(found, key=lambda query: str(query["ID"]))])

    def one(self, request: ServerRequest) -> ReadAnswer:
        """GET a query by its id; or execute or explain it."""
        request.reach_datacenter()
        name, verb = _split(request.rest)
        if verb:
            return (self._execute if verb == "execute" else self._explain)(request, name)
        query = self._by_id(request.rest)
        if query is None:
            raise self._not_found()
        request.know_token()
        self._require(request, query, "read")
        return self._list_answer(request, [self._render(request, query)])

    def _not_found(self) -> Refusal:
        refusal = Refusal(404, "Query not found")
        if self._settings.version >= V1_X:
            refusal.headers += (("X-Consul-Index", "1"), *server_headers(known=False), ("X-Consul-Query-Backend", "blocking-query"))
        return refusal

    def _by_id(self, identity: str, before: str = "") -> Query | None:
        if len(identity) != UUID_LENGTH:
            raise Refusal(500, f"{before}failed prepared query lookup: {WRONG_LENGTH}")
        return self._queries.get(identity)

    # Writes.

    def create(self, request: ServerRequest, _now: float) -> dict[str, str]:
        """POST: return the id of the new query."""
        given = request.decode(QUERY)
        request.reach_datacenter()
        if given.get("ID"):
            raise Refusal(500, "ID must be empty when creating a new prepared query")
        request.know_token()
        self._require(request, given)
        self._check(given)
        identity = self._new_id()
        self._write(given, identity, None)
        return {"ID": identity}

    def change(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT or DELETE a query by its id."""
        allowed = "GET" if _split(request.rest)[1] else "GET,PUT,DELETE"
        if request.method == "OPTIONS":
            return WriteAnswer({}, headers=(("Allow", f"OPTIONS,{allowed}"),))
        if request.method not in allowed.split(","):
            raise Refusal(405, f"method {request.method} not allowed", Allow=allowed)
        given = request.decode(QUERY) if request.method == "PUT" and request.body else {}
        request.reach_servers()
        self._require(request, given)
        before = self._by_id(request.rest, "Prepared Query lookup failed: ")
        if before is None:
            raise Refusal(500, f"Cannot modify non-existent prepared query: '{request.rest}'")
        self._require(request, before)
        if request.method == "DELETE":
            self._store.apply()
            del self._queries[request.rest]
            self._store.change("queries")
            return WriteAnswer(b"")
        self._check(given)
        self._write(given, request.rest, before)
        return WriteAnswer(b"")

    def _require(self, request: ServerRequest, query: Query, access: str = "write") -> None:
        """Refuse a token that lacks the right. Queries without a name need no right."""
        if _has_rule(query):
            request.require("query", query.get("Name") or "", access)

    def _render(self, request: ServerRequest, query: Query) -> Query:
        """Return a query; its token only for tokens that manage ACLs."""
        if not query["Token"] or request.allows("acl", "", "write"):
            return query
        return {**query, "Token": _HIDDEN}

    def _check(self, given: Query) -> None:
        """Refuse an invalid query."""
        service = given.get("Service") or {}
        if not given.get("Name") and not given.get("Session") and not (given.get("Template") or {}).get("Type"):
            raise _invalid("Must be bound to a session")
        if given.get("Token") == _HIDDEN:
            raise _invalid(f"Bad Token '{_HIDDEN}', it looks like a query definition with a redacted token was submitted")
        if not service.get("Service"):
            raise _invalid("Must provide a Service name to query")
        failover = service.get("Failover") or {}
        nearest = failover.get("NearestN") or 0
        if nearest < 0:
            raise _invalid(f"Bad NearestN '{nearest}', must be >= 0")
        if failover.get("Targets") and (nearest or failover.get("Datacenters")):
            raise _invalid("Targets cannot be populated with NearestN or Datacenters")
        if fault := meta_fault(service.get("NodeMeta") or {}):
            raise _invalid(fault)
        if service.get("SamenessGroup"):
            raise _invalid("sameness-groups are an enterprise-only feature")
        ttl = (given.get("DNS") or {}).get("TTL") or ""
        try:
            lasting = nanoseconds(ttl or "0")
        except ValueError as error:
            raise _invalid(f"Bad DNS TTL '{ttl}': {error}") from None
        if lasting < 0:
            raise _invalid(f"DNS TTL '{lasting}', must be >=0")

    def _check_name(self, name: str, identity: str, *, is_template: bool) -> None:
        """Refuse a name that is taken, in any case."""
        if name.lower() in self._queries or (name and name.lower() == identity):
            raise Refusal(500, f"{self._was_old}name '{name}' aliases an existing query ID")
        others = [query for query in self._queries.values() if query["ID"] != identity and query["Name"].lower() == name.lower()]
        if name and others:
            raise Refusal(500, f"{self._was_old}name '{name}' aliases an existing query name")
        if is_template and any(query["Template"]["Type"] for query in others):
            raise Refusal(500, f"{self._was_old}a query template with an empty name already exists")

    def _check_session(self, session: str) -> None:
        if not session or session in self._sessions.sessions:
            return
        if self._settings.version < V1_X and len(session) != UUID_LENGTH:
            raise Refusal(500, f"invalid session: {WRONG_LENGTH}")
        raise Refusal(500, f'{self._was_old}invalid session "{session}"')

    def _check_template(self, template: Query, name: str, service: Query) -> None:
        """Refuse an invalid template, also one that does not work for its own name."""
        try:
            if template["Type"] not in ("", "name_prefix_match"):
                raise ValueError(f"Bad Template.Type '{template['Type']}'")
            if template["Type"]:
                fill_in({"Template": template, "Name": name, "Service": service}, name, version=self._settings.version)
        except ValueError as error:
            raise Refusal(500, f"{self._was_old}failed compiling template: {error}") from None

    def _write(self, given: Query, identity: str, before: Query | None) -> None:
        name, session = given.get("Name") or "", given.get("Session") or ""
        template, service = {**_TEMPLATE, **(given.get("Template") or {})}, self._service(given["Service"])
        self._check_name(name, identity, is_template=bool(template["Type"]))
        self._check_session(session)
        self._check_template(template, name, service)
        index = self._store.apply()
        query: Query = {"ID": identity, "Name": name, "Session": session, "Token": given.get("Token") or "", "Template": template}
        query |= {"Service": service, "DNS": {"TTL": (given.get("DNS") or {}).get("TTL") or ""}}
        self._queries[identity] = query | {"CreateIndex": before["CreateIndex"] if before else index, "ModifyIndex": index}
        self._store.change("queries")

    def _service(self, given: Query) -> Query:
        failover = given.get("Failover") or {}
        new = self._settings.version >= V1_X
        shown: Query = {"Service": given["Service"]} | ({"SamenessGroup": given.get("SamenessGroup") or ""} if new else {})
        shown["Failover"] = {"NearestN": failover.get("NearestN") or 0, "Datacenters": failover.get("Datacenters")}
        shown["Failover"] |= {"Targets": failover.get("Targets")} if new else {}
        shown |= {"OnlyPassing": bool(given.get("OnlyPassing")), "IgnoreCheckIDs": given.get("IgnoreCheckIDs")}
        shown |= {"Near": given.get("Near") or "", "Tags": given.get("Tags"), "NodeMeta": given.get("NodeMeta")}
        shown |= {"ServiceMeta": given.get("ServiceMeta"), "Connect": bool(given.get("Connect"))}
        return shown | ({"Peer": given.get("Peer") or ""} if new else {})

    # Executing a query.

    def _resolve(self, name: str, *, is_cached: bool = False) -> Query:
        """Return the query of a name or an id, with its template filled in. The template with the longest prefix counts."""
        if query := self._queries.get(name.lower()):
            if query["Template"]["Type"]:
                raise Refusal(500, "prepared query templates can only be resolved up by name, not by ID")
            return query
        lower = name.lower()
        for query in self._queries.values():
            if lower and lower == query["Name"].lower() and not query["Template"]["Type"]:
                return query
        templates = [query for query in self._queries.values() if query["Template"]["Type"] and lower.startswith(query["Name"].lower())]
        if not templates:
            raise Refusal(500, "Query not found") if is_cached else self._not_found()
        try:
            return fill_in(max(templates, key=lambda query: len(query["Name"])), name, version=self._settings.version)
        except ValueError as error:
            raise Refusal(500, str(error)) from None

    def _answer(self, request: ServerRequest, body: Query) -> ReadAnswer:
        version = self._settings.version
        body |= {"Index": 0 if version < V1_X else 1, "LastContact": 0, "KnownLeader": True, "ConsistencyLevel": request.consistency}
        body |= {} if version < V1_X else {"NotModified": False, "Backend": 0, "ResultsFilteredByACLs": False}
        return ReadAnswer(1, body, headers=(("X-Consul-Effective-Consistency", request.consistency),))

    def _explain(self, request: ServerRequest, name: str) -> ReadAnswer:
        query = self._resolve(name)
        request.know_token()
        self._require(request, query, "read")
        return self._answer(request, {"Query": self._render(request, query)})

    def _execute(self, request: ServerRequest, name: str) -> ReadAnswer:
        limit = int(request.first("limit") or 0)
        query = self._resolve(name, is_cached=request.flag("cached"))
        request.know_token()
        service = query["Service"]
        connect = service["Connect"] or request.first("connect") in TRUE
        found = self._catalog.proxies(service["Service"]) if connect else self._catalog.instances(service["Service"])
        nodes = [self._instance(node, instance) for node, instance in found if self._fits(service, node, instance)]
        nodes = [node for node in nodes if _is_well(node, service) and self._may_see(request, node)]
        near = request.first("near") or service["Near"]
        if near:
            nodes = self._reader.by_distance(near, nodes, lambda node: str(node["Node"]["Node"]))
        nodes = nodes[:limit] if limit > 0 else nodes
        body: Query = {"Service": service["Service"], "Nodes": nodes, "DNS": query["DNS"], "Datacenter": self._settings.datacenter}
        return self._answer(request, body | ({} if self._settings.version < V1_X else {"PeerName": ""}) | {"Failovers": 0})

    def _instance(self, node: Row, service: Row) -> Query:
        checks = self._catalog.checks_of(node.value["Node"], service.value["ID"])
        return {"Node": node.render(), "Service": service.raw(), "Checks": [check.raw() for check in checks] or None}

    def _may_see(self, request: ServerRequest, found: Query) -> bool:
        return request.may("node", found["Node"]["Node"], "read") and request.may("service", found["Service"]["Service"], "read")

    def _fits(self, wanted: Query, node: Row, service: Row) -> bool:
        tags = {tag.lower() for tag in service.tags}
        for tag in wanted["Tags"] or ():
            if (tag[1:].lower() in tags) if tag.startswith("!") else (tag.lower() not in tags):
                return False
        meta = ((wanted["NodeMeta"], node.value["Meta"]), (wanted["ServiceMeta"], service.value["Meta"]))
        return all((there or {}).get(name) == value for asked_for, there in meta for name, value in (asked_for or {}).items())


def _has_rule(query: Query) -> bool:
    """Return whether ACL rules apply to a query. They do not apply to a query without a name, which is found only by its id."""
    return bool(query.get("Name") or (query.get("Template") or {}).get("Type"))


def _is_well(found: Query, wanted: Query) -> bool:
    """Return whether an instance is healthy enough: not critical, or passing if the query wants that."""
    ignored = wanted["IgnoreCheckIDs"] or ()
    states = {check["Status"] for check in found["Checks"] or () if check["CheckID"] not in ignored}
    return not (states - {"passing"}) if wanted["OnlyPassing"] else "critical" not in states


def _invalid(why: str) -> Refusal:
    return Refusal(500, f"Invalid prepared query: {why}")


def _split(path: str) -> tuple[str, str]:
    """Split a path into a name or an id, and a verb, "" for none."""
    verb = path.rpartition("/")[2]
    return (path.removesuffix(f"/{verb}"), verb) if verb in ("execute", "explain") else (path, "")


def _options(request: ServerRequest) -> tuple[float, int]:
    """Read the options, as `ServerRequest.options`, and those of an execution."""
    options, verb = request.options(), _split(request.rest)[1]
    limit, connect = request.first("limit"), request.first("connect")
    if verb and limit:
        is_number = re.fullmatch("[+-]?[0-9]+", limit)
        if not is_number or int(limit) not in range(-(2**63), 2**63):
            why = "value out of range" if is_number else "invalid syntax"
            raise Refusal(500, f'Bad limit: strconv.Atoi: parsing "{limit}": {why}')
    if verb == "execute" and connect and connect not in TRUE | FALSE:
        raise Refusal(500, f"Error parsing 'connect' value: strconv.ParseBool: parsing \"{connect}\": invalid syntax")
    return options


def _topics(_request: ServerRequest) -> tuple[Topic, ...]:
    return (("table", "queries"),)
