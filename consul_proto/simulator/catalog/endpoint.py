"""Reads of the catalog.

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
from consul_proto.simulator.catalog.values import port_of
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_10, V1_13, V1_14, V1_X
from consul_proto.simulator.filters.expressions import NODE, NODE_SERVICE, SERVICE_NODE
from consul_proto.simulator.filters.parameter import read_filter

#: The reads that an agent can answer from its cache, and the parameters that are not part of the cache key.
_CACHED = ("/v1/catalog/services", "/v1/catalog/service/", "/v1/catalog/connect/", "/v1/health/service/", "/v1/health/connect/")
_NO_KEY = frozenset(("cached", "near", "index", "wait", "stale", "consistent", "token"))

#: The `max-age` of a request, in seconds.
_MAX_AGE = re.compile(r"max-age=(\d+)")

#: Returns the function that gives distances from a node.
Nearness = Callable[[str], Callable[[str], float]]


class Reader:
    """What reads of the catalog and of health share: parameters, indexes and rights."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings, distances: Nearness) -> None:
        self._store, self._catalog, self._settings, self._distances = store, catalog, settings, distances
        self._cache_keys: set[tuple[str, str, bool]] = set()

    def path_name(self, request: ServerRequest, what: str) -> str:
        """Return the name in the path. Refuses an empty one and an unknown datacenter.

        The token comes later, since some reads check the filter first.
        """
        if not request.rest:
            raise Refusal(400, f"Missing {what}")
        request.reach_datacenter()
        return request.rest

    def answer(self, request: ServerRequest, tables: Iterable[str], body: Any, *, is_denied: bool = False) -> ReadAnswer:
        """Return an answer with the index of its tables."""
        headers = (("X-Consul-Effective-Consistency", request.consistency), *self._cache(request))
        index, streamed = self._store.table(*tables) if tables else 0, self.is_streamed(request)
        return ReadAnswer(index, body, headers=headers, null=True, streamed=streamed, is_denied=is_denied)

    def _cache(self, request: ServerRequest) -> tuple[tuple[str, str], ...]:
        """Return whether the agent's cache had the answer, as headers; the cache is always current."""
        streamed = self.is_streamed(request)
        if not request.path.startswith(_CACHED) or not (streamed or request.flag("cached")):
            return ()
        key = (request.path, request.query_text(without=_NO_KEY), streamed)
        known = key in self._cache_keys
        self._cache_keys.add(key)
        if not request.flag("cached"):
            return ()
        return (("X-Cache", "HIT"), ("Age", "0")) if known else (("X-Cache", "MISS"),)

    def is_streamed(self, request: ServerRequest) -> bool:
        """Return whether the agent answers from its stream: since 1.10, for the health of services, with blocking or caching."""
        is_health = request.path.startswith(("/v1/health/service/", "/v1/health/connect/")) and self._settings.version >= V1_10
        waits = request.flag("cached") or request.first("index") not in ("", "0")
        return is_health and waits and not request.first("near") and request.consistency == "leader"

    def has_meta(self, request: ServerRequest, node: Row) -> bool:
        """Return whether a node has all the metadata of the `node-meta` parameters."""
        meta = node.value["Meta"] or {}
        wanted = {name: value for name, _, value in (pair.partition(":") for pair in request.every("node-meta"))}
        return all(meta.get(name) == value for name, value in wanted.items())

    def in_order(self, request: ServerRequest, rows: list[Any], node_of: Callable[[Any], str]) -> list[Any]:
        """Sort the rows by their distance from the node in `near`, if there is one."""
        near = request.first("near")
        return self.by_distance(near, rows, node_of) if near else rows

    def by_distance(self, near: str, rows: list[Any], node_of: Callable[[Any], str]) -> list[Any]:
        """Sort the rows by their distance from a node; "_agent" is the agent's own."""
        distance = self._distances(self._settings.node if near == "_agent" else near)
        return sorted(rows, key=lambda row: distance(node_of(row)))

    def may_see(self, request: ServerRequest, node: Row, service: Row | None = None) -> bool:
        """Return whether the token may read a node, and a service on it."""
        return request.may("node", node.value["Node"], "read") and (
            service is None or request.may("service", service.value["Service"], "read")
        )


