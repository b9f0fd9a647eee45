"""Trials of agent.check.*."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@asynccontextmanager
async def _registered(client: Any, world: World) -> AsyncIterator[str]:
    name = world.name("check")
    assert await client.agent.check.register(name, ttl="10m") is True
    try:
        yield name
    finally:
        await client.agent.check.deregister(name)


async def _state(client: Any, name: str) -> tuple[str, str]:
    """Return the state and the output of a check."""
    (check,) = await client.agent.checks(filter=f'CheckID == "{name}"')
    return check["Status"], check["Output"]


@asynccontextmanager
async def _raises_unknown(world: World) -> AsyncIterator[None]:
    with pytest.raises(ServerError if world.is_before(1, 11) else NotFound, match='(?i)unknown check.* "nobody"'):
        yield


@succeeds("agent.check.list")
async def checks(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert name in [check["CheckID"] for check in await client.agent.checks()]


@fails("agent.check.list")
async def checks_with_an_unknown_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="ACL not found"):
        await client.using(token=str(uuid.uuid4())).agent.checks()


@succeeds("agent.check.register")
async def register(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert await _state(client, name) == ("critical", "")


@fails("agent.check.register")
async def register_for_an_unknown_service(client: Any, world: World) -> None:
    with pytest.raises(ServerError if world.is_before(1, 13) else ClientError, match='ServiceID "nobody" does not exist'):
        await client.agent.check.register(world.name(), ttl="10m", service_id="nobody")


@succeeds("agent.check.deregister")
async def deregister(client: Any, world: World) -> None:
    name = world.name("check")
    await client.agent.check.register(name, ttl="10m")
    assert await client.agent.check.deregister(name) is True
    assert name not in [check["CheckID"] for check in await client.agent.checks()]


@fails("agent.check.deregister")
async def deregister_an_unknown_check(client: Any, world: World) -> None:
    async with _raises_unknown(world):
        await client.agent.check.deregister("nobody")


@succeeds("agent.check.pass")
async def report_passing(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert await client.agent.check.ttl_pass(name, "fine") is True
        assert await _state(client, name) == ("passing", "fine")


@fails("agent.check.pass")
async def report_an_unknown_check_passing(client: Any, world: World) -> None:
    async with _raises_unknown(world):
        await client.agent.check.ttl_pass("nobody")


@succeeds("agent.check.warn")
async def report_warning(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert await client.agent.check.ttl_warn(name, "slow") is True
        assert await _state(client, name) == ("warning", "slow")


@fails("agent.check.warn")
async def report_an_unknown_check_warning(client: Any, world: World) -> None:
    async with _raises_unknown(world):
        await client.agent.check.ttl_warn("nobody")


@succeeds("agent.check.fail")
async def report_critical(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        await client.agent.check.ttl_pass(name)
        assert await client.agent.check.ttl_fail(name, "down") is True
        assert await _state(client, name) == ("critical", "down")


@fails("agent.check.fail")
async def report_an_unknown_check_critical(client: Any, world: World) -> None:
    async with _raises_unknown(world):
        await client.agent.check.ttl_fail("nobody")


@succeeds("agent.check.update")
async def update(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert await client.agent.check.update(name, "warning", output="a long text") is True
        assert await _state(client, name) == ("warning", "a long text")


@fails("agent.check.update")
async def update_an_unknown_check(client: Any, world: World) -> None:
    async with _raises_unknown(world):
        await client.agent.check.update("nobody", "passing")
