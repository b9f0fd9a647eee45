"""What is registered in the catalog, and how it is read.

https://developer.hashicorp.com/consul/api-docs/catalog
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from consul_proto.simulator.catalog.registration import Registration
from consul_proto.simulator.catalog.tables import Catalog, Row, each
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, WriteAnswer
from consul_proto.simulator.engine.request import Asked
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_10, V1_13, V1_14, V1_X
from consul_proto.simulator.filters.expressions import NODE, NODE_SERVICE, SERVICE_NODE
from consul_proto.simulator.filters.parameter import compiled

#: The reads that an agent can answer from its cache, and the parameters that make no other answer of one.
_CACHED = ("/v1/catalog/services", "/v1/catalog/service/", "/v1/catalog/connect/", "/v1/health/service/", "/v1/health/connect/")
_NO_KEY = frozenset(("cached", "near", "index", "wait", "stale", "consistent", "token"))

#: Seconds: the `max-age` of a request.
_MAX_AGE = re.compile(r"max-age=(\d+)")

#: Orders nodes by their distance from the node that was named.
Nearness = Callable[[str], Callable[[str], float]]


class Reader:
    """What the reads of the catalog and of health share: their parameters, their indexes, and who may see what."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings, distances: Nearness) -> None:
        self._store, self._catalog, self._settings, self._distances = store, catalog, settings, distances
        self._cached: set[tuple[str, str, bool]] = set()

    def named(self, asked: Asked, what: str) -> str:
        """The name in the path. Refuses what has none, and what no server here can answer, but no token: some read the filter before."""
        if not asked.rest:
            raise Refusal(400, f"Missing {what}")
        asked.reach_datacenter()
        return asked.rest

    def found(self, asked: Asked, tables: Iterable[str], body: Any, *, unasked: bool = False) -> ReadAnswer:
        """An answer with the index of its tables."""
        headers = (("X-Consul-Effective-Consistency", asked.consistency), *self._cache(asked))
        index, streamed = self._store.table(*tables) if tables else 0, self.is_streamed(asked)
        return ReadAnswer(index, body, headers=headers, null=True, streamed=streamed, unasked=unasked)

    def _cache(self, asked: Asked) -> tuple[tuple[str, str], ...]:
        """Whether the agent had the answer in its cache; what it has is kept current."""
        streamed = self.is_streamed(asked)
        if not asked.path.startswith(_CACHED) or not (streamed or asked.flag("cached")):
            return ()
        key = (asked.path, asked.written(without=_NO_KEY), streamed)
        known = key in self._cached
        self._cached.add(key)
        if not asked.flag("cached"):
            return ()
        return (("X-Cache", "HIT"), ("Age", "0")) if known else (("X-Cache", "MISS"),)

    def is_streamed(self, asked: Asked) -> bool:
        """Since 1.10, an agent has the answers on a service's health streamed to it, where they may be waited for."""
        is_health = asked.path.startswith(("/v1/health/service/", "/v1/health/connect/")) and self._settings.version >= V1_10
        waits = asked.flag("cached") or asked.first("index") not in ("", "0")
        return is_health and waits and not asked.first("near") and asked.consistency == "leader"

    def has_meta(self, asked: Asked, node: Row) -> bool:
        """Whether a node has all that the `node-meta` parameters ask for."""
        meta = node.value["Meta"] or {}
        wanted = {name: value for name, _, value in (pair.partition(":") for pair in asked.every("node-meta"))}
        return all(meta.get(name) == value for name, value in wanted.items())

    def in_order(self, asked: Asked, rows: list[Any], node_of: Callable[[Any], str]) -> list[Any]:
        """The rows by their distance from the node that `near` names."""
        near = asked.first("near")
        return self.by_distance(near, rows, node_of) if near else rows

    def by_distance(self, near: str, rows: list[Any], node_of: Callable[[Any], str]) -> list[Any]:
        """The rows by their distance from a node; "_agent" is the agent's."""
        distance = self._distances(self._settings.node if near == "_agent" else near)
        return sorted(rows, key=lambda row: distance(node_of(row)))

    def may_see(self, asked: Asked, node: Row, service: Row | None = None) -> bool:
        """Whether the token may read a node, and a service on it."""
        return asked.may("node", node.value["Node"], "read") and (service is None or asked.may("service", service.value["Service"], "read"))


