"""Catalog, Health and Event."""

from __future__ import annotations

from typing import Any

import pytest

import consulate
from consulate.exceptions import NotFound, ServerError
from tests.conformance.table import row
from tests.conformance.world import World


@row("Catalog.__init__", "class consulate.api.catalog.Catalog(uri, adapter, dc=None, token=None)")
async def catalog_on_its_own(client: Any, world: World) -> None:
    uri, adapter, datacenter, token = world.standalone_arguments
    assert consulate.api.catalog.Catalog(uri, adapter, dc=datacenter, token=token).datacenters() == [datacenter]


@row("Catalog.datacenters", "Return all the datacenters that are known by the Consul server.")
async def datacenters(client: Any, world: World) -> None:
    assert await client.catalog.datacenters() == [world.agent.datacenter]


@row(
    "Catalog.register",
    "The endpoint requires Node and Address to be provided, while Datacenter will be defaulted to match that of the agent.",
)
async def catalog_register(client: Any, world: World) -> None:
    node = world.name("node")
    assert await client.catalog.register(node, "10.1.2.3") is True
    assert await client.catalog.register(node, "10.1.2.4", world.agent.datacenter, {"Service": "s", "Port": 1}, None) is True
    found = await client.catalog.node(node)
    assert found["Node"]["Address"] == "10.1.2.4"
    assert found["Services"]["s"]["Port"] == 1
    with pytest.raises(ServerError):
        await client.catalog.register(node, "10.1.2.3", datacenter="nowhere")
    await client.catalog.deregister(node)


@row("example service and check dicts", "Example service dict:")
async def catalog_register_as_the_examples_do(client: Any, world: World) -> None:
    node = world.name("foobar")
    service = {"ID": "redis1", "Service": "redis", "Tags": ["master", "v1"], "Port": 8000}
    check = {
        "Node": node,
        "CheckID": "service:redis1",
        "Name": "Redis health check",
        "Notes": "Script based health check",
        "Status": "passing",
        "ServiceID": "redis1",
    }
    assert await client.catalog.register(node, "10.1.2.3", service=service, check=check) is True
    assert [entry["Status"] for entry in await client.health.node(node)] == ["passing"]
    assert [entry["ServiceTags"] for entry in await client.catalog.service("redis") if entry["Node"] == node] == [["master", "v1"]]
    await client.catalog.deregister(node)


@row("Catalog.deregister", "If only node is provided, then the node, and all associated services and checks are deleted.")
async def catalog_deregister(client: Any, world: World) -> None:
    node = world.name("node")
    for service in ("a", "b"):
        await client.catalog.register(
            node, "10.1.2.3", service={"Service": service}, check={"CheckID": f"c-{service}", "Name": "c", "Status": "passing"}
        )
    assert await client.catalog.deregister(node, world.agent.datacenter, "c-a") is True
    assert [check["CheckID"] for check in await client.health.node(node)] == ["c-b"]
    assert await client.catalog.deregister(node=node, service_id="a") is True
    assert list((await client.catalog.node(node))["Services"]) == ["b"]
    assert await client.catalog.deregister(node) is True
    with pytest.raises(NotFound):
        await client.catalog.node(node)


@row("Catalog.node", "Return the node data for the specified node")
async def node(client: Any, world: World) -> None:
    found = await client.catalog.node(node_id=world.agent.node_name)
    assert isinstance(found, dict)
    assert found["Node"]["Node"] == world.agent.node_name
    with pytest.raises(NotFound):
        await client.catalog.node(world.name("nobody"))


@row("Catalog.nodes", "Return all of the nodes for the current datacenter.")
async def nodes(client: Any, world: World) -> None:
    found = await client.catalog.nodes()
    assert isinstance(found, list)
    assert world.agent.node_name in [entry["Node"] for entry in found]


