"""Blocking reads: each is woken by another thread or task, or ends after its wait. Beyond the document."""

from __future__ import annotations

import time
from typing import Any

from consul_proto.operation import Operation
from tests.conformance.table import beyond
from tests.conformance.world import World

#: Longer than any test may take: a read that ends before was woken.
_LONG = "5m"


async def _index(client: Any, operation: Operation[Any]) -> int:
    index = (await client.perform_with_meta(operation)).meta.index
    assert isinstance(index, int)
    return index


@beyond
async def a_key_that_changes(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.put(key, "before")
    index = await _index(client, client.ops.kv.get(key))
    read = client.ops.kv.get(key, index=index, wait=_LONG)
    reply = await world.meanwhile(lambda: client.perform_with_meta(read), lambda: client.kv.put(key, "after"))
    assert reply.value == "after"
    assert reply.meta.index > index


@beyond
async def a_key_that_does_not_exist_yet(client: Any, world: World) -> None:
    key = world.name()
    index = await _index(client, client.ops.kv.get(key))
    assert await world.meanwhile(lambda: client.kv.get(key, index=index, wait=_LONG), lambda: client.kv.put(key, "there")) == "there"


@beyond
async def a_key_that_goes(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.put(key, "there")
    index = await _index(client, client.ops.kv.get(key))
    assert await world.meanwhile(lambda: client.kv.get(key, "gone", index=index, wait=_LONG), lambda: client.kv.delete(key)) == "gone"


@beyond
async def a_prefix(client: Any, world: World) -> None:
    prefix = world.name()
    await client.kv.put(f"{prefix}/a", 1)
    index = await _index(client, client.ops.kv.items(prefix))
    found = await world.meanwhile(lambda: client.kv.items(prefix, index=index, wait=_LONG), lambda: client.kv.put(f"{prefix}/b", 2))
    assert found == {f"{prefix}/a": 1, f"{prefix}/b": 2}


@beyond
async def a_node_of_the_catalog(client: Any, world: World) -> None:
    node = world.name("node")
    index = await _index(client, client.ops.catalog.nodes())
    read = client.ops.catalog.nodes(index=index, wait=_LONG)
    found = await world.meanwhile(lambda: client.perform(read), lambda: client.catalog.register(node, "10.0.0.1"))
    assert node in [entry["Node"] for entry in found]
    await client.catalog.deregister(node)


@beyond
async def the_health_of_a_service(client: Any, world: World) -> None:
    """A read may also be woken by another change, so it is repeated with the new index, as every watch does."""
    node, service = world.name("node"), world.name("svc")

    async def report(status: str) -> None:
        check = {"CheckID": service, "Name": "c", "ServiceID": service, "Status": status}
        await client.catalog.register(node, "10.0.0.1", service={"Service": service}, check=check)

    await report("passing")
    reply = await client.perform_with_meta(client.ops.health.service(service, passing=True))
    assert [entry["Node"]["Node"] for entry in reply.value] == [node]

    async def until_it_is_gone() -> Any:
        latest = reply
        while latest.value:
            latest = await client.perform_with_meta(client.ops.health.service(service, passing=True, index=latest.meta.index, wait=_LONG))
        return latest

    last = await world.meanwhile(until_it_is_gone, lambda: report("critical"))
    # Since 1.10, the agent serves such a read from a stream of changes.
    assert last.meta.query_backend == (None if world.is_before(1, 10) else "streaming")
    await client.catalog.deregister(node)


@beyond
async def an_event(client: Any, world: World) -> None:
    name = world.name()
    await client.event.fire(name, "first")
    await world.wait_until(lambda: client.event.list(name))
    index = await _index(client, client.ops.event.list(name))
    found = await world.meanwhile(lambda: client.event.list(name, index=index, wait=_LONG), lambda: client.event.fire(name, "second"))
    assert [event["Payload"] for event in found] == [b"first", b"second"]


@beyond
async def a_service_of_the_agent_by_its_hash(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.agent.service.register(name, port=80)
    reply = await client.perform_with_meta(client.ops.agent.service.get(name))
    before = reply.value["ContentHash"]
    assert reply.meta.content_hash == before
    started = time.monotonic()
    assert (await client.agent.service.get(name, hash=before, wait="200ms"))["ContentHash"] == before
    assert time.monotonic() - started >= 0.2
    read = client.ops.agent.service.get(name, hash=before, wait=_LONG)
    found = await world.meanwhile(lambda: client.perform(read), lambda: client.agent.service.register(name, port=81))
    assert found["Port"] == 81
    assert found["ContentHash"] != before
    await client.agent.service.deregister(name)


@beyond
async def a_read_whose_wait_is_over(client: Any, world: World) -> None:
    """It ends after its wait, with the same value and index. In the meantime, the client makes other calls."""
    key = world.name()
    await client.kv.put(key, "v")
    index = await _index(client, client.ops.kv.get(key))
    started = time.monotonic()
    read = client.ops.kv.get(key, index=index, wait=0.5)
    ends: list[float] = []

    async def other_things() -> None:
        assert await client.kv.get(key) == "v"
        ends.append(time.monotonic())

    reply = await world.meanwhile(lambda: client.perform_with_meta(read), other_things)
    ended = time.monotonic()
    assert (reply.value, reply.meta.index) == ("v", index)
    assert ended - started >= 0.5
    assert ends[0] < ended
