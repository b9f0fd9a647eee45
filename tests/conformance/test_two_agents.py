"""Calls that need two real agents: joining over LAN and WAN, another datacenter, a second server, and a cluster peer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from typing import Any

import pytest

from consulate.exceptions import ConsulateException, Forbidden, NotFound
from tests.agents import Agent, Binary, find_binaries, require_binary, start_agent
from tests.conformance.endpoints.trial import has_endpoint, tries
from tests.conformance.world import World
from tests.faces import ASYNCIO, URLLIB3, Face

_BINARIES: list[Binary | None] = [*find_binaries()] or [None]

pytestmark = [
    pytest.mark.parametrize("face", [URLLIB3, ASYNCIO], ids=str),
    pytest.mark.parametrize("found", _BINARIES, ids=lambda found: str(found.version) if found else "no Consul"),
]

#: States of a member, as gossip numbers them.
_ALIVE, _FAILED = 1, 4

_OTHER = "other-node"

Scenario = Callable[[Any, Any, World], Coroutine[Any, Any, None]]


def _run(face: Face, first: Agent, second: Agent, scenario: Scenario) -> None:
    """Run a scenario with a client of each agent."""

    async def both(here: Any, world: World) -> None:
        async with World(face, second).another() as there:
            await scenario(here, there, world)

    World(face, first).run(both)


async def _gossip_port(client: Any, node: str, wan: bool = False) -> int:
    (port,) = [member["Port"] for member in await client.agent.members(wan=wan) if member["Name"].partition(".")[0] == node]
    return int(port)


async def _states(client: Any, wan: bool = False) -> dict[str, int]:
    return {member["Name"]: member["Status"] for member in await client.agent.members(wan=wan)}


def _is(look: Callable[[], Awaitable[Any]], expected: object) -> Callable[[], Awaitable[bool]]:
    """Return a function that says whether an answer is the expected one."""

    async def is_it() -> bool:
        return bool(await look() == expected)

    return is_it


def test_an_agent_joins_fails_and_is_forced_to_leave(face: Face, found: Binary | None) -> None:
    binary = require_binary(found)
    with start_agent(binary, acls=False) as first, ExitStack() as running:
        second = running.enter_context(start_agent(binary, acls=False, node=_OTHER))

        async def scenario(here: Any, there: Any, world: World) -> None:
            assert await here.agent.join(f"127.0.0.1:{await _gossip_port(there, _OTHER)}") is True
            both = {first.node_name: _ALIVE, _OTHER: _ALIVE}
            await world.wait_until(_is(lambda: _states(here), both))
            await world.wait_until(_is(lambda: _states(there), both))
            # It is stopped without a farewell, as servers are, so the first finds out by itself.
            running.close()
            await world.wait_until(_is(lambda: _states(here), {first.node_name: _ALIVE, _OTHER: _FAILED}))
            assert await here.agent.force_leave(_OTHER, prune=True) is True
            await world.wait_until(_is(lambda: _states(here), {first.node_name: _ALIVE}))

        _run(face, first, second, scenario)


def test_datacenters_are_joined_over_the_wan(face: Face, found: Binary | None) -> None:
    binary = require_binary(found)
    with start_agent(binary, acls=False) as first, start_agent(binary, acls=False, node=_OTHER, datacenter="dc2") as second:

        async def scenario(here: Any, there: Any, world: World) -> None:
            port = await _gossip_port(there, _OTHER, wan=True)
            assert await here.agent.join(f"127.0.0.1:{port}", wan=True) is True
            both = {f"{first.node_name}.dc1": _ALIVE, f"{_OTHER}.dc2": _ALIVE}
            await world.wait_until(_is(lambda: _states(here, wan=True), both))
            await world.wait_until(_is(lambda: _states(there, wan=True), both))

            async def datacenters() -> Any:
                return sorted(await here.catalog.datacenters())

            await world.wait_until(_is(datacenters, ["dc1", "dc2"]))

            async def servers() -> Any:
                return {
                    area["Datacenter"]: [entry["Node"] for entry in area["Coordinates"]] for area in await here.coordinate.datacenters()
                }

            await world.wait_until(_is(servers, {"dc1": [first.node_name], "dc2": [_OTHER]}))
            key = world.name()
            assert await there.kv.put(key, "there") is True
            assert await here.kv.get(key, datacenter="dc2") == "there"
            assert await here.kv.get(key) is None
            assert await here.kv.put(key, "from afar", datacenter="dc2") is True
            assert await there.kv.get(key) == "from afar"
            assert [node["Node"] for node in await here.catalog.nodes(datacenter="dc2")] == [_OTHER]
            assert (await here.operator.raft.configuration(datacenter="dc2"))["Servers"][0]["Node"] == _OTHER
            if has_endpoint("operator.usage", binary.version):
                assert sorted((await here.operator.usage(global_=True))["Usage"]) == ["dc1", "dc2"]

        _run(face, first, second, scenario)


@tries("operator.raft.remove_peer", "operator.raft.transfer_leader")
def test_a_second_server_leads_and_is_removed(face: Face, found: Binary | None) -> None:
    binary = require_binary(found)

    async def scenario(here: Any, there: Any, world: World) -> None:
        raft = here.operator.raft

        async def servers() -> Any:
            return {server["Node"]: server for server in (await raft.configuration())["Servers"] if server["Voter"]}

        async def both_vote() -> Any:
            voters = await servers()
            return voters if len(voters) > 1 else None

        autopilot = {"last_contact_threshold": "10s", "max_trailing_logs": 250, "cleanup_dead_servers": False}
        assert await here.operator.autopilot.config_set(server_stabilization_time="1ms", **autopilot) is True
        voters = await world.wait_until(both_vote)
        for leader in (_OTHER, world.agent.node_name):
            if has_endpoint("operator.raft.transfer_leader", binary.version):
                assert await raft.transfer_leader(id=voters[leader]["ID"]) is True
                await world.wait_until(_is(here.status.leader, voters[leader]["Address"]))
            else:
                with pytest.raises(ConsulateException):
                    await raft.transfer_leader(id=voters[leader]["ID"])
        assert await raft.remove_peer(id=voters[_OTHER]["ID"]) is True
        assert _OTHER not in await servers()

    with start_agent(binary, acls=False) as first:
        lan: list[int] = []

        async def ask(client: Any, world: World) -> None:
            lan.append(await _gossip_port(client, first.node_name))

        World(face, first).run(ask)
        joining = {"bootstrap": False, "retry_join": [f"127.0.0.1:{lan[0]}"]}
        with start_agent(binary, acls=False, node=_OTHER, settings=joining) as second:
            _run(face, first, second, scenario)


@tries("peering.generate_token", "peering.establish", "peering.read")
def test_two_clusters_are_peers(face: Face, found: Binary | None) -> None:
    binary = require_binary(found)

    async def scenario(here: Any, there: Any, world: World) -> None:
        token = await there.peering.generate_token("one", meta={"env": "test"})
        assert (await there.peering.read("one"))["State"] == "PENDING"
        assert await here.peering.establish("two", token) is True

        async def states() -> Any:
            return [(await here.peering.read("two"))["State"], (await there.peering.read("one"))["State"]]

        await world.wait_until(_is(states, ["ACTIVE", "ACTIVE"]))
        with pytest.raises(Forbidden, match="a new peering token must be generated") as raised:
            await here.peering.establish("again", token)
        assert token not in str(raised.value)
        (peering,) = [one for one in await here.peering.list() if one["Name"] == "two"]
        assert peering["Remote"]["Datacenter"] == "dc2"
        assert (await there.peering.read("one"))["Meta"] == {"env": "test"}
        await _use(here, there, world)
        assert await here.peering.delete("two") is True

        async def ended() -> Any:
            return [one["Name"] for one in await here.peering.list()], (await there.peering.read("one"))["State"]

        # The attempt that failed left its peering.
        await world.wait_until(_is(ended, (["again"], "TERMINATED")))
        with pytest.raises(NotFound, match='Peering not found for "two"'):
            await here.peering.read("two")

    async def absent(here: Any, there: Any, world: World) -> None:
        with pytest.raises(ConsulateException):
            await there.peering.generate_token("one")

    with (
        start_agent(binary, acls=False, grpc=True) as first,
        start_agent(binary, acls=False, grpc=True, node=_OTHER, datacenter="dc2") as second,
    ):
        _run(face, first, second, scenario if has_endpoint("peering.establish", binary.version) else absent)


async def _use(here: Any, there: Any, world: World) -> None:
    """Export a service over a peering, and find it on the other side."""
    exported = {"Kind": "exported-services", "Name": "default", "Services": [{"Name": "web", "Consumers": [{"Peer": "one"}]}]}
    await there.request("PUT", "/v1/config", body=exported)
    await there.agent.service.register("web", port=80)

    async def imported() -> Any:
        return [(entry["Service"]["Service"], entry["Service"]["Port"]) for entry in await here.health.service("web", peer="two")]

    await world.wait_until(_is(imported, [("web", 80)]))
    assert [service["Name"] for service in await there.internal.ui.exported_services("one")] == ["web"]
    assert (await here.peering.read("two"))["StreamStatus"]["ImportedServices"] == ["web"]
