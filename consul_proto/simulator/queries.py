"""Prepared queries: what a service is found by, kept on the servers.

https://developer.hashicorp.com/consul/api-docs/query
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from consul_proto.simulator.asking import Asked, Found, Refusal, Topic, Wrote, seen
from consul_proto.simulator.bodies import QUERY
from consul_proto.simulator.catalog import Catalog, Row
from consul_proto.simulator.catalog_endpoint import Reader
from consul_proto.simulator.durations import nanoseconds
from consul_proto.simulator.routes import Route
from consul_proto.simulator.sessions import Sessions
from consul_proto.simulator.settings import Settings
from consul_proto.simulator.store import Store
from consul_proto.simulator.uuids import UUID_LENGTH, WRONG_LENGTH

Query = dict[str, Any]

_TEMPLATE = {"Type": "", "Regexp": "", "RemoveEmptyTags": False}

_MATCH = re.compile(r"\$\{(?:match\((\d+)\)|name\.(full|prefix|suffix))\}")


class Queries:
    """`/v1/query`."""

    def __init__(
        self, store: Store, catalog: Catalog, sessions: Sessions, reader: Reader, settings: Settings, new_id: Callable[[], str]
    ) -> None:
        self._store, self._catalog, self._sessions, self._reader = store, catalog, sessions, reader
        self._settings, self._new_id = settings, new_id
        self._queries: dict[str, Query] = {}
        self._was_old = "" if settings.is_old else "raft apply failed: "

    def kept(self) -> Any:
        """All of them, as JSON."""
        return self._queries

    def keep(self, kept: Any, _shift: float) -> None:
        """Go on with what was kept."""
        self._queries = kept

    def routes(self) -> dict[str, Route]:
        """The endpoints."""
        return {
            "/v1/query": Route(("GET", "POST"), self.every, self.create, _topics, index=True),
            "/v1/query/": Route(("GET", "PUT", "DELETE"), self.one, self.change, _topics, deep=True, index=True),
        }

    def session_ended(self, session: str) -> None:
        """The queries that were bound to a session go with it."""
        for identity in [identity for identity, query in self._queries.items() if query["Session"] == session]:
            del self._queries[identity]
            self._store.change("queries")

    def _found(self, asked: Asked, queries: list[Query]) -> Found:
        headers = (("X-Consul-Effective-Consistency", asked.consistency),)
        return Found(self._store.table("queries"), queries, headers=headers)

    def every(self, asked: Asked) -> Found:
        """GET all."""
        asked.reach_servers()
        manages = asked.allows("acl", "", "write")
        found = [query for query in self._queries.values() if manages or (_has_rule(query) and asked.may("query", query["Name"], "read"))]
        return self._found(asked, [self._shown(asked, query) for query in sorted(found, key=lambda query: str(query["ID"]))])

    def one(self, asked: Asked) -> Found:
        """GET one by its id, or what it finds, or what it comes to."""
        asked.reach_datacenter()
        name, _, verb = asked.rest.rpartition("/")
        if name and verb == "execute":
            return self._execute(asked, name)
        if name and verb == "explain":
            return self._explain(asked, name)
        query = self._by_id(asked.rest)
        if query is None:
            raise self._missing()
        asked.know_token()
        if _has_rule(query):
            asked.require("query", query["Name"], "read")
        return self._found(asked, [self._shown(asked, query)])

    def _missing(self) -> Refusal:
        refusal = Refusal(404, "Query not found")
        if not self._settings.is_old:
            refusal.headers += (("X-Consul-Index", "1"), *seen(known=False), ("X-Consul-Query-Backend", "blocking-query"))
        return refusal

    def _by_id(self, identity: str, before: str = "") -> Query | None:
        if len(identity) != UUID_LENGTH:
            raise Refusal(500, f"{before}failed prepared query lookup: {WRONG_LENGTH}")
        return self._queries.get(identity)

    # Writes.

    def create(self, asked: Asked, _now: float) -> dict[str, str]:
        """POST: the id of the new one."""
        given = asked.decoded(QUERY)
        if given.get("ID"):
            raise Refusal(500, "ID must be empty when creating a new prepared query")
        asked.reach_servers()
        self._require(asked, given)
        self._check(given)
        identity = self._new_id()
        self._write(given, identity, None)
        return {"ID": identity}

    def change(self, asked: Asked, _now: float) -> Wrote:
        """PUT and DELETE one by its id."""
        if asked.rest.endswith(("/execute", "/explain")):
            raise Refusal(405, f"method {asked.method} not allowed", Allow="GET")
        given = asked.decoded(QUERY) if asked.method == "PUT" and asked.body else {}
        asked.reach_servers()
        self._require(asked, given)
        before = self._by_id(asked.rest, "Prepared Query lookup failed: ")
        if before is None:
            raise Refusal(500, f"Cannot modify non-existent prepared query: '{asked.rest}'")
        self._require(asked, before)
        if asked.method == "DELETE":
            self._store.apply()
            del self._queries[asked.rest]
            self._store.change("queries")
            return Wrote(b"")
        self._check(given)
        self._write(given, asked.rest, before)
        return Wrote(b"")

    def _require(self, asked: Asked, query: Query) -> None:
        """Refuse what the token may not write. What has no name is everybody's."""
        if _has_rule(query):
            asked.require("query", query.get("Name") or "", "write")

    def _shown(self, asked: Asked, query: Query) -> Query:
        """A query, without its token for who does not manage ACLs."""
        if not query["Token"] or asked.allows("acl", "", "write"):
            return query
        return {**query, "Token": "<hidden>"}

    def _check(self, given: Query) -> None:
        """Refuse what is no query."""
        service = given.get("Service") or {}
        if not given.get("Name") and not given.get("Session") and not (given.get("Template") or {}).get("Type"):
            raise Refusal(500, "Invalid prepared query: Must be bound to a session")
        if not service.get("Service"):
            raise Refusal(500, "Invalid prepared query: Must provide a Service name to query")
        nearest = (service.get("Failover") or {}).get("NearestN") or 0
        if nearest < 0:
            raise Refusal(500, f"Invalid prepared query: Bad NearestN '{nearest}', must be >= 0")
        ttl = (given.get("DNS") or {}).get("TTL") or ""
        try:
            if ttl and nanoseconds(ttl) < 0:
                raise Refusal(500, f"Invalid prepared query: Bad DNS TTL '{ttl}', must be >=0")
        except ValueError as error:
            raise Refusal(500, f"Invalid prepared query: Bad DNS TTL '{ttl}': {error}") from None

    def _write(self, given: Query, identity: str, before: Query | None) -> None:
        session = given.get("Session") or ""
        if session and session not in self._sessions.sessions:
            if self._settings.is_old and len(session) != UUID_LENGTH:
                raise Refusal(500, f"invalid session: {WRONG_LENGTH}")
            raise Refusal(500, f'{self._was_old}invalid session "{session}"' if not self._settings.is_old else "invalid session")
        name = given.get("Name") or ""
        if name and any(query["Name"] == name and query["ID"] != identity for query in self._queries.values()):
            raise Refusal(500, f"{self._was_old}name '{name}' aliases an existing query name")
        template = {**_TEMPLATE, **(given.get("Template") or {})}
        if template["Type"] not in ("", "name_prefix_match"):
            raise Refusal(500, f"{self._was_old}failed compiling template: Bad Template.Type '{template['Type']}'")
        index = self._store.apply()
        self._queries[identity] = {
            "ID": identity,
            "Name": name,
            "Session": session,
            "Token": given.get("Token") or "",
            "Template": template,
            "Service": self._service(given["Service"]),
            "DNS": {"TTL": (given.get("DNS") or {}).get("TTL") or ""},
            "CreateIndex": before["CreateIndex"] if before else index,
            "ModifyIndex": index,
        }
        self._store.change("queries")

    def _service(self, given: Query) -> Query:
        failover = given.get("Failover") or {}
        new = not self._settings.is_old
        shown: Query = {"Service": given["Service"]} | ({"SamenessGroup": given.get("SamenessGroup") or ""} if new else {})
        shown["Failover"] = {"NearestN": failover.get("NearestN") or 0, "Datacenters": failover.get("Datacenters")}
        shown["Failover"] |= {"Targets": failover.get("Targets")} if new else {}
        shown |= {"OnlyPassing": bool(given.get("OnlyPassing")), "IgnoreCheckIDs": given.get("IgnoreCheckIDs")}
        shown |= {"Near": given.get("Near") or "", "Tags": given.get("Tags"), "NodeMeta": given.get("NodeMeta")}
        shown |= {"ServiceMeta": given.get("ServiceMeta"), "Connect": bool(given.get("Connect"))}
        return shown | ({"Peer": given.get("Peer") or ""} if new else {})

    # What a query finds.

    def _resolved(self, name: str) -> Query:
        """The query of a name or an id, its template filled in; the longest prefix that fits is the template."""
        for query in self._queries.values():
            if name == query["ID"] or (name == query["Name"] and not query["Template"]["Type"]):
                return query
        templates = [query for query in self._queries.values() if query["Template"]["Type"] and name.startswith(query["Name"])]
        if not templates:
            raise self._missing()
        return _filled(max(templates, key=lambda query: len(query["Name"])), name)

    def _end(self, asked: Asked) -> Query:
        """What the answers have in the end."""
        index = 0 if self._settings.is_old else 1
        end: Query = {"Index": index, "LastContact": 0, "KnownLeader": True, "ConsistencyLevel": asked.consistency}
        return end if self._settings.is_old else end | {"NotModified": False, "Backend": 0, "ResultsFilteredByACLs": False}

    def _answer(self, asked: Asked, body: Query) -> Found:
        headers = (("X-Consul-Effective-Consistency", asked.consistency),)
        return Found(1, body | self._end(asked), headers=headers)

    def _explain(self, asked: Asked, name: str) -> Found:
        query = self._resolved(name)
        asked.know_token()
        if _has_rule(query):
            asked.require("query", query["Name"], "read")
        return self._answer(asked, {"Query": self._shown(asked, query)})

    def _execute(self, asked: Asked, name: str) -> Found:
        limit = asked.first("limit")
        if limit and not re.fullmatch(r"[+-]?\d+", limit):
            raise Refusal(500, f'Bad limit: strconv.Atoi: parsing "{limit}": invalid syntax')
        query = self._resolved(name)
        asked.know_token()
        service = query["Service"]
        connect = service["Connect"] or (asked.flag("connect") and asked.first("connect") != "false")
        found = self._catalog.proxies(service["Service"]) if connect else self._catalog.instances(service["Service"])
        nodes = [self._instance(asked, node, instance) for node, instance in found if self._fits(service, node, instance)]
        nodes = [node for node in nodes if _is_well(node, service) and self._may_see(asked, node)]
        near = asked.first("near") or service["Near"]
        if near:
            nodes = self._reader.by_distance(near, nodes, lambda node: str(node["Node"]["Node"]))
        if limit and int(limit) > 0:
            nodes = nodes[: int(limit)]
        body: Query = {"Service": service["Service"], "Nodes": nodes, "DNS": query["DNS"], "Datacenter": self._settings.datacenter}
        return self._answer(asked, body | ({} if self._settings.is_old else {"PeerName": ""}) | {"Failovers": 0})

    def _instance(self, _asked: Asked, node: Row, service: Row) -> Query:
        checks = self._catalog.checks_of(node.value["Node"], service.value["ID"])
        return {"Node": node.shown(), "Service": service.stored(), "Checks": [check.stored() for check in checks]}

    def _may_see(self, asked: Asked, found: Query) -> bool:
        return asked.may("node", found["Node"]["Node"], "read") and asked.may("service", found["Service"]["Service"], "read")

    def _fits(self, wanted: Query, node: Row, service: Row) -> bool:
        tags = {tag.lower() for tag in service.tags}
        for tag in wanted["Tags"] or ():
            if (tag[1:].lower() in tags) if tag.startswith("!") else (tag.lower() not in tags):
                return False
        meta = ((wanted["NodeMeta"], node.value["Meta"]), (wanted["ServiceMeta"], service.value["Meta"]))
        return all((there or {}).get(name) == value for asked_for, there in meta for name, value in (asked_for or {}).items())


