"""Trials of agent.service.*."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from consulate.exceptions import ClientError, ConsulateException, Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@asynccontextmanager
async def _registered(client: Any, world: World) -> AsyncIterator[str]:
    name = world.name("service")
    assert await client.agent.service.register(name, port=80, ttl="10m", check_id=f"{name}-ttl") is True
    try:
        yield name
    finally:
        await client.agent.service.deregister(name)


def _lost(client: Any) -> Any:
    """Return a view whose token Consul does not know."""
    return client.using(token=str(uuid.uuid4()))


@succeeds("agent.service.list")
async def services(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert [service["Port"] for service in await client.agent.services(filter=f'Service == "{name}"')] == [80]


@fails("agent.service.list")
async def services_with_an_unknown_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="ACL not found"):
        await _lost(client).agent.services()


@succeeds("agent.service.get")
async def service(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert (await client.agent.service.get(name))["Service"] == name


@fails("agent.service.get")
async def service_that_is_unknown(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="unknown service ID: nobody"):
        await client.agent.service.get("nobody")


@succeeds("agent.service.health_by_id")
async def health_by_id(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] == "critical"
        await client.agent.check.ttl_pass(f"{name}-ttl")
        assert (await client.agent.service.health_by_id(name))["AggregatedStatus"] == "passing"


@fails("agent.service.health_by_id")
async def health_by_an_unknown_id(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.agent.service.health_by_id("nobody")


@succeeds("agent.service.health_by_name")
async def health_by_name(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        await client.agent.check.ttl_warn(f"{name}-ttl")
        assert [found["AggregatedStatus"] for found in await client.agent.service.health_by_name(name)] == ["warning"]
    assert await client.agent.service.health_by_name(name) == []


@fails("agent.service.health_by_name")
async def health_by_name_with_an_unknown_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="ACL not found"):
        await _lost(client).agent.service.health_by_name("nobody")


@succeeds("agent.service.register")
async def register(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert name in [found["ID"] for found in await client.agent.services()]


@fails("agent.service.register")
async def register_with_an_invalid_address(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="Invalid service address"):
        await client.agent.service.register(world.name(), address="0.0.0.0")


@succeeds("agent.service.deregister")
async def deregister(client: Any, world: World) -> None:
    name = world.name("service")
    await client.agent.service.register(name)
    assert await client.agent.service.deregister(name) is True
    assert name not in [found["ID"] for found in await client.agent.services()]


@fails("agent.service.deregister")
async def deregister_an_unknown_service(client: Any, world: World) -> None:
    with pytest.raises(ServerError if world.is_before(1, 12) else NotFound, match="(?i)unknown service"):
        await client.agent.service.deregister("nobody")


@succeeds("agent.service.maintenance")
async def maintenance(client: Any, world: World) -> None:
    async with _registered(client, world) as name:
        assert await client.agent.service.maintenance(name, reason="a new disk") is True
        assert f"_service_maintenance:{name}" in [check["CheckID"] for check in await client.agent.checks()]
        assert await client.agent.service.maintenance(name, False) is True
        assert f"_service_maintenance:{name}" not in [check["CheckID"] for check in await client.agent.checks()]


@fails("agent.service.maintenance")
async def maintenance_of_an_unknown_service(client: Any, world: World) -> None:
    with pytest.raises(ConsulateException, match="(?i)unknown service"):
        await client.agent.service.maintenance("nobody")
