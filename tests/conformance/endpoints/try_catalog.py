"""Trials of catalog.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("catalog.register")
@succeeds("catalog.node")
@succeeds("catalog.deregister")
async def a_node_with_a_service_comes_and_goes(client: Any, world: World) -> None:
    node, service = world.name("node"), world.name("svc")
    assert await client.catalog.register(node, "10.0.0.1", service={"Service": service, "Port": 80}, node_meta={"rack": "1"}) is True
    found = await client.catalog.node(node)
    assert (found["Node"]["Address"], found["Node"]["Meta"]) == ("10.0.0.1", {"rack": "1"})
    assert found["Services"][service]["Port"] == 80
    assert await client.catalog.deregister(node) is True
    with pytest.raises(NotFound):
        await client.catalog.node(node)


@fails("catalog.register")
async def no_node_without_a_right(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).catalog.register(world.name("node"), "10.0.0.1")


@fails("catalog.deregister")
async def no_end_of_a_node_without_a_right(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).catalog.deregister(world.agent.node_name)


@fails("catalog.node")
async def a_node_that_nobody_registered(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="no such node in the catalog"):
        await client.catalog.node(world.name("node"))


@succeeds("catalog.datacenters")
async def the_datacenters(client: Any, world: World) -> None:
    assert await client.catalog.datacenters() == [world.agent.datacenter]


@succeeds("catalog.nodes")
async def the_nodes(client: Any, world: World) -> None:
    found = await client.catalog.nodes(filter=f'Node == "{world.agent.node_name}"')
    assert [(node["Node"], node["Address"], node["Datacenter"]) for node in found] == [
        (world.agent.node_name, "127.0.0.1", world.agent.datacenter)
    ]


@fails("catalog.nodes")
@fails("catalog.services")
@fails("catalog.service")
@fails("catalog.connect")
@fails("catalog.node_services")
@fails("catalog.gateway_services")
async def lists_of_an_unknown_datacenter(client: Any, world: World) -> None:
    catalog = client.using(datacenter="nowhere").catalog
    for call in (catalog.nodes, catalog.services):
        with pytest.raises(ServerError, match="No path to datacenter"):
            await call()
    for call in (catalog.service, catalog.connect, catalog.node_services, catalog.gateway_services):
        with pytest.raises(ServerError, match="No path to datacenter"):
            await call("web")


@succeeds("catalog.services")
@succeeds("catalog.service")
async def the_instances_of_a_service(client: Any, world: World) -> None:
    node, service = world.name("node"), world.name("svc")
    await client.catalog.register(node, "10.0.0.1", service={"Service": service, "Tags": ["v1"], "Port": 80})
    assert {"Service": service, "Tags": ["v1"]} in await client.catalog.services()
    (found,) = await client.catalog.service(service, tag="v1")
    assert (found["Node"], found["ServicePort"], found["Address"]) == (node, 80, "10.0.0.1")
    assert await client.catalog.service(service, tag="v2") == []
    await client.catalog.deregister(node)


@succeeds("catalog.connect")
@succeeds("catalog.node_services")
async def the_proxies_of_a_service(client: Any, world: World) -> None:
    node, service = world.name("node"), world.name("svc")
    proxy = {"Service": f"{service}-proxy", "Kind": "connect-proxy", "Port": 8443, "Proxy": {"DestinationServiceName": service}}
    await client.catalog.register(node, "10.0.0.1", service=proxy)
    (found,) = await client.catalog.connect(service)
    assert (found["ServiceName"], found["ServiceProxy"]["DestinationServiceName"]) == (f"{service}-proxy", service)
    listed = await client.catalog.node_services(node)
    assert [one["Service"] for one in listed["Services"]] == [f"{service}-proxy"]
    await client.catalog.deregister(node)


@succeeds("catalog.gateway_services")
async def the_services_of_a_gateway(client: Any, world: World) -> None:
    gateway, service = world.name("gateway"), world.name("svc")
    await client.request(
        "PUT", "/v1/config", body={"Kind": "terminating-gateway", "Name": gateway, "Services": [{"Name": service, "SNI": "example.org"}]}
    )
    (found,) = await client.catalog.gateway_services(gateway)
    assert (found["Gateway"]["Name"], found["Service"]["Name"], found["SNI"]) == (gateway, service, "example.org")
    await client.request("DELETE", f"/v1/config/terminating-gateway/{gateway}")