class CatalogEndpoint:
    """`/v1/catalog/`."""

    def __init__(self, reader: Reader, store: Store, catalog: Catalog, settings: Settings, touched: Callable[[str, float], object]) -> None:
        self._reader, self._store, self._catalog, self._settings = reader, store, catalog, settings
        #: When the agent took the list of datacenters into its cache.
        self._listed: float | None = None
        self._writer = Registration(store, catalog, settings, touched)

    def routes(self) -> dict[str, Route]:
        """The endpoints."""
        read = partial(Route, ("GET",), index=True, first=Asked.only_default)
        return {
            "/v1/catalog/register": Route(("PUT",), write=self._writer.register),
            "/v1/catalog/deregister": Route(("PUT",), write=self._writer.deregister),
            "/v1/catalog/datacenters": Route(("GET",), write=self.datacenters),
            "/v1/catalog/nodes": read(self.nodes, topics=_of("nodes"), first=Asked.only_default_partition),
            "/v1/catalog/services": read(self.services, topics=_of("services")),
            "/v1/catalog/service/": read(self.service, topics=self._service_topics, deep=True),
            "/v1/catalog/connect/": read(self.connect, topics=self._service_topics, deep=True),
            "/v1/catalog/node/": read(self.node, topics=_node_topics, deep=True),
            "/v1/catalog/node-services/": read(self.node_services, topics=_node_topics, deep=True),
        }

    def _service_topics(self, asked: Asked) -> tuple[Topic, ...]:
        return service_topics(asked.rest)

    def datacenters(self, asked: Asked, now: float) -> WriteAnswer:
        """GET datacenters: this one alone. In the agent's cache it ages: nobody keeps it current."""
        asked.one_consistency()
        here = [self._settings.datacenter]
        if not asked.flag("cached"):
            return WriteAnswer(here)
        control = asked.headers.get("cache-control") or ""
        given = _MAX_AGE.search(control)
        oldest = 0.0 if "must-revalidate" in control else float(given[1]) if given else math.inf
        if self._listed is None or now - self._listed > oldest or not oldest:
            self._listed = now
            return WriteAnswer(here, headers=(("X-Cache", "MISS"),))
        return WriteAnswer(here, headers=(("X-Cache", "HIT"), ("Age", str(int(now - self._listed)))))

    def nodes(self, asked: Asked) -> ReadAnswer:
        """GET nodes."""
        asked.reach_datacenter()
        keep = compiled(asked, NODE)
        asked.know_token()
        rows = [row for row in each(self._catalog.nodes) if self._reader.has_meta(asked, row) and keep(row.shown())]
        rows = [row for row in rows if self._reader.may_see(asked, row)]
        rows = self._reader.in_order(asked, rows, lambda row: str(row.value["Node"]))
        return self._reader.found(asked, ("nodes",), [row.shown() for row in rows])

    def services(self, asked: Asked) -> ReadAnswer:
        """GET services: their names, with the tags of all of their instances."""
        asked.reach_servers()
        keep = (lambda _value: True) if self._settings.version < V1_14 else compiled(asked, SERVICE_NODE)
        tags: dict[str, list[str]] = {}
        for (name, _), service in sorted(self._catalog.services.items()):
            node = self._catalog.nodes[name]
            if not self._reader.has_meta(asked, node) or not keep(_instance(node, service, self._settings)):
                continue
            if self._may_see(asked, node, service):
                known = tags.setdefault(service.value["Service"], [])
                known += [tag for tag in service.tags if tag not in known]
        tables = ("nodes", "services") if asked.every("node-meta") else ("services",)
        return self._reader.found(asked, tables, dict(sorted(tags.items())))

    def _may_see(self, asked: Asked, node: Row, service: Row) -> bool:
        """Whether a token may know that an instance is there: in 1.8, whoever may see the service, wherever it is."""
        if self._settings.version < V1_X:
            return asked.may("service", service.value["Service"], "read")
        return self._reader.may_see(asked, node, service)

    def service(self, asked: Asked) -> ReadAnswer:
        """GET service: the instances of a name."""
        name = self._reader.named(asked, "service name")
        asked.know_token()
        return self._instances(asked, self._catalog.instances(name), name)

    def connect(self, asked: Asked) -> ReadAnswer:
        """GET connect: what may be connected to in the place of a service."""
        name = self._reader.named(asked, "service name")
        if not asked.allows("service", name, "read"):
            return self._reader.found(asked, (), [], unasked=True)
        return self._instances(asked, self._catalog.proxies(name), name, tags=())

    def _instances(self, asked: Asked, instances: list[tuple[Row, Row]], name: str, tags: Iterable[str] | None = None) -> ReadAnswer:
        """tags: what the instances must have, where it is not what was asked for: to what may be connected to, tags do not matter."""
        keep = compiled(asked, SERVICE_NODE)
        tables = self._catalog.service_tables(name, found=bool(instances))
        if asked.first("peer") and self._settings.version >= V1_13:  # of another cluster nothing is known
            instances, tables = [], ()
        rows = [
            _instance(node, service, self._settings)
            for node, service in instances
            if has_tags(service, asked.every("tag") if tags is None else tags)
            and self._reader.has_meta(asked, node)
            and self._reader.may_see(asked, node, service)
        ]
        rows = self._reader.in_order(asked, [row for row in rows if keep(row)], lambda row: str(row["Node"]))
        return self._reader.found(asked, tables, rows)

    def node(self, asked: Asked) -> ReadAnswer:
        """GET node: a node with its services by their ids; null where there is none."""
        name = self._reader.named(asked, "node name")
        node, services = self._services_of(asked, name)
        body = node and {"Node": node.shown(), "Services": dict(sorted((service["ID"], service) for service in services))}
        return self._reader.found(asked, self._catalog.node_tables(name), body)

    def node_services(self, asked: Asked) -> ReadAnswer:
        """GET node-services: a node and the list of its services; null for both where there is none."""
        name = self._reader.named(asked, "node name")
        node, services = self._services_of(asked, name)
        body = {
            "Node": node and node.shown(),
            "Services": services or ([] if asked.first("filter") and (node or self._settings.version >= V1_X) else None),
        }
        return self._reader.found(asked, self._catalog.node_tables(name), body)

    def _services_of(self, asked: Asked, name: str) -> tuple[Row | None, list[dict[str, Any]]]:
        keep = compiled(asked, NODE_SERVICE)
        asked.know_token()
        node = self._catalog.node(name)
        if node is None or not self._reader.may_see(asked, node):
            return None, []
        rows = self._catalog.of_node(self._catalog.services, name)
        shown = [row.shown() for row in rows if asked.may("service", row.value["Service"], "read")]
        return node, [service for service in shown if keep(service)]


