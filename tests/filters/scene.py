"""What the drawn filters select from: a scene for an agent, and every call that takes a filter.

`catalog.services` and `internal.ui.services` filter instances, but answer with the names of services, so these are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from consul_proto.filters.expression import Filter
from consul_proto.filters.fields import Structure
from consulate import Consul, filters
from tests.filters.drawn import ODD, Selects

_SERVICES: list[dict[str, Any]] = [
    {"ID": "web1", "Service": "web", "Port": 80, "Tags": ["v1", "a"], "Meta": {"zone": "a", "a_b": 'a"b'}, "Address": "10.0.0.9"},
    {"ID": "web2", "Service": "web", "Port": 81, "Tags": ["v2", *ODD[:4]], "Meta": {"zone": "b"}, "EnableTagOverride": True},
    {"ID": "web3", "Service": "web", "TaggedAddresses": {"lan": {"Address": "a`b", "Port": 80}, "wan": {"Address": "10.0.0.2", "Port": 0}}},
    {"ID": "db", "Service": "db", "Port": 5432, "Weights": {"Passing": 9, "Warning": 2}, "Meta": {"x-y": "`"}},
    {"ID": "proxy", "Service": "web-proxy", "Kind": "connect-proxy", "Port": 1, "Proxy": {"DestinationServiceName": "web"}},
    {"ID": "gateway", "Service": "gateway", "Kind": "ingress-gateway", "Port": 8888},
]
_CHECKS: list[dict[str, Any]] = [
    {"CheckID": "c1", "Name": "alive", "Status": "passing", "Notes": "a\\b"},
    {"CheckID": "c2", "Name": 'a"b', "Status": "critical", "Output": "a\nb", "ServiceID": "web1"},
    {"CheckID": "c3", "Name": "c", "Status": "warning", "ServiceID": "web1", "Output": "no"},
    {"CheckID": "c4", "Name": "é😀", "Status": "passing", "ServiceID": "web2"},
]
_INTENTIONS: list[tuple[str, Literal["allow", "deny"], str]] = [("web", "allow", ODD[0]), ("db", "deny", ODD[1]), ("*", "deny", ODD[4])]


def build(client: Consul) -> None:
    """Put the scene into an agent."""
    meta = {f"k{place}": odd for place, odd in enumerate(ODD)}
    client.catalog.register("n1", "10.0.0.1", node_meta={"zone": "a", **meta}, tagged_addresses={"lan": "10.0.0.1"})
    client.catalog.register("n2", "10.0.0.2", node_meta={"a.b": "x", 'a"b': "`"})
    client.catalog.register("n3", "10.0.0.3")
    for service in _SERVICES:
        for node in ("n1",) if service["ID"] in ("web2", "web3") else ("n1", "n2"):
            client.catalog.register(node, "10.0.0.1", skip_node_update=True, service=service)  # type: ignore[arg-type]  # with more members
    for check in _CHECKS:
        client.catalog.register("n1", "10.0.0.1", skip_node_update=True, check=check)  # type: ignore[arg-type]  # as above
    client.agent.service.register("web", "own", "10.1.1.1", 8000, ["a", 'a"b'], meta={"zone": "a"})
    client.agent.service.register("db", "own-db", enable_tag_override=True)
    client.agent.check.register("own check", check_id="own", ttl="1h", notes="`")
    client.agent.check.register("of web", check_id="of-web", ttl="1h", service_id="own")
    for destination, action, odd in _INTENTIONS:
        client.connect.intentions.create("a", destination, action, description=odd, meta={"zone": odd})
    client.config.apply({"Kind": "proxy-defaults", "Name": "global", "Config": {"protocol": "http"}})
    for name, members in (
        ("web", {"Protocol": "http"}),
        ("db", {"Protocol": "tcp", "Meta": {"zone": "a"}, "MeshGateway": {"Mode": "local"}}),
    ):
        client.config.apply({"Kind": "service-defaults", "Name": name, **members})  # type: ignore[arg-type]  # with more members
    listener: Any = {"Port": 8888, "Protocol": "http", "Services": [{"Name": "web"}]}
    client.config.apply({"Kind": "ingress-gateway", "Name": "gateway", "Listeners": [listener]})


class Listing(NamedTuple):
    """A call that takes a filter.

    where: its selector. call: makes the call, with a filter or without. rows: the rows that Consul filters, if they are not the answer.
    seen: what the answer shows of rows. is_simulated: whether the simulator has it. is_old: whether Consul 1.8 filters it.
    """

    name: str
    where: Structure[Any]
    call: Callable[[Any, Filter[Any] | None], Any]
    rows: Callable[[Consul], Sequence[Any]] | None = None
    seen: Callable[[Sequence[Any]], Any] = lambda rows: sorted(map(repr, rows))
    is_simulated: bool = True
    is_old: bool = True

    def of(self, client: Consul) -> Sequence[Any]:
        """Return all rows."""
        return self.call(client, None) if self.rows is None else self.rows(client)

    def expected(self, rows: Sequence[Any], selects: Selects) -> Any:
        """Return what the answer shows if Consul selects the right rows."""
        return self.seen([row for row in rows if selects(row)])

    def answered(self, client: Consul, expression: Filter[Any]) -> Any:
        """Return what Consul selects."""
        answer = self.call(client, expression)
        return answer if self.rows is not None else self.seen(answer)


def _instances(client: Consul) -> list[Any]:
    return [row for service in client.catalog.services() for row in client.catalog.service(service["Service"])]


def _entries(client: Consul) -> list[Any]:
    return [row for service in client.catalog.services() for row in client.health.service(service["Service"])]


def _tags(rows: Sequence[Any]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["ServiceName"], set()).update(row["ServiceTags"])
    return {name: sorted(tags) for name, tags in sorted(found.items())}


def _counts(rows: Sequence[Any]) -> dict[str, int]:
    names = [row["Service"]["Service"] for row in rows]
    return {name: names.count(name) for name in sorted(names)}


def _counted(summaries: Sequence[Any]) -> dict[str, int]:
    """Return the number of instances of each service. A proxy that is selected adds a summary of its service, with 0 instances."""
    return {row["Name"]: row["InstanceCount"] for row in summaries if row["InstanceCount"]}


LISTINGS = [
    Listing("catalog.nodes", filters.node, lambda client, given: client.catalog.nodes(filter=given)),
    Listing("catalog.service", filters.catalog_service, lambda client, given: client.catalog.service("web", filter=given)),
    Listing("catalog.connect", filters.catalog_service, lambda client, given: client.catalog.connect("web", filter=given)),
    Listing(
        "catalog.services",
        filters.catalog_service,
        lambda client, given: {row["Service"]: sorted(row["Tags"]) for row in client.catalog.services(filter=given)},
        rows=_instances,
        seen=_tags,
        is_old=False,
    ),
    Listing("catalog.node", filters.service, lambda client, given: [*client.catalog.node("n1", filter=given)["Services"].values()]),
    Listing(
        "catalog.node_services", filters.service, lambda client, given: client.catalog.node_services("n1", filter=given)["Services"] or []
    ),
    Listing("agent.services", filters.service, lambda client, given: client.agent.services(filter=given)),
    Listing("agent.checks", filters.check, lambda client, given: client.agent.checks(filter=given)),
    Listing("agent.members", filters.member, lambda client, given: client.agent.members(filter=given), is_old=False),
    Listing("health.node", filters.check, lambda client, given: client.health.node("n1", filter=given)),
    Listing("health.checks", filters.check, lambda client, given: client.health.checks("web", filter=given)),
    Listing("health.state", filters.check, lambda client, given: client.health.state("any", filter=given)),
    Listing("health.service", filters.service_entry, lambda client, given: client.health.service("web", filter=given)),
    Listing("health.connect", filters.service_entry, lambda client, given: client.health.connect("web", filter=given)),
    Listing("health.ingress", filters.service_entry, lambda client, given: client.health.ingress("web", filter=given)),
    Listing("connect.intentions.list", filters.intention, lambda client, given: client.connect.intentions.list(filter=given)),
    Listing(
        "config.list",
        filters.service_defaults,
        lambda client, given: client.config.list("service-defaults", filter=given),
        is_old=False,
    ),
    Listing("internal.ui.nodes", filters.ui_node, lambda client, given: client.internal.ui.nodes(filter=given), is_simulated=False),
    Listing(
        "internal.ui.services",
        filters.service_entry,
        lambda client, given: _counted(client.internal.ui.services(filter=given)),
        rows=_entries,
        seen=_counts,
        is_simulated=False,
    ),
]
