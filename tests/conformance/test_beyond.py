"""What Consulate does beyond the document, on every agent and every client."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from consulate import AsyncConsul, Consul
from consulate.api.txn import kv_cas, kv_check_not_exists, kv_get, kv_get_tree, kv_set
from consulate.exceptions import ClientError, ConsulateException, Forbidden, NotFound, Redirected, ServerError, TransactionFailed
from tests.agents import Agent
from tests.conformance import rows_acl, rows_blocking, rows_names, rows_reads, rows_refusals, rows_services, rows_values
from tests.conformance.table import BEYOND, Check
from tests.conformance.world import World
from tests.faces import ALL, Face, outcome

assert all((rows_acl, rows_blocking, rows_names, rows_reads, rows_refusals, rows_services, rows_values))  # they fill the table

pytestmark = [pytest.mark.parametrize("face", ALL, ids=str)]

#: The row that needs the agent's coordinates comes last, when the agent has them.
_IN_TURN = sorted(BEYOND, key=lambda row: row is rows_reads.the_nearest_first)


@pytest.mark.parametrize("row", _IN_TURN, ids=lambda row: str(row.__name__).replace("_", " "))
def test_row(row: Check, agent: Agent, face: Face) -> None:
    World(face, agent).run(row)


def _on(agent: Agent, face: Face, scenario: Callable[[Any, World], Any]) -> None:
    World(face, agent).run(scenario)


def test_reads_in_every_consistency(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        key = world.name()
        await client.kv.put(key, "v")
        for consistency in ("default", "leader", "stale", "consistent"):
            assert await client.kv.get(key, consistency=consistency) == "v"
            assert await client.using(consistency=consistency).kv.get(key) == "v"
            assert await client.catalog.nodes(consistency=consistency)
        reply = await client.perform_with_meta(client.ops.catalog.nodes(consistency="stale"))
        assert reply.meta.effective_consistency == "stale"
        assert await client.kv.get(key, consistency="stale", max_stale="10s") == "v"

    _on(agent, face, scenario)


def test_meta(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        reply = await client.perform_with_meta(client.ops.kv.get(world.name()))
        assert reply.value is None
        assert (reply.meta.index or 0) > 0
        assert reply.meta.known_leader is True
        assert reply.meta.last_contact == 0.0

    _on(agent, face, scenario)


def test_a_blocking_read_without_a_change_ends_after_its_wait(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        key = world.name()
        await client.kv.put(key, "v")
        index = (await client.perform_with_meta(client.ops.kv.get(key))).meta.index
        reply = await client.perform_with_meta(client.ops.kv.get(key, index=index, wait="100ms"))
        assert (reply.value, reply.meta.index) == ("v", index)

    _on(agent, face, scenario)


def test_a_blocking_read_wakes_on_a_write(agent: Agent, face: Face) -> None:
    world = World(face, agent)
    key = world.name()
    if face.backend is None:
        from concurrent.futures import ThreadPoolExecutor

        with Consul(*world.address, timeout=30) as client, ThreadPoolExecutor() as threads:
            client.kv.put(key, "before")
            index = client.perform_with_meta(client.ops.kv.get(key)).meta.index or 1
            waiting = threads.submit(client.kv.get, key, index=index, wait="60s")
            client.kv.put(key, "after")
            assert waiting.result(30) == "after"
        return

    async def main() -> None:
        async with AsyncConsul(*world.address, timeout=30) as client:
            await client.kv.put(key, "before")
            index = (await client.perform_with_meta(client.ops.kv.get(key))).meta.index or 1
            seen: list[object] = []

            async def watch() -> None:
                seen.append(await client.kv.get(key, index=index, wait="60s"))

            with anyio.fail_after(30):
                async with anyio.create_task_group() as group:
                    group.start_soon(watch)
                    await client.kv.put(key, "after")
            assert seen == ["after"]

    anyio.run(main, backend=face.backend)


def test_lists_that_are_filtered_sorted_and_cached(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        node, other, service = world.name("node"), world.name("node"), world.name("svc")
        for name, team, port in ((node, "a", 80), (other, "b", 81)):
            await client.catalog.register(
                name, "10.0.0.1", service={"Service": service, "Port": port, "Tags": [team]}, node_meta={"team": team}
            )
        assert [entry["Node"] for entry in await client.catalog.nodes(node_meta={"team": "a"}) if entry["Node"] in (node, other)] == [node]
        assert [entry["Node"] for entry in await client.catalog.nodes(filter=f'Node == "{other}"')] == [other]
        assert len(await client.catalog.nodes(near="_agent")) >= 3
        assert [entry["ServicePort"] for entry in await client.catalog.service(service, filter="ServicePort == 81")] == [81]
        assert [entry["ServicePort"] for entry in await client.catalog.service(service, tag="a", near="_agent")] == [80]
        assert {entry["Service"]["Port"] for entry in await client.health.service(service)} == {80, 81}
        assert {entry["Service"] for entry in await client.catalog.services(node_meta={"team": "b"})} >= {service}
        reply = await client.perform_with_meta(client.ops.health.service(service, cached=True, max_age=60))
        assert reply.meta.cache in ("HIT", "MISS")
        assert await client.catalog.datacenters(cached=True) == [world.agent.datacenter]
        with pytest.raises(ServerError, match="Failed to create boolean expression evaluator"):
            await client.catalog.nodes(filter="(((")
        for name in (node, other):
            await client.catalog.deregister(name)

    _on(agent, face, scenario)


def test_other_datacenters_and_tokens(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        assert await client.kv.get(world.name(), datacenter=world.agent.datacenter) is None
        with pytest.raises(ServerError, match="No path to datacenter"):
            await client.using(datacenter="nowhere").kv.get("k")
        with pytest.raises(ServerError):
            await client.using(datacenter="nowhere").catalog.register(world.name(), "10.0.0.1")
        for view in (client.using(token=None), client.using(token=world.name())):
            with pytest.raises(Forbidden):
                await view.session.create()
            with pytest.raises(Forbidden):
                await view.event.fire(world.name())

    _on(agent, face, scenario)


def test_transactions(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        prefix = world.name()
        await client.txn.commit([kv_set(f"{prefix}/a", 1, flags=5), kv_check_not_exists(f"{prefix}/b"), kv_set(f"{prefix}/b", "v")])
        results = await client.txn.commit([kv_get(f"{prefix}/a"), kv_get_tree(prefix)])
        assert [base64.b64decode(result["KV"]["Value"]) for result in results] == [b"1", b"1", b"v"]
        with pytest.raises(TransactionFailed) as raised:
            await client.txn.commit([kv_set(f"{prefix}/a", 2), kv_cas(f"{prefix}/b", 3, index=1)])
        assert [error["OpIndex"] for error in raised.value.errors] == [1]
        assert await client.kv.get(f"{prefix}/a") == 1
        with pytest.raises(Forbidden):
            await client.using(token=None).txn.commit([kv_set(f"{prefix}/a", 2)])
        found = await client.txn.commit([{"Node": {"Verb": "get", "Node": {"Node": world.agent.node_name}}}])
        assert found[0]["Node"]["Node"] == world.agent.node_name

    _on(agent, face, scenario)


def test_many_keys(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        prefix = world.name()
        keys = {f"{prefix}/{number}": {"n": number} for number in range(150)}
        await client.kv.put_many(keys)
        assert await client.kv.count(prefix) == 150
        assert await client.kv.get_many([*keys, f"{prefix}/missing"]) == keys
        await client.kv.delete_many(list(keys)[:100])
        assert await client.kv.count(prefix) == 50
        await client.kv.delete(prefix, recurse=True)

    _on(agent, face, scenario)


def test_conditions_of_writes(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        key = world.name()
        assert await client.kv.put(key, "v", cas=0) is True
        assert await client.kv.put(key, "w", cas=0) is False
        index = (await client.kv.get_record(key))["ModifyIndex"]
        assert await client.kv.delete(key, cas=index + 1000) is False
        assert await client.kv.put(key, "w", cas=index, flags=9) is True
        assert (await client.kv.get_record(key))["Flags"] == 9
        session = await client.session.create()
        assert await client.kv.put(key, "mine", acquire=session) is True
        assert await client.kv.put(key, "free", release=session) is True
        await client.session.destroy(session)
        with pytest.raises(ServerError, match="invalid session"):
            await client.kv.put(key, "v", acquire=session)

    _on(agent, face, scenario)


def test_values(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        prefix = world.name("grüße/a b?c#d&e+f;😀")
        values: tuple[Any, ...] = (
            "",
            "text",
            "ünïcode",
            b"\x00\xff",
            True,
            False,
            17,
            1.5,
            [1, "2", None],
            {"a": {"b": []}},
            "1.10",
            "null",
        )
        for value in values:
            await client.kv.put(prefix, value)
            read = await client.kv.get(prefix)
            assert read == value
            assert type(read) is type(value)
        await client.kv.put(prefix, None)
        assert await client.kv.get(prefix, raw=True) == b""
        assert await client.kv.keys(prefix[:-1]) == [prefix]

    _on(agent, face, scenario)


def test_values_as_text(agent: Agent, face: Face) -> None:
    world = World(face, agent)

    async def scenario(client: Any) -> None:
        key = world.name()
        await client.kv.put(key, [1])
        assert await client.kv.get(key) == "[1]"
        assert await client.kv.items(key) == {key: "[1]"}
        assert await client.perform(client.ops.kv.get(key)) == "[1]"

    face.run(scenario, *world.address, timeout=30, kv_codec="text")


def test_a_value_over_the_limit(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        key = world.name()
        error = await outcome(client.kv.put(key, "x" * (512 * 1024 + 1)))
        assert type(error) is ClientError
        assert (error.status, error.maybe_applied) == (413, False)
        assert await client.kv.get(key) is None
        assert await client.kv.put(key, "x" * (512 * 1024)) is True

    _on(agent, face, scenario)


def test_a_key_with_a_leading_slash(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        key = "/" + world.name()
        if world.is_before(1, 21, 5):
            with pytest.raises(Redirected) as raised:
                await client.kv.put(key, "v")
            assert raised.value.maybe_applied is False
            assert f"/v1/kv{key} " in str(raised.value)
            assert await client.kv.get(key[1:]) is None
        else:
            await client.kv.put(key, "v")
            assert key in await client.kv.keys(key)
            await client.kv.delete(key)

    _on(agent, face, scenario)


def test_services_of_the_agent(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        name = world.name("svc")
        await client.agent.service.register(
            name, port=80, ttl="60s", meta={"m": "1"}, weights={"Passing": 3, "Warning": 1}, enable_tag_override=True
        )
        found = await client.agent.service.get(name)
        assert (found["Service"], found["Meta"], found["Weights"]) == (name, {"m": "1"}, {"Passing": 3, "Warning": 1})
        again = await client.agent.service.get(name, hash="another", wait="1s")
        assert again["ContentHash"] == found["ContentHash"]
        assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] == "critical"
        await client.agent.check.update("service:" + name, "warning", "so so")
        assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] == "warning"
        await client.agent.check.ttl_pass("service:" + name, "fine")
        assert [info["AggregatedStatus"] for info in await client.agent.service.health_by_name(name)] == ["passing"]
        assert await client.agent.service.maintenance(name, reason="work") is True
        assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] in ("critical", "maintenance")
        await client.agent.service.maintenance(name, False)
        assert name in [service["ID"] for service in await client.agent.services(filter=f'Service == "{name}"')]
        await client.agent.service.register(name, replace_existing_checks=True)
        assert [check for check in await client.agent.checks() if check["ServiceID"] == name] == []
        await client.agent.service.deregister(name)
        for call in (client.agent.service.get(name), client.agent.service.health_by_id(name)):
            with pytest.raises(NotFound):
                await call
        assert await client.agent.service.health_by_name(name) == []

    _on(agent, face, scenario)


def test_the_agent_itself(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        assert (await client.agent.self())["Config"]["Version"] == world.agent.version
        assert (await client.agent.host())["Host"]
        assert "Gauges" in await client.agent.metrics()
        assert await client.agent.reload() is True
        if world.is_before(1, 16):
            with pytest.raises(ClientError, match="the agent has no such endpoint"):
                await client.agent.version()
        else:
            assert (await client.agent.version())["HumanVersion"].startswith(world.agent.version)
        assert await client.agent.maintenance(True, "testing") is True
        assert "_node_maintenance" in [check["CheckID"] for check in await client.agent.checks()]
        assert await client.agent.maintenance(False) is True

    _on(agent, face, scenario)


def test_the_rest_of_catalog_and_health(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        found = await client.catalog.node_services(world.agent.node_name)
        assert "consul" in [service["Service"] for service in found["Services"]]
        assert await client.catalog.node_services(world.name()) == {"Node": None, "Services": None}
        assert await client.catalog.gateway_services(world.name()) == []
        assert await client.catalog.connect(world.name()) == []
        assert await client.health.connect(world.name(), passing=True) == []
        assert await client.health.ingress(world.name()) == []
        assert await client.status.peers(datacenter=world.agent.datacenter)

    _on(agent, face, scenario)


def test_consul_refuses_enterprise_scopes(agent: Agent, face: Face) -> None:
    async def scenario(client: Any, world: World) -> None:
        with pytest.raises(ConsulateException, match="Enterprise"):
            await client.using(namespace="team").kv.get(world.name())

    _on(agent, face, scenario)
