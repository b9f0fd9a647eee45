"""Trials of connect.intentions.*."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@asynccontextmanager
async def an_intention(client: Any, source: str, destination: str, **options: Any) -> AsyncIterator[str]:
    """Yield the ID of an intention that allows, and delete it at the end."""
    intention = await client.connect.intentions.create(source, destination, "allow", **options)
    try:
        yield intention
    finally:
        await client.connect.intentions.delete(intention)


@succeeds("connect.intentions.list")
async def list_the_intentions(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    async with an_intention(client, web, db) as intention:
        [found] = await client.connect.intentions.list(filter=f'SourceName == "{web}"')
        assert (found["ID"], found["DestinationName"], found["Action"], found["Precedence"]) == (intention, db, "allow", 9)
        assert await client.using(token=None).connect.intentions.list() == []


@fails("connect.intentions.list")
async def list_the_intentions_with_a_bad_filter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="Failed to create boolean expression evaluator"):
        await client.connect.intentions.list(filter="SourceName")


@succeeds("connect.intentions.upsert")
async def create_and_replace_an_intention(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    for action in ("allow", "deny"):
        assert await client.connect.intentions.upsert(web, db, action=action, description="orders") is True
        found = await client.connect.intentions.read_exact(web, db)
        assert (found["Action"], found["Description"]) == (action, "orders")
    await client.connect.intentions.delete_exact(web, db)


@fails("connect.intentions.upsert")
async def replace_an_intention_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).connect.intentions.upsert(world.name(), world.name(), action="allow")
    with pytest.raises(ServerError, match="Action must be set to 'allow' or 'deny'"):
        await client.connect.intentions.upsert(world.name(), world.name())


@succeeds("connect.intentions.read_exact")
async def read_an_intention_by_name(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    await client.connect.intentions.upsert(web, db, action="deny")
    found = await client.connect.intentions.read_exact(web, db)
    assert (found["SourceName"], found["DestinationName"], found["Action"]) == (web, db, "deny")
    await client.connect.intentions.delete_exact(web, db)


@fails("connect.intentions.read_exact")
async def read_a_missing_intention_by_name(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Intention not found"):
        await client.connect.intentions.read_exact(world.name(), world.name())


@succeeds("connect.intentions.delete_exact")
async def delete_an_intention_by_name(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    await client.connect.intentions.upsert(web, db, action="allow")
    assert await client.connect.intentions.delete_exact(web, db) is True
    assert await client.connect.intentions.delete_exact(web, db) is True
    assert await client.connect.intentions.match("source", web) == {web: []}


@fails("connect.intentions.delete_exact")
async def delete_an_intention_by_name_without_a_token(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    await client.connect.intentions.upsert(web, db, action="allow")
    with pytest.raises(Forbidden):
        await client.using(token=None).connect.intentions.delete_exact(web, db)
    await client.connect.intentions.delete_exact(web, db)


@succeeds("connect.intentions.match")
async def match_several_services(client: Any, world: World) -> None:
    web, db, other = world.name("web"), world.name("db"), world.name("other")
    async with an_intention(client, web, db) as intention:
        found = await client.connect.intentions.match("destination", [db, other])
        assert ([one["ID"] for one in found[db]], found[other]) == ([intention], [])
        assert [one["DestinationName"] for one in (await client.connect.intentions.match("source", web))[web]] == [db]


@fails("connect.intentions.match")
async def match_a_service_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).connect.intentions.match("source", world.name())


@succeeds("connect.intentions.check")
async def check_whether_a_service_may_connect(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    assert await client.connect.intentions.check(web, db) is False
    async with an_intention(client, web, db):
        assert await client.connect.intentions.check(web, db) is True
        assert await client.connect.intentions.check(web, db, source_type="consul") is True


@fails("connect.intentions.check")
async def check_with_another_type_of_source(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="unsupported SourceType"):
        await client.connect.intentions.check(world.name(), world.name(), source_type="other")


@succeeds("connect.intentions.create")
async def create_an_intention(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    async with an_intention(client, web, db, description="orders", meta={"team": "blue"}) as intention:
        found = await client.connect.intentions.read(intention)
        assert (found["SourceName"], found["DestinationName"], found["Action"]) == (web, db, "allow")
        assert (found["Description"], found["Meta"]) == ("orders", {"team": "blue"})


@fails("connect.intentions.create")
async def create_an_intention_twice(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    async with an_intention(client, web, db):
        with pytest.raises(ServerError, match="duplicate intention found" if world.is_before(1, 9) else "more than once"):
            await client.connect.intentions.create(web, db, "deny")


@succeeds("connect.intentions.read")
async def read_an_intention(client: Any, world: World) -> None:
    web = world.name("web")
    async with an_intention(client, web, world.name("db")) as intention:
        found = await client.connect.intentions.read(intention)
        assert (found["ID"], found["SourceName"], found["SourceType"]) == (intention, web, "consul")


@fails("connect.intentions.read")
async def read_an_unknown_intention(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Intention not found"):
        await client.connect.intentions.read(str(uuid.uuid4()))


@succeeds("connect.intentions.update")
async def replace_an_intention(client: Any, world: World) -> None:
    web, db = world.name("web"), world.name("db")
    async with an_intention(client, web, db) as intention:
        assert await client.connect.intentions.update(intention, web, db, "deny") == intention
        assert (await client.connect.intentions.read(intention))["Action"] == "deny"


@fails("connect.intentions.update")
async def replace_an_unknown_intention(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Cannot modify non-existent intention"):
        await client.connect.intentions.update(str(uuid.uuid4()), world.name("web"), world.name("db"), "allow")


@succeeds("connect.intentions.delete")
async def delete_an_intention(client: Any, world: World) -> None:
    intention = await client.connect.intentions.create(world.name("web"), world.name("db"), "allow")
    assert await client.connect.intentions.delete(intention) is True
    with pytest.raises(NotFound):
        await client.connect.intentions.read(intention)


@fails("connect.intentions.delete")
async def delete_an_unknown_intention(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Cannot delete non-existent intention"):
        await client.connect.intentions.delete(str(uuid.uuid4()))
