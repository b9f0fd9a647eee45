"""Trials of agent.* and agent.token.*."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden, NotFound, RequestError, ServerError
from tests.conformance.endpoints.own_agents import client_of, started
from tests.conformance.endpoints.streamed import open_only, opened
from tests.conformance.endpoints.trial import UNTRIED, fails, succeeds
from tests.conformance.world import World

UNTRIED["agent.version", "error"] = "the agent answers every request; agents before 1.16 have no such route"


@succeeds("agent.self")
async def itself(client: Any, world: World) -> None:
    assert (await client.agent.self())["Config"]["NodeName"] == world.agent.node_name


@fails("agent.self")
async def itself_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.self()


@succeeds("agent.host")
async def its_machine(client: Any, world: World) -> None:
    assert (await client.agent.host())["Host"]["os"] == "linux"


@fails("agent.host")
async def its_machine_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.host()


@succeeds("agent.version")
async def its_version(client: Any, world: World) -> None:
    assert (await client.agent.version())["HumanVersion"].startswith(world.agent.version)


@succeeds("agent.members")
async def members(client: Any, world: World) -> None:
    assert [member["Name"] for member in await client.agent.members()] == [world.agent.node_name]


@fails("agent.members")
async def members_of_a_segment_in_the_wan(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="Cannot provide a segment with wan=true"):
        await client.agent.members(wan=True, segment="s")


@succeeds("agent.reload")
async def reload(client: Any, world: World) -> None:
    assert await client.agent.reload() is True


@fails("agent.reload")
async def reload_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.reload()


@succeeds("agent.maintenance")
async def maintenance(client: Any, world: World) -> None:
    try:
        assert await client.agent.maintenance(reason="a new disk") is True
        assert "a new disk" in [check["Notes"] for check in await client.agent.checks()]
    finally:
        assert await client.agent.maintenance(False) is True


@fails("agent.maintenance")
async def maintenance_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.maintenance()


@succeeds("agent.metrics")
async def metrics(client: Any, world: World) -> None:
    assert (await client.agent.metrics())["Timestamp"].endswith(" +0000 UTC")


@fails("agent.metrics")
async def metrics_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.metrics()


@succeeds("agent.metrics_stream")
async def metrics_of_an_interval(client: Any, world: World) -> None:
    async with opened(client, world, lambda api: api.agent.metrics_stream()) as intervals:
        await client.status.leader()
        first = await anext(intervals)
    assert {*first} == {"Timestamp", "Gauges", "Points", "Counters", "Samples"}


@fails("agent.metrics_stream")
async def metrics_stream_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await open_only(client.using(token=None), world, lambda api: api.agent.metrics_stream())


@succeeds("agent.monitor")
async def the_log(client: Any, world: World) -> None:
    name = world.name()
    for is_json in (False, True):
        async with opened(client, world, lambda api: api.agent.monitor(log_level="debug", log_json=is_json)) as lines:  # noqa: B023 - called now
            await client.kv.put(name, "v")
            line = await anext(lines)
            while name not in line:
                line = await anext(lines)
        assert line.startswith("{") is is_json
        assert "\n" not in line


@fails("agent.monitor")
async def the_log_of_an_unknown_level(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="Unknown log level: loud"):
        await open_only(client, world, lambda api: api.agent.monitor(log_level="loud"))


@succeeds("agent.join")
async def join(client: Any, world: World) -> None:
    """Two agents of different datacenters; an agent in memory can only join itself."""
    if world.agent.is_simulated:
        assert await client.agent.join("127.0.0.1") is True
        return
    with started(world) as one, started(world, datacenter="dc2") as other:
        async with client_of(world, one) as first, client_of(world, other) as second:
            gossip = (await second.agent.members(wan=True))[0]
            assert await first.agent.join(f"127.0.0.1:{gossip['Port']}", wan=True) is True

            async def both_know() -> bool:
                return all([len(await each.agent.members(wan=True)) == 2 for each in (first, second)])

            await world.wait_until(both_know)
            assert sorted(await first.catalog.datacenters()) == ["dc1", "dc2"]


@fails("agent.join")
async def join_where_nobody_is(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="Failed to join"):
        await client.agent.join("127.0.0.1:1")


@succeeds("agent.leave")
async def leave(client: Any, world: World) -> None:
    """It ends the agent, except a simulated one."""
    if world.agent.is_simulated:
        assert await client.agent.leave() is True
        return
    with started(world) as own:
        async with client_of(world, own) as leaving:

            async def is_gone() -> bool:
                try:
                    await leaving.status.leader()
                except RequestError:
                    return True
                except ServerError:
                    pass
                return False

            with suppress(RequestError):  # the connection may end before the answer
                assert await leaving.agent.leave() is True
            await world.wait_until(is_gone)


@fails("agent.leave")
async def leave_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).agent.leave()


@succeeds("agent.force_leave")
async def force_a_node_to_leave(client: Any, world: World) -> None:
    """A living node refutes it, so this harms nobody."""
    assert await client.agent.force_leave(world.agent.node_name) is True


@fails("agent.force_leave")
async def force_an_unknown_node_to_leave(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No node found with name 'nobody'"):
        await client.agent.force_leave("nobody")


@succeeds("agent.token.update")
async def token_of_the_agent(client: Any, world: World) -> None:
    """The token for replication: this agent replicates nothing."""
    assert await client.agent.token.update("replication", str(uuid.uuid4())) is True
    assert await client.agent.token.update("replication", "") is True


@fails("agent.token.update")
async def token_of_an_unknown_type(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match='Token "nothing" is unknown'):
        await client.agent.token.update("nothing", "t")
