"""Trials of operator.*. What needs encrypted gossip or a second server is in test_special_agents.py and test_two_agents.py."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World

#: 16 bytes, all of them 0.
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


@succeeds("operator.raft.configuration")
async def the_servers(client: Any, world: World) -> None:
    for consistency in ("default", "stale"):
        (server,) = (await client.operator.raft.configuration(consistency=consistency))["Servers"]
        assert (server["Node"], server["Leader"], server["Voter"]) == (world.agent.node_name, True, True)


@fails("operator.raft.remove_peer")
async def no_end_of_an_unknown_server(client: Any, world: World) -> None:
    for named in ({"id": "nobody"}, {"address": "127.0.0.1:1"}):
        with pytest.raises(ServerError, match="was not found in the Raft configuration"):
            await client.operator.raft.remove_peer(**named)


@fails("operator.raft.transfer_leader")
async def nobody_else_can_lead(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="cannot find peer"):
        await client.operator.raft.transfer_leader()
    with pytest.raises(ServerError, match="Could not find address for server id nobody"):
        await client.operator.raft.transfer_leader(id="nobody")


@succeeds("operator.autopilot.config_get")
@succeeds("operator.autopilot.config_set")
async def a_configuration_is_read_changed_and_put_back(client: Any, world: World) -> None:
    autopilot = client.operator.autopilot
    before = await autopilot.config_get()
    same = {
        "cleanup_dead_servers": before["CleanupDeadServers"],
        "max_trailing_logs": before["MaxTrailingLogs"],
        "min_quorum": before["MinQuorum"],
        "server_stabilization_time": before["ServerStabilizationTime"],
    }
    assert await autopilot.config_set(**same, last_contact_threshold=0.3, cas=before["ModifyIndex"]) is True
    assert (await autopilot.config_get())["LastContactThreshold"] == "300ms"
    assert await autopilot.config_set(**same, cas=before["ModifyIndex"]) is False
    assert await autopilot.config_set(**same, last_contact_threshold=before["LastContactThreshold"]) is True
    after = await autopilot.config_get()
    assert {**after, "ModifyIndex": 0} == {**before, "ModifyIndex": 0}


@succeeds("operator.autopilot.health")
async def the_health_of_the_servers(client: Any, world: World) -> None:
    async def healthy() -> Any:
        health = await client.operator.autopilot.health()
        return health if health["Healthy"] else None

    (server,) = (await world.wait_until(healthy))["Servers"]
    assert (server["Name"], server["SerfStatus"], server["Leader"]) == (world.agent.node_name, "alive", True)


@succeeds("operator.autopilot.state")
async def the_state_of_autopilot(client: Any, world: World) -> None:
    async def led() -> Any:
        state = await client.operator.autopilot.state()
        return state if state["Leader"] else None

    state = await world.wait_until(led)
    assert state["Voters"] == [state["Leader"]]
    assert state["Servers"][state["Leader"]]["Name"] == world.agent.node_name


@fails("operator.raft.configuration")
@fails("operator.autopilot.config_get")
@fails("operator.autopilot.config_set")
@fails("operator.autopilot.health")
async def nothing_without_a_right(client: Any, world: World) -> None:
    operator = client.using(token=None).operator
    for call in (operator.raft.configuration, operator.autopilot.config_get, operator.autopilot.config_set, operator.autopilot.health):
        with pytest.raises(Forbidden, match="Permission denied"):
            await call()


@fails("operator.autopilot.state")
@fails("operator.usage")
async def nothing_newer_without_a_right(client: Any, world: World) -> None:
    operator = client.using(token=None).operator
    for call in (operator.autopilot.state, operator.usage):
        with pytest.raises(Forbidden, match="Permission denied"):
            await call()


@fails("operator.keyring.list")
async def no_keys_without_encryption(client: Any, world: World) -> None:
    for local_only, errors in ((False, 4), (True, 2)):
        with pytest.raises(ServerError, match=f"{errors} errors occurred.*Keyring is empty"):
            await client.operator.keyring.list(local_only=local_only)
    with pytest.raises(Forbidden, match="denied"):
        await client.using(token=None).operator.keyring.list()


@fails("operator.keyring.install")
@fails("operator.keyring.use")
@fails("operator.keyring.remove")
async def no_change_of_keys_without_encryption(client: Any, world: World) -> None:
    for name in ("install", "use", "remove"):
        with pytest.raises(ServerError, match="No keyring to modify") as raised:
            await getattr(client.operator.keyring, name)(_KEY)
        assert _KEY not in str(raised.value)
        with pytest.raises(Forbidden, match="denied"):
            await getattr(client.using(token=None).operator.keyring, name)(_KEY)


@succeeds("operator.usage")
async def the_usage(client: Any, world: World) -> None:
    for everywhere in (False, True):
        usage = (await client.operator.usage(global_=everywhere))["Usage"]
        assert list(usage) == [world.agent.datacenter]
        assert usage[world.agent.datacenter]["Services"] >= 1
