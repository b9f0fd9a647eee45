"""Trials of coordinate.*."""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.types.coordinate import Coordinate
from consulate.exceptions import ClientError, Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import UNTRIED, fails, succeeds
from tests.conformance.world import World
from tests.faces import outcome

_POINT: Coordinate = {"Vec": [0.25] * 8, "Error": 0.5, "Adjustment": 0, "Height": 0.001}

UNTRIED["coordinate.datacenters", "error"] = "only an agent with disable_coordinates refuses this call"


@succeeds("coordinate.datacenters")
async def the_servers_of_all_datacenters(client: Any, world: World) -> None:
    [found] = await client.coordinate.datacenters()
    assert (found["Datacenter"], found["AreaID"]) == (world.agent.datacenter, "wan")


@succeeds("coordinate.nodes")
async def the_nodes(client: Any, world: World) -> None:
    # A new agent has no coordinate for some seconds.
    found = await world.wait_until(client.coordinate.nodes)
    assert world.agent.node_name in [entry["Node"] for entry in found]


@fails("coordinate.nodes")
async def the_nodes_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.coordinate.nodes(datacenter="nowhere")


@succeeds("coordinate.node")
async def one_node(client: Any, world: World) -> None:
    await world.wait_until(client.coordinate.nodes)
    [found] = await client.coordinate.node(world.agent.node_name)
    assert (found["Node"], found["Segment"], len(found["Coord"]["Vec"])) == (world.agent.node_name, "", 8)


@fails("coordinate.node")
async def an_unknown_node(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="no such node") as raised:
        await client.coordinate.node(world.name())
    assert type(raised.value) is (ClientError if world.is_before(1, 11) else NotFound)


@succeeds("coordinate.update")
async def set_the_coordinate_of_a_node(client: Any, world: World) -> None:
    node = world.name("node")
    await client.catalog.register(node, "10.0.0.1")
    assert await client.coordinate.update(node, _POINT) is True

    async def is_set() -> bool:
        found = await outcome(client.coordinate.node(node))
        return not isinstance(found, Exception) and found[0]["Coord"] == _POINT

    # The servers write coordinates in batches, every five seconds.
    await world.wait_until(is_set)
    await client.catalog.deregister(node)


@fails("coordinate.update")
async def set_a_coordinate_of_another_dimension(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="incompatible coordinate"):
        await client.coordinate.update(world.agent.node_name, {**_POINT, "Vec": [0.25]})
    with pytest.raises(Forbidden):
        await client.using(token=None).coordinate.update(world.agent.node_name, _POINT)