def _has_rule(query: Query) -> bool:
    """Whether a rule may speak of a query: one without a name is known by its id, which nobody guesses."""
    return bool(query.get("Name") or (query.get("Template") or {}).get("Type"))


def _is_well(found: Query, wanted: Query) -> bool:
    """Whether an instance is not critical, or passes where only such are wanted."""
    ignored = wanted["IgnoreCheckIDs"] or ()
    states = {check["Status"] for check in found["Checks"] if check["CheckID"] not in ignored}
    return not (states - {"passing"}) if wanted["OnlyPassing"] else "critical" not in states


def _filled(query: Query, name: str) -> Query:
    """A template for one name."""
    expression = query["Template"]["Regexp"]
    matched = re.search(expression, name) if expression else None
    groups = [matched[0], *matched.groups("")] if matched else []
    named: dict[str, str] = {"full": name, "prefix": query["Name"], "suffix": name.removeprefix(query["Name"])}

    def value(found: re.Match[str]) -> str:
        if found[2]:
            return named[found[2]]
        return str(groups[int(found[1])]) if int(found[1]) < len(groups) else ""

    def filled(part: Any) -> Any:
        if isinstance(part, str):
            return _MATCH.sub(value, part)
        if isinstance(part, list):
            return [one for one in map(filled, part) if one or not query["Template"]["RemoveEmptyTags"]]
        return {key: filled(one) for key, one in part.items()} if isinstance(part, dict) else part

    return {**query, "Service": filled(query["Service"])}


def _topics(_asked: Asked) -> tuple[Topic, ...]:
    return (("table", "queries"),)