@row("Catalog.service", "Return the service details for the given service")
async def service(client: Any, world: World) -> None:
    found = await client.catalog.service(service_id="consul")
    assert [(entry["ServiceName"], entry["Node"]) for entry in found] == [("consul", world.agent.node_name)]
    assert await client.catalog.service(world.name("nothing")) == []


@row("Catalog.services", "Return a list of all of the services for the current datacenter.")
async def services(client: Any, world: World) -> None:
    assert {"Service": "consul", "Tags": []} in await client.catalog.services()


@row("Event.__init__", "class consulate.api.event.Event(uri, adapter, datacenter=None, token=None)")
async def event_on_its_own(client: Any, world: World) -> None:
    assert len(consulate.api.event.Event(*world.standalone_arguments).fire(world.name())) == 36


@row("Event.fire", "Trigger a new user Event")
async def fire(client: Any, world: World) -> None:
    name, here = world.name(), world.agent.datacenter
    event_id = await client.event.fire(name, "payload", here, world.agent.node_name, "consul", "t")
    assert len(event_id) == 36
    with pytest.raises(ValueError, match="tag needs a service|needs a service"):
        await client.event.fire(name, tag="t")


@row("Event.list", "Returns the most recent events known by the agent.")
async def list_events(client: Any, world: World) -> None:
    name = world.name()
    event_id = await client.event.fire(name, "payload")
    found = await world.wait_until(lambda: client.event.list(name=name))
    assert [(event["ID"], event["Name"], event["Payload"]) for event in found] == [(event_id, name, b"payload")]
    assert event_id in [event["ID"] for event in await client.event.list()]
    assert await client.event.list(world.name("none")) == []


async def _register_service(client: Any, world: World) -> str:
    """Register a service with a passing check and a tag, and wait until the catalog has it."""
    name = world.name("svc")
    await client.agent.service.register(name, port=80, tags=["a"], ttl="60s")
    await client.agent.check.ttl_pass("service:" + name)
    await world.wait_until(lambda: client.health.service(name, passing=True))
    return name


@row("Health.__init__", "class consulate.api.health.Health(uri, adapter, datacenter=None, token=None)")
async def health_on_its_own(client: Any, world: World) -> None:
    assert consulate.api.health.Health(*world.standalone_arguments).service("consul")


@row("Health.checks", "Return checks for the given service.")
async def health_checks(client: Any, world: World) -> None:
    name = await _register_service(client, world)
    assert [(check["CheckID"], check["Status"]) for check in await client.health.checks(service_id=name)] == [
        ("service:" + name, "passing")
    ]
    assert await client.health.checks(world.name("nothing")) == []
    await client.agent.service.deregister(name)


@row("Health.node", "Return the health info for a given node.")
async def health_node(client: Any, world: World) -> None:
    assert "serfHealth" in [check["CheckID"] for check in await client.health.node(node_id=world.agent.node_name)]
    assert await client.health.node(world.name("nobody")) == []


@row("Health.service", "Returns the nodes and health info of a service")
async def health_service(client: Any, world: World) -> None:
    name = await _register_service(client, world)
    assert [entry["Service"]["Port"] for entry in await client.health.service(service_id=name, tag="a", passing=True)] == [80]
    assert await client.health.service(name, "other") == []
    await client.agent.check.ttl_fail("service:" + name)
    await world.wait_until(lambda: _is_gone(client, name))
    assert len(await client.health.service(name, passing=False)) == 1
    await client.agent.service.deregister(name)


async def _is_gone(client: Any, name: str) -> bool:
    return not await client.health.service(name, None, True)


@row("Health.state", "Returns the checks in a given state where state is one of “unknown”, “passing”, “warning”, or “critical”.")
async def state(client: Any, world: World) -> None:
    assert "serfHealth" in [check["CheckID"] for check in await client.health.state(state="passing")]
    for known in ("unknown", "warning", "critical", "any"):
        assert isinstance(await client.health.state(known), list)
    with pytest.raises(ValueError, match="unknown, passing, warning, critical"):
        await client.health.state("fine")
