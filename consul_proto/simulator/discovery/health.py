"""The health of nodes and services in the catalog.

https://developer.hashicorp.com/consul/api-docs/health
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from consul_proto.simulator.catalog.endpoint import Reader, has_tags, service_topics
from consul_proto.simulator.catalog.tables import Catalog, Row
from consul_proto.simulator.catalog.values import with_port
from consul_proto.simulator.config.entries import ConfigEntries
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_10, V1_13, V1_16, V1_X
from consul_proto.simulator.filters.expressions import HEALTH_CHECK, HEALTH_SERVICE
from consul_proto.simulator.filters.parameter import read_filter
from consul_proto.simulator.go.numbers import FALSE, TRUE


class HealthEndpoint:
    """`/v1/health/`."""

    def __init__(self, reader: Reader, store: Store, catalog: Catalog, config: ConfigEntries, settings: Settings) -> None:
        self._reader, self._store, self._catalog, self._config, self._settings = reader, store, catalog, config, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        read = partial(Route, ("GET",), index=True, deep=True, first=ServerRequest.only_default)
        # Since 1.10 the agent answers these in another way than the other reads.
        streamed = partial(Route, ("GET",), index=self._settings.version < V1_10, deep=True, first=ServerRequest.only_default)
        return {
            "/v1/health/node/": read(self.node, topics=_checks_of("node")),
            "/v1/health/checks/": read(self.checks, topics=_checks_of("service")),
            "/v1/health/state/": read(self.state, topics=_checks_of("state")),
            "/v1/health/service/": streamed(self.service, topics=self._service_topics),
            "/v1/health/connect/": streamed(self.connect, topics=self._connect_topics),
            "/v1/health/ingress/": streamed(self.ingress, topics=_every_instance),
        }

    def _service_topics(self, request: ServerRequest) -> tuple[Topic, ...]:
        return service_topics(request.rest)

    def _connect_topics(self, request: ServerRequest) -> tuple[Topic, ...]:
        """Return what a read depends on: any service may become a proxy of this one."""
        return (("table", "services"), ("table", "nodes"), ("table", "checks"), *self._service_topics(request))

    def node(self, request: ServerRequest) -> ReadAnswer:
        """GET node: the checks of a node."""
        name = self._reader.path_name(request, "node name")
        return self._checks(request, lambda check: check["Node"].lower() == name.lower(), by_meta=False)

    def checks(self, request: ServerRequest) -> ReadAnswer:
        """GET checks: the checks of a service."""
        name = self._reader.path_name(request, "service name")
        tables = self._catalog.service_tables(name, found=True, health=True) if request.every("node-meta") else ("checks",)
        return self._checks(request, lambda check: check["ServiceName"].lower() == name.lower(), tables=tables)

    def state(self, request: ServerRequest) -> ReadAnswer:
        """GET state: the checks with a status, or all with "any"."""
        state = self._reader.path_name(request, "check state")
        return self._checks(request, lambda check: state in ("any", check["Status"]))

    def _checks(
        self,
        request: ServerRequest,
        wanted: Callable[[dict[str, Any]], bool],
        *,
        by_meta: bool = True,
        tables: tuple[str, ...] = ("checks",),
    ) -> ReadAnswer:
        keep = read_filter(request, HEALTH_CHECK)
        request.know_token()
        rows = [
            row.render()
            for (node, _), row in sorted(self._catalog.checks.items())
            if wanted(row.value)
            and (not by_meta or self._reader.has_meta(request, self._catalog.nodes[node]))
            and self._may_see(request, row.value)
        ]
        rows = self._reader.in_order(request, [row for row in rows if keep(row)], lambda row: str(row["Node"]))
        return self._reader.answer(request, tables, rows)

    def _may_see(self, request: ServerRequest, check: dict[str, Any]) -> bool:
        return request.may("node", check["Node"], "read") and (
            not check["ServiceName"] or request.may("service", check["ServiceName"], "read")
        )

    def service(self, request: ServerRequest) -> ReadAnswer:
        """GET service: the instances of a service, with their checks."""
        name = self._service_name(request)
        instances = self._catalog.instances(name)
        return self._instances(request, instances, self._catalog.service_tables(name, found=bool(instances), health=True))

    def connect(self, request: ServerRequest) -> ReadAnswer:
        """GET connect: the instances to connect to instead of a service, with their checks."""
        name = self._service_name(request)
        if not self._may_ask(request, name):
            return self._reader.answer(request, (), [], is_denied=True)
        proxies = self._catalog.proxies(name)
        tables = tuple(f"service.{service.value['Service'].lower()}" for _, service in proxies)
        return self._instances(request, proxies, tags=(), tables=tables or self._catalog.service_tables(name, found=False, health=True))

    def ingress(self, request: ServerRequest) -> ReadAnswer:
        """GET ingress: the ingress gateways of a service, with their checks."""
        name = self._service_name(request)
        if not self._may_ask(request, name):
            return self._reader.answer(request, (), [], is_denied=True)
        gateways = self._config.gateways.leading_to(name)
        instances = [instance for gateway in gateways for instance in self._catalog.instances(gateway)]
        tables = tuple(f"service.{gateway.lower()}" for gateway in gateways)
        return self._instances(request, instances, (*tables, "gateways") if tables else (), tags=())

    def _service_name(self, request: ServerRequest) -> str:
        """Return the name of the service. Refuses what the agent refuses first, then an unknown datacenter or token."""
        if self._settings.version >= V1_16 and request.first("peer") and request.first("sg"):
            raise Refusal(400, "peer-name and sameness-group are mutually exclusive")
        if not request.rest:
            raise Refusal(400, "Missing service name")
        if self._settings.version >= V1_X:
            self._passing(request)
        request.reach_servers()
        return request.rest

    def _may_ask(self, request: ServerRequest, name: str) -> bool:
        """Return whether the token may read the service. If not, 1.8 finds nothing, and later versions refuse."""
        if request.allows("service", name, "read"):
            return True
        if self._settings.version >= V1_X:
            raise Refusal(403, "Permission denied")
        self._passing(request)
        return False

    def _instances(
        self, request: ServerRequest, instances: list[tuple[Row, Row]], tables: tuple[str, ...], tags: Iterable[str] | None = None
    ) -> ReadAnswer:
        keep = read_filter(request, HEALTH_SERVICE)
        passing = self._passing(request)
        if self._settings.version >= V1_13:
            if request.first("sg") or request.first("sameness-group"):
                raise Refusal(500, "sameness groups are not supported in consul CE")
            if request.first("peer"):
                instances, tables = [], ()
        rows = [
            self._instance(request, node, service)
            for node, service in instances
            if has_tags(service, request.every("tag") if tags is None else tags)
            and self._reader.has_meta(request, node)
            and self._reader.may_see(request, node, service)
        ]
        rows = [row for row in rows if keep(row)]
        if passing:
            rows = [row for row in rows if all(check["Status"] == "passing" for check in row["Checks"])]
        return self._reader.answer(request, tables, self._reader.in_order(request, rows, lambda row: str(row["Node"]["Node"])))

    def _instance(self, request: ServerRequest, node: Row, service: Row) -> dict[str, Any]:
        checks = self._catalog.checks_of(node.value["Node"], service.value["ID"])
        shown = [check.render() for check in checks if self._may_see(request, check.value)]
        found = {"Node": node.render(), "Service": with_port(service.render()), "Checks": shown}
        return _stream_form(found) if self._reader.is_streamed(request) else found

    def _passing(self, request: ServerRequest) -> bool:
        if not request.flag("passing"):
            return False
        value = request.first("passing")
        if value and value not in TRUE | FALSE:
            raise Refusal(400, "Invalid value for ?passing")
        return value not in FALSE


def _every_instance(_request: ServerRequest) -> tuple[Topic, ...]:
    return tuple(("table", table) for table in ("services", "nodes", "checks", "gateways"))


def _stream_form(found: dict[str, Any]) -> dict[str, Any]:
    """Return an instance as from a stream, where empty maps are null."""
    for of in ("Node", "Service"):
        found[of] |= {name: None for name in ("TaggedAddresses", "Meta") if found[of].get(name) == {}}
    return found


def _checks_of(what: str) -> Callable[[ServerRequest], tuple[Topic, ...]]:
    """Return the topic for the checks of a node, of a service, or with a status."""

    def topics(request: ServerRequest) -> tuple[Topic, ...]:
        if what == "state" and request.rest == "any":
            return (("table", "checks"),)
        return ((f"checks of {what}", request.rest.lower()),)

    return topics
