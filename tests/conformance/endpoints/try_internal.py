"""Trials of internal.*. The metrics proxy is in test_special_agents.py."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import Place, fails, succeeds
from tests.conformance.world import World

_NOT_SIMULATED: dict[Place, str] = {
    "simulator": "the simulator does not have federation states, virtual addresses of services and the summaries of the web UI"
}

_STATES, _UI = "internal.federation_state.", "internal.ui."


@succeeds("internal.acl_authorize")
async def what_a_token_may_do(client: Any, world: World) -> None:
    asked = [{"Resource": "key", "Segment": "app/", "Access": "write"}, {"Resource": "operator", "Access": "read"}]
    assert await client.internal.acl_authorize(asked) == [{**each, "Allow": True} for each in asked]
    assert await client.using(token=None).internal.acl_authorize(asked) == [{**each, "Allow": False} for each in asked]


@fails("internal.acl_authorize")
async def no_answer_about_an_unknown_resource(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match='Invalid ACL resource requested: "keys"'):
        await client.internal.acl_authorize([{"Resource": "keys", "Access": "read"}])


@succeeds(_STATES + "list", _NOT_SIMULATED)
@succeeds(_STATES + "get", _NOT_SIMULATED)
@succeeds(_STATES + "mesh_gateways", _NOT_SIMULATED)
async def the_federation_state_of_the_own_datacenter(client: Any, world: World) -> None:
    states = client.internal.federation_state
    (state,) = await world.wait_until(states.list)
    assert state["Datacenter"] == world.agent.datacenter
    assert (await states.get(world.agent.datacenter))["State"] == state
    assert await states.mesh_gateways() == {}


@fails(_STATES + "list", _NOT_SIMULATED)
@fails(_STATES + "get", _NOT_SIMULATED)
@fails(_STATES + "mesh_gateways", _NOT_SIMULATED)
async def no_federation_state_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).internal.federation_state.list()
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.internal.federation_state.mesh_gateways(datacenter="nowhere")
    with pytest.raises(ClientError, match="no federation state of this datacenter") as raised:
        await client.internal.federation_state.get("nowhere")
    # An older agent's answer could be a proxy's.
    assert isinstance(raised.value, NotFound) is not world.is_before(1, 9)


@succeeds("internal.service_virtual_ip", _NOT_SIMULATED)
async def a_virtual_address(client: Any, world: World) -> None:
    assert await client.internal.service_virtual_ip(world.name("svc"), ["240.0.0.9"]) == {"Found": False, "UnassignedFrom": None}


@fails("internal.service_virtual_ip", _NOT_SIMULATED)
async def no_virtual_address(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="is not a valid ip address"):
        await client.internal.service_virtual_ip("web", ["x"])


@succeeds(_UI + "nodes", _NOT_SIMULATED)
@succeeds(_UI + "node", _NOT_SIMULATED)
@succeeds(_UI + "services", _NOT_SIMULATED)
async def the_nodes_and_services(client: Any, world: World) -> None:
    ui, name = client.internal.ui, world.agent.node_name
    (node,) = await ui.nodes(filter=f'Node == "{name}"')
    assert (node["Node"], node["Address"]) == (name, "127.0.0.1")
    assert "consul" in [service["Service"] for service in node["Services"]]
    assert (await ui.node(name))["ID"] == node["ID"]
    (consul,) = [service for service in await ui.services() if service["Name"] == "consul"]
    assert (consul["Nodes"], consul["InstanceCount"]) == ([name], 1)


@fails(_UI + "nodes", _NOT_SIMULATED)
@fails(_UI + "services", _NOT_SIMULATED)
@fails(_UI + "node", _NOT_SIMULATED)
async def nothing_of_an_unknown_datacenter(client: Any, world: World) -> None:
    ui = client.using(datacenter="nowhere").internal.ui
    for call in (ui.nodes, ui.services):
        with pytest.raises(ServerError, match="No path to datacenter"):
            await call()
    with pytest.raises(ClientError, match="no such node") as raised:
        await client.internal.ui.node("nobody")
    assert isinstance(raised.value, NotFound) is not world.is_before(1, 9)


@succeeds(_UI + "exported_services", _NOT_SIMULATED)
async def nothing_is_exported(client: Any, world: World) -> None:
    assert await client.internal.ui.exported_services("nobody") == []


@succeeds(_UI + "catalog_overview", _NOT_SIMULATED)
async def the_overview(client: Any, world: World) -> None:
    overview = await client.internal.ui.catalog_overview()
    assert set(overview) == {"Nodes", "Services", "Checks"}


@fails(_UI + "exported_services", _NOT_SIMULATED)
async def no_exported_services_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.internal.ui.exported_services("two", datacenter="nowhere")


@fails(_UI + "catalog_overview", _NOT_SIMULATED)
async def no_overview_without_a_right(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).internal.ui.catalog_overview()


@succeeds(_UI + "gateway_services_nodes", _NOT_SIMULATED)
async def nothing_behind_an_unknown_gateway(client: Any, world: World) -> None:
    assert await client.internal.ui.gateway_services_nodes("nobody") == []


@fails(_UI + "gateway_services_nodes", _NOT_SIMULATED)
async def no_gateway_without_a_right(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).internal.ui.gateway_services_nodes("nobody")


@succeeds(_UI + "gateway_intentions", _NOT_SIMULATED)
@succeeds(_UI + "service_topology", _NOT_SIMULATED)
async def the_mesh_around_an_unknown_service(client: Any, world: World) -> None:
    assert await client.internal.ui.gateway_intentions("nobody") == []
    topology = await client.internal.ui.service_topology("nobody")
    assert (topology["Protocol"], topology["Upstreams"], topology["Downstreams"]) == ("tcp", [], [])


@fails(_UI + "gateway_intentions", _NOT_SIMULATED)
@fails(_UI + "service_topology", _NOT_SIMULATED)
async def no_topology_of_an_unknown_kind(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match='Unsupported service kind "x"'):
        await client.internal.ui.service_topology("web", kind="x")
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).internal.ui.gateway_intentions("nobody")


@fails(_UI + "metrics_proxy", _NOT_SIMULATED)
async def no_metrics_proxy(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="Metrics proxy is not enabled; configure ui_config.metrics_proxy"):
        await client.internal.ui.metrics_proxy("api/v1/query", query={"query": "up"})
