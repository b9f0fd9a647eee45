"""Trials of health.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("health.node")
@succeeds("health.checks")
@succeeds("health.service")
@succeeds("health.state")
async def a_check_in_each_list(client: Any, world: World) -> None:
    node, service = world.name("node"), world.name("svc")
    check = {"CheckID": service, "Name": "alive", "Status": "warning", "ServiceID": service}
    await client.catalog.register(node, "10.0.0.1", service={"Service": service, "Port": 80}, check=check)
    of_node, of_service = await client.health.node(node), await client.health.checks(service)
    assert of_node == of_service
    assert [(one["Name"], one["Status"], one["ServiceName"]) for one in of_node] == [("alive", "warning", service)]
    (instance,) = await client.health.service(service)
    assert (instance["Node"]["Node"], instance["Service"]["Port"], instance["Checks"]) == (node, 80, of_node)
    assert await client.health.service(service, passing=True) == []
    assert of_node[0] in await client.health.state("warning")
    assert of_node[0] not in await client.health.state("passing")
    await client.catalog.deregister(node)


@succeeds("health.connect")
async def the_instances_that_accept_mesh_traffic(client: Any, world: World) -> None:
    node, service = world.name("node"), world.name("svc")
    proxy = {"Service": f"{service}-proxy", "Kind": "connect-proxy", "Port": 8443, "Proxy": {"DestinationServiceName": service}}
    await client.catalog.register(node, "10.0.0.1", service=proxy)
    (instance,) = await client.health.connect(service)
    assert (instance["Service"]["Service"], instance["Service"]["Port"]) == (f"{service}-proxy", 8443)
    await client.catalog.deregister(node)


@succeeds("health.ingress")
async def the_ingress_gateways_of_a_service(client: Any, world: World) -> None:
    node, gateway, service = world.name("node"), world.name("gateway"), world.name("svc")
    entry = {"Kind": "ingress-gateway", "Name": gateway, "Listeners": [{"Port": 8080, "Protocol": "tcp", "Services": [{"Name": service}]}]}
    await client.request("PUT", "/v1/config", body=entry)
    await client.catalog.register(node, "10.0.0.1", service={"Service": gateway, "Kind": "ingress-gateway", "Port": 8443})
    (instance,) = await client.health.ingress(service)
    assert (instance["Node"]["Node"], instance["Service"]["Service"]) == (node, gateway)
    await client.catalog.deregister(node)
    await client.request("DELETE", f"/v1/config/ingress-gateway/{gateway}")


@fails("health.node")
@fails("health.checks")
@fails("health.service")
@fails("health.connect")
@fails("health.ingress")
@fails("health.state")
async def health_in_an_unknown_datacenter(client: Any, world: World) -> None:
    health = client.using(datacenter="nowhere").health
    for call in (health.node, health.checks, health.service, health.connect, health.ingress):
        with pytest.raises(ServerError, match="No path to datacenter"):
            await call("web")
    with pytest.raises(ServerError, match="No path to datacenter"):
        await health.state("any")
