"""Trials of session.*."""

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
async def a_session(client: Any, **options: Any) -> AsyncIterator[str]:
    """Yield a session, and destroy it at the end."""
    session = await client.session.create(**options)
    try:
        yield session
    finally:
        await client.session.destroy(session)


@succeeds("session.create")
async def create_a_session(client: Any, world: World) -> None:
    name = world.name()
    async with a_session(client, name=name, behavior="delete", ttl="1m", delay="2s") as session:
        found = await client.session.info(session)
        assert (found["Name"], found["Behavior"], found["TTL"], found["LockDelay"]) == (name, "delete", "1m", 2_000_000_000)


@fails("session.create")
async def create_a_session_of_an_unknown_node(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="Missing node registration"):
        await client.session.create(node=world.name())


@succeeds("session.destroy")
async def destroy_a_session(client: Any, world: World) -> None:
    session = await client.session.create()
    assert await client.session.destroy(session) is True
    assert session not in [found["ID"] for found in await client.session.list()]


@fails("session.destroy")
async def destroy_a_session_without_a_token(client: Any, world: World) -> None:
    async with a_session(client) as session:
        with pytest.raises(Forbidden):
            await client.using(token=None).session.destroy(session)
        assert (await client.session.info(session))["ID"] == session


@succeeds("session.info")
async def read_a_session(client: Any, world: World) -> None:
    async with a_session(client) as session:
        assert (await client.session.info(session))["Node"] == world.agent.node_name


@fails("session.info")
async def read_an_unknown_session(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.session.info(str(uuid.uuid4()))


@succeeds("session.list")
async def list_the_sessions(client: Any, world: World) -> None:
    async with a_session(client) as session:
        assert session in [found["ID"] for found in await client.session.list()]


@fails("session.list")
async def list_the_sessions_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.session.list(datacenter="nowhere")


@succeeds("session.node")
async def list_the_sessions_of_a_node(client: Any, world: World) -> None:
    async with a_session(client) as session:
        assert session in [found["ID"] for found in await client.session.node(world.agent.node_name)]
        assert await client.session.node(world.name()) == []


@fails("session.node")
async def list_the_sessions_of_a_node_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.session.node(world.agent.node_name, datacenter="nowhere")


@succeeds("session.renew")
async def renew_a_session(client: Any, world: World) -> None:
    async with a_session(client, ttl="1m") as session:
        assert (await client.session.renew(session))["ID"] == session


@fails("session.renew")
async def renew_an_unknown_session(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.session.renew(str(uuid.uuid4()))
