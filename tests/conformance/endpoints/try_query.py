"""Trials of query.*."""

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
async def a_query(client: Any, service: str, **options: Any) -> AsyncIterator[str]:
    """Yield the ID of a query, and delete it at the end."""
    query = await client.query.create(service={"Service": service, "OnlyPassing": True}, **options)
    try:
        yield query
    finally:
        await client.query.delete(query)


@succeeds("query.create")
async def create_a_query(client: Any, world: World) -> None:
    name = world.name()
    async with a_query(client, "web", name=name, dns={"TTL": "10s"}) as query:
        found = await client.query.read(query)
        assert (found["ID"], found["Name"], found["DNS"], found["Service"]["OnlyPassing"]) == (query, name, {"TTL": "10s"}, True)


@fails("query.create")
async def create_a_query_that_is_bound_to_nothing(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="Must be bound to a session"):
        await client.query.create({"Service": "web"})


@succeeds("query.list")
async def list_the_queries(client: Any, world: World) -> None:
    name = world.name()
    async with a_query(client, "web", name=name) as query:
        assert {found["Name"] for found in await client.query.list() if found["ID"] == query} == {name}
        assert await client.using(token=None).query.list() == []


@fails("query.list")
async def list_the_queries_with_an_unknown_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="ACL not found"):
        await client.using(token=str(uuid.uuid4())).query.list()


@succeeds("query.read")
async def read_a_query_of_a_session(client: Any, world: World) -> None:
    session = await client.session.create()
    async with a_query(client, "web", session=session) as query:
        assert (await client.query.read(query))["Session"] == session
    await client.session.destroy(session)


@fails("query.read")
async def read_an_unknown_query(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Query not found"):
        await client.query.read(str(uuid.uuid4()))


@succeeds("query.update")
async def replace_a_query(client: Any, world: World) -> None:
    name = world.name()
    async with a_query(client, "web", name=name, dns={"TTL": "10s"}) as query:
        assert await client.query.update(query, {"Service": "db", "Tags": ["primary"]}, name=name) is True
        found = await client.query.read(query)
        assert (found["Service"]["Service"], found["Service"]["Tags"], found["DNS"]["TTL"]) == ("db", ["primary"], "")


@fails("query.update")
async def replace_an_unknown_query(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Cannot modify non-existent prepared query"):
        await client.query.update(str(uuid.uuid4()), {"Service": "web"}, name=world.name())


@succeeds("query.delete")
async def delete_a_query(client: Any, world: World) -> None:
    query = await client.query.create({"Service": "web"}, name=world.name())
    assert await client.query.delete(query) is True
    assert query not in [found["ID"] for found in await client.query.list()]


@fails("query.delete")
async def delete_an_unknown_query(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Cannot modify non-existent prepared query"):
        await client.query.delete(str(uuid.uuid4()))


@succeeds("query.execute")
async def execute_a_query_by_its_name(client: Any, world: World) -> None:
    name, node = world.name("svc"), world.name("node")
    await client.catalog.register(node, "10.0.0.1", service={"Service": name, "Port": 80})
    async with a_query(client, name, name=name):
        found = await client.query.execute(name, near="_agent", limit=1)
        assert [(entry["Node"]["Node"], entry["Service"]["Port"]) for entry in found["Nodes"]] == [(node, 80)]
        assert (found["Service"], found["Datacenter"], found["Failovers"]) == (name, world.agent.datacenter, 0)
        assert (await client.using(token=None).query.execute(name))["Nodes"] == []
    await client.catalog.deregister(node)


@fails("query.execute")
async def execute_an_unknown_query(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Query not found"):
        await client.query.execute(world.name())


@succeeds("query.explain")
async def explain_a_template(client: Any, world: World) -> None:
    prefix = f"{world.name()}-"
    template = {"Type": "name_prefix_match", "Regexp": f"^{prefix}(.*)$"}
    async with a_query(client, "${match(1)}", name=prefix, template=template):
        assert (await client.query.explain(f"{prefix}db"))["Query"]["Service"]["Service"] == "db"


@fails("query.explain")
async def explain_an_unknown_query(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Query not found"):
        await client.query.explain(world.name())