class CatalogEndpoint:
    """`/v1/catalog/`."""

    def __init__(
        self, reader: Reader, store: Store, catalog: Catalog, settings: Settings, note_write: Callable[[str, float], object]
    ) -> None:
        self._reader, self._store, self._catalog, self._settings = reader, store, catalog, settings
        #: When the agent cached the list of datacenters.
        self._list_time: float | None = None
        self._writer = Registration(store, catalog, settings, note_write)

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        read = partial(Route, ("GET",), index=True, first=ServerRequest.only_default)
        return {
            "/v1/catalog/register": Route(("PUT",), write=self._writer.register),
            "/v1/catalog/deregister": Route(("PUT",), write=self._writer.deregister),
            "/v1/catalog/datacenters": Route(("GET",), write=self.datacenters),
            "/v1/catalog/nodes": read(self.nodes, topics=_of("nodes"), first=ServerRequest.only_default_partition),
            "/v1/catalog/services": read(self.services, topics=_of("services")),
            "/v1/catalog/service/": read(self.service, topics=self._service_topics, deep=True),
            "/v1/catalog/connect/": read(self.connect, topics=self._service_topics, deep=True),
            "/v1/catalog/node/": read(self.node, topics=_node_topics, deep=True),
            "/v1/catalog/node-services/": read(self.node_services, topics=_node_topics, deep=True),
        }

    def _service_topics(self, request: ServerRequest) -> tuple[Topic, ...]:
        return service_topics(request.rest)

    def datacenters(self, request: ServerRequest, now: float) -> WriteAnswer:
        """GET datacenters: only this one. In the agent's cache it gets older, since nothing updates it."""
        request.one_consistency()
        here = [self._settings.datacenter]
        if not request.flag("cached"):
            return WriteAnswer(here)
        control = request.headers.get("cache-control") or ""
        given = _MAX_AGE.search(control)
        oldest = 0.0 if "must-revalidate" in control else float(given[1]) if given else math.inf
        if self._list_time is None or now - self._list_time > oldest or not oldest:
            self._list_time = now
            return WriteAnswer(here, headers=(("X-Cache", "MISS"),))
        return WriteAnswer(here, headers=(("X-Cache", "HIT"), ("Age", str(int(now - self._list_time)))))

    def nodes(self, request: ServerRequest) -> ReadAnswer:
        """GET nodes."""
        request.reach_datacenter()
        keep = read_filter(request, NODE)
        request.know_token()
        rows = [row for row in each(self._catalog.nodes) if self._reader.has_meta(request, row) and keep(row.render())]
        rows = [row for row in rows if self._reader.may_see(request, row)]
        rows = self._reader.in_order(request, rows, lambda row: str(row.value["Node"]))
        return self._reader.answer(request, ("nodes",), [row.render() for row in rows])

    def services(self, request: ServerRequest) -> ReadAnswer:
        """GET services: names, with the tags of all instances."""
        request.reach_servers()
        keep = (lambda _value: True) if self._settings.version < V1_14 else read_filter(request, SERVICE_NODE)
        tags: dict[str, list[str]] = {}
        for (name, _), service in sorted(self._catalog.services.items()):
            node = self._catalog.nodes[name]
            if not self._reader.has_meta(request, node) or not keep(_instance(node, service, self._settings)):
                continue
            if self._may_see(request, node, service):
                known = tags.setdefault(service.value["Service"], [])
                known += [tag for tag in service.tags if tag not in known]
        tables = ("nodes", "services") if request.every("node-meta") else ("services",)
        return self._reader.answer(request, tables, dict(sorted(tags.items())))

    def _may_see(self, request: ServerRequest, node: Row, service: Row) -> bool:
        """Return whether the token may see an instance; in 1.8 the right to the service is enough."""
        if self._settings.version < V1_X:
            return request.may("service", service.value["Service"], "read")
        return self._reader.may_see(request, node, service)

    def service(self, request: ServerRequest) -> ReadAnswer:
        """GET service: the instances of a service."""
        name = self._reader.path_name(request, "service name")
        request.know_token()
        return self._instances(request, self._catalog.instances(name), name)

    def connect(self, request: ServerRequest) -> ReadAnswer:
        """GET connect: the instances to connect to instead of a service."""
        name = self._reader.path_name(request, "service name")
        if not request.allows("service", name, "read"):
            return self._reader.answer(request, (), [], is_denied=True)
        return self._instances(request, self._catalog.proxies(name), name, tags=())

    def _instances(
        self, request: ServerRequest, instances: list[tuple[Row, Row]], name: str, tags: Iterable[str] | None = None
    ) -> ReadAnswer:
        """Return the instances that fit. tags: the tags that they must have; None: those of the request."""
        keep = read_filter(request, SERVICE_NODE)
        tables = self._catalog.service_tables(name, found=bool(instances))
        if request.first("peer") and self._settings.version >= V1_13:  # no instances of other clusters are known
            instances, tables = [], ()
        rows = [
            _instance(node, service, self._settings)
            for node, service in instances
            if has_tags(service, request.every("tag") if tags is None else tags)
            and self._reader.has_meta(request, node)
            and self._reader.may_see(request, node, service)
        ]
        rows = self._reader.in_order(request, [row for row in rows if keep(row)], lambda row: str(row["Node"]))
        return self._reader.answer(request, tables, rows)

    def node(self, request: ServerRequest) -> ReadAnswer:
        """GET node: a node with its services by id; null for an unknown node."""
        name = self._reader.path_name(request, "node name")
        node, services = self._services_of(request, name)
        body = node and {"Node": node.render(), "Services": dict(sorted((service["ID"], service) for service in services))}
        return self._reader.answer(request, self._catalog.node_tables(name), body)

    def node_services(self, request: ServerRequest) -> ReadAnswer:
        """GET node-services: a node and the list of its services; null for both if the node is unknown."""
        name = self._reader.path_name(request, "node name")
        node, services = self._services_of(request, name)
        body = {
            "Node": node and node.render(),
            "Services": services or ([] if request.first("filter") and (node or self._settings.version >= V1_X) else None),
        }
        return self._reader.answer(request, self._catalog.node_tables(name), body)

    def _services_of(self, request: ServerRequest, name: str) -> tuple[Row | None, list[dict[str, Any]]]:
        keep = read_filter(request, NODE_SERVICE)
        request.know_token()
        node = self._catalog.node(name)
        if node is None or not self._reader.may_see(request, node):
            return None, []
        rows = self._catalog.of_node(self._catalog.services, name)
        shown = [row.render() for row in rows if request.may("service", row.value["Service"], "read")]
        return node, [service for service in shown if keep(service)]