def _node_topics(asked: Asked) -> tuple[Topic, ...]:
    return (("table", f"node.{asked.rest.lower()}"),)


def _of(*tables: str) -> Callable[[Asked], tuple[Topic, ...]]:
    topics = tuple(("table", table) for table in tables)
    return lambda _asked: topics


def service_topics(service: str) -> tuple[Topic, ...]:
    """What the reads of a service depend on: a service that there is not may come with any."""
    return tuple(("table", name) for name in (f"service.{service.lower()}", "services", "service extinctions"))


def has_tags(service: Row, tags: Iterable[str]) -> bool:
    """Whether a service has all of the tags, whatever their case."""
    known = {tag.lower() for tag in service.tags}
    return all(tag.lower() in known for tag in tags if tag)


def _instance(node: Row, service: Row, settings: Settings) -> dict[str, Any]:
    """A service and its node in one, as the catalog shows it."""
    there, value = node.value, service.value
    shown = {name: there[name] for name in ("ID", "Node", "Address", "Datacenter", "TaggedAddresses")} | {"Node": service.node}
    shown |= {"NodeMeta": there["Meta"], "ServiceKind": value.get("Kind", "")}
    shown |= {"ServiceID": value["ID"], "ServiceName": value["Service"], "ServiceTags": service.tags, "ServiceAddress": value["Address"]}
    if value.get("TaggedAddresses"):
        shown["ServiceTaggedAddresses"] = value["TaggedAddresses"]
    shown |= {"ServiceWeights": value["Weights"], "ServiceMeta": value["Meta"] or {}, "ServicePort": value.get("Port", 0)}
    if settings.version >= V1_X:
        shown |= {"ServicePorts": value.get("Ports"), "ServiceSocketPath": value.get("SocketPath", "")}
    shown |= {"ServiceEnableTagOverride": value["EnableTagOverride"], "ServiceProxy": value["Proxy"], "ServiceConnect": value["Connect"]}
    if settings.version >= V1_X:
        shown["ServiceLocality"] = value.get("Locality")
    return shown | {"CreateIndex": service.created, "ModifyIndex": service.modified}
