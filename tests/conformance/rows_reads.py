"""Options of reads: consistency, order, filters, the agent's cache, and the metadata of answers. Beyond the document."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ServerError
from tests.conformance.table import beyond
from tests.conformance.world import World
from tests.faces import URLLIB3


@beyond
async def the_consistency_that_was_asked_for(client: Any, world: World) -> None:
    for asked, effective in {"default": "leader", "leader": "leader", "stale": "stale", "consistent": "consistent"}.items():
        for reading in (
            client.perform_with_meta(client.ops.catalog.nodes(consistency=asked)),
            client.using(consistency=asked).perform_with_meta(client.ops.health.node(world.agent.node_name)),
        ):
            meta = (await reading).meta
            assert (meta.effective_consistency, meta.known_leader, meta.last_contact) == (effective, True, 0.0)
    by_call = client.using(consistency="stale").perform_with_meta(client.ops.catalog.nodes(consistency="consistent"))
    assert (await by_call).meta.effective_consistency == "consistent"


@beyond
async def an_answer_about_itself(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.put(key, "v")
    reply = await client.perform_with_meta(client.ops.kv.get_record(key))
    assert reply.value["Value"] == "v"
    assert reply.meta.index == reply.value["ModifyIndex"]
    assert reply.meta.known_leader is True
    assert reply.meta.default_acl_policy == (None if world.is_before(1, 9) else "deny")
    assert reply.meta.cache is None


@beyond
async def the_nearest_first(client: Any, world: World) -> None:
    """A node without coordinates is the farthest. The agent has coordinates some seconds after its start."""
    here, far = world.agent.node_name, "0-" + world.name("node")
    await client.catalog.register(far, "10.0.0.1")

    async def order(**options: str) -> list[str]:
        return [entry["Node"] for entry in await client.catalog.nodes(**options) if entry["Node"] in (here, far)]

    async def nearest_is_here() -> bool:
        return await order(near="_agent") == [here, far]

    assert await order() == [far, here]
    await world.wait_until(nearest_is_here)
    assert await order(near=here) == [here, far]
    await client.catalog.deregister(far)


@beyond
async def several_tags_and_metadata(client: Any, world: World) -> None:
    service = world.name("svc")
    nodes = {world.name("node"): (["a", "b"], {"rack": "1", "team": service}), world.name("node"): (["a"], {"rack": "2", "team": service})}
    for node, (tags, meta) in nodes.items():
        check = {"CheckID": node, "Name": "c", "ServiceID": service, "Status": "passing"}
        await client.catalog.register(node, "10.0.0.1", service={"Service": service, "Tags": tags}, check=check, node_meta=meta)
    both, one = nodes
    assert [entry["Node"]["Node"] for entry in await client.health.service(service, tag=["a", "b"])] == [both]
    assert [entry["Node"] for entry in await client.catalog.service(service, tag=("b", "a"))] == [both]
    assert {entry["Node"]["Node"] for entry in await client.health.service(service, tag="a")} == {both, one}
    assert [entry["Node"]["Node"] for entry in await client.health.service(service, node_meta={"rack": "2"})] == [one]
    assert [entry["Node"] for entry in await client.catalog.nodes(node_meta={"team": service, "rack": "1"})] == [both]
    assert [entry["Node"] for entry in await client.health.checks(service, node_meta={"rack": "1"})] == [both]
    assert [entry["Node"] for entry in await client.health.state("any", node_meta={"team": service, "rack": "2"})] == [one]
    for node in nodes:
        await client.catalog.deregister(node)


@beyond
async def filters(client: Any, world: World) -> None:
    node, service = world.name("node"), world.name("svc")
    for number in (1, 2):
        check = {"CheckID": f"{node}-{number}", "Name": "c", "ServiceID": f"{service}-{number}", "Status": "passing"}
        await client.catalog.register(
            node, "10.0.0.1", service={"ID": f"{service}-{number}", "Service": service, "Port": number}, check=check
        )
    assert [entry["Service"]["Port"] for entry in await client.health.service(service, filter="Service.Port == 2")] == [2]
    assert [entry["CheckID"] for entry in await client.health.node(node, filter=f'CheckID != "{node}-1"')] == [f"{node}-2"]
    assert [entry["CheckID"] for entry in await client.health.checks(service, filter='CheckID matches "-1$"')] == [f"{node}-1"]
    assert [entry["CheckID"] for entry in await client.health.state("passing", filter=f"CheckID == `{node}-2`")] == [f"{node}-2"]
    assert list((await client.catalog.node(node, filter="Port == 1"))["Services"]) == [f"{service}-1"]
    assert [entry["ID"] for entry in (await client.catalog.node_services(node, filter="Port == 2"))["Services"]] == [f"{service}-2"]
    await client.agent.service.register(service, tags=["x"])
    assert [entry["ID"] for entry in await client.agent.services(filter=f'"x" in Tags and ID == "{service}"')] == [service]
    with pytest.raises(ServerError, match='Selector "Nothing" is not valid'):
        await client.catalog.nodes(filter='Nothing == "x"')
    await client.agent.service.deregister(service)
    await client.catalog.deregister(node)


@beyond
async def the_cache_of_the_agent(client: Any, world: World) -> None:
    for _ in range(20):
        service, node = world.name("svc"), world.name("node")
        await client.catalog.register(node, "10.0.0.1", service={"Service": service})
        first = await client.perform_with_meta(client.ops.health.service(service, cached=True))
        if first.meta.cache == "MISS":
            break
        # Since 1.10, the agent subscribes to a service when it is first asked. On a busy machine, the events may come before it looks.
        assert first.meta.cache == "HIT"
    assert first.meta.cache == "MISS"
    again = await client.perform_with_meta(client.ops.health.service(service, cached=True, max_age=60, stale_if_error="5m"))
    assert (again.meta.cache, again.value) == ("HIT", first.value)
    assert 0 <= again.meta.age < 60
    past = await client.perform_with_meta(client.ops.health.service(service))
    assert (past.meta.cache, past.value) == (None, first.value)
    with pytest.raises(ValueError, match="cannot be combined"):
        await client.health.service(service, cached=True, consistency="consistent")
    await client.catalog.deregister(node)


@beyond
async def a_cached_answer_that_is_too_old(client: Any, world: World) -> None:
    """Only on one client, because each run waits until the answer has aged."""
    if world.face is not URLLIB3:
        return

    async def has_aged() -> bool:
        return ((await client.perform_with_meta(client.ops.catalog.datacenters(cached=True))).meta.age or 0) >= 2

    await world.wait_until(has_aged)
    fresh = await client.perform_with_meta(client.ops.catalog.datacenters(cached=True, max_age="1s"))
    assert (fresh.meta.cache, fresh.value) == ("MISS", [world.agent.datacenter])


@beyond
async def raw_values_and_codecs(client: Any, world: World) -> None:
    key = world.name()
    for stored in (b"", b"1", b"\x00\xff", b"true", '{"ü": 1}'.encode(), b" 1 "):
        await client.kv.put(key, stored)
        assert await client.kv.get(key, raw=True) == await client.kv.read(key, raw=True) == stored
        # Writing back the value that was read keeps the same bytes.
        await client.kv.put(key, await client.kv.get(key))
        assert await client.kv.get(key, raw=True) == stored
    async with world.another(kv_codec="text") as texts:
        await texts.kv.put(key, {"a": 1})
        assert await texts.kv.get(key) == '{"a": 1}'
        assert await texts.kv.get_many([key]) == {key: '{"a": 1}'}
        assert (await texts.kv.get_record(key))["Value"] == '{"a": 1}'
    assert await client.kv.get(key) == {"a": 1}