def _node_topics(request: ServerRequest) -> tuple[Topic, ...]:
    return (("table", f"node.{request.rest.lower()}"),)


def _of(*tables: str) -> Callable[[ServerRequest], tuple[Topic, ...]]:
    topics = tuple(("table", table) for table in tables)
    return lambda _request: topics


def service_topics(service: str) -> tuple[Topic, ...]:
    """Return what reads of a service depend on; an unknown service may come with any."""
    return tuple(("table", name) for name in (f"service.{service.lower()}", "services", "service extinctions"))


def has_tags(service: Row, tags: Iterable[str]) -> bool:
    """Return whether a service has all of the tags, in any case."""
    known = {tag.lower() for tag in service.tags}
    return all(tag.lower() in known for tag in tags if tag)


def _instance(node: Row, service: Row, settings: Settings) -> dict[str, Any]:
    """Return an instance as in the catalog's answers: a service together with its node."""
    there, value = node.value, service.value
    shown = {name: there[name] for name in ("ID", "Node", "Address", "Datacenter", "TaggedAddresses")} | {"Node": service.node}
    shown |= {"NodeMeta": there["Meta"], "ServiceKind": value.get("Kind", "")}
    shown |= {"ServiceID": value["ID"], "ServiceName": value["Service"], "ServiceTags": service.tags, "ServiceAddress": value["Address"]}
    if value.get("TaggedAddresses"):
        shown["ServiceTaggedAddresses"] = value["TaggedAddresses"]
    shown |= {"ServiceWeights": value["Weights"], "ServiceMeta": value["Meta"] or {}, "ServicePort": port_of(value)}
    if settings.version >= V1_X:
        shown |= {"ServicePorts": value.get("Ports"), "ServiceSocketPath": value.get("SocketPath", "")}
    shown |= {"ServiceEnableTagOverride": value["EnableTagOverride"], "ServiceProxy": value["Proxy"], "ServiceConnect": value["Connect"]}
    if settings.version >= V1_X:
        shown["ServiceLocality"] = value.get("Locality")
    return shown | {"CreateIndex": service.created, "ModifyIndex": service.modified}
