"""Trials of event.*."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consulate.exceptions import Forbidden, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("event.fire")
async def fire_an_event(client: Any, world: World) -> None:
    name = world.name()
    fired = await client.event.fire(name, b"payload", node=f"^{world.agent.node_name}$")
    received = await world.wait_until(lambda: client.event.list(name))
    assert [(event["ID"], event["Payload"]) for event in received] == [(fired, b"payload")]


@fails("event.fire")
async def fire_an_event_with_a_bad_expression(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="regexp"):
        await client.event.fire(world.name(), node="(")


@succeeds("event.list")
async def list_the_events_of_a_name(client: Any, world: World) -> None:
    name, other = world.name(), world.name()
    await client.event.fire(other)
    await client.event.fire(name)
    received = await world.wait_until(lambda: client.event.list(name))
    assert {event["Name"] for event in received} == {name}


@fails("event.list")
async def list_events_with_an_unknown_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="ACL not found"):
        await client.using(token=str(uuid.uuid4())).event.list()
