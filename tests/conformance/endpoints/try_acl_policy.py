"""Trials of acl.policy.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.acl_objects import RULES, UNKNOWN, a_policy
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("acl.policy.create")
async def a_policy_is_made_with_its_rules(client: Any, world: World) -> None:
    name = world.name()
    made = await client.acl.policy.create(name, description="for app", rules=RULES, datacenters=["dc1"])
    try:
        assert (made["Name"], made["Description"], made["Rules"], made["Datacenters"]) == (name, "for app", RULES, ["dc1"])
    finally:
        assert await client.acl.policy.delete(made["ID"]) is True


@fails("acl.policy.create")
async def the_name_of_a_policy_is_taken(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy:
        with pytest.raises(ServerError, match="already exists"):
            await client.acl.policy.create(policy["Name"])


@succeeds("acl.policy.read")
async def a_policy_is_read(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy:
        assert await client.acl.policy.read(policy["ID"], consistency="consistent") == policy


@fails("acl.policy.read")
async def a_policy_that_does_not_exist_is_not_read(client: Any, world: World) -> None:
    with pytest.raises(Forbidden if world.is_before(1, 15) else NotFound, match="ACL not found"):
        await client.acl.policy.read(UNKNOWN)


@succeeds("acl.policy.read_by_name")
async def a_policy_is_read_by_its_name(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy:
        assert await client.acl.policy.read_by_name(policy["Name"]) == policy


@fails("acl.policy.read_by_name")
async def no_policy_has_this_name(client: Any, world: World) -> None:
    with pytest.raises(Forbidden if world.is_before(1, 15) else NotFound, match="ACL not found"):
        await client.acl.policy.read_by_name(world.name())


@succeeds("acl.policy.update")
async def a_policy_is_replaced(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy:
        changed = await client.acl.policy.update(policy["ID"], policy["Name"], description="changed")
        assert (changed["Description"], changed["Rules"]) == ("changed", "")
        assert await client.acl.policy.read(policy["ID"]) == changed


@fails("acl.policy.update")
async def a_policy_that_does_not_exist_is_not_replaced(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="cannot find policy"):
        await client.acl.policy.update(UNKNOWN, world.name())


@succeeds("acl.policy.delete")
async def a_policy_is_deleted(client: Any, world: World) -> None:
    made = await client.acl.policy.create(world.name())
    assert await client.acl.policy.delete(made["ID"]) is True
    assert made["ID"] not in {policy["ID"] for policy in await client.acl.policy.list()}


@fails("acl.policy.delete")
async def a_built_in_policy_is_not_deleted(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="builtin global-management policy"):
        await client.acl.policy.delete("00000000-0000-0000-0000-000000000001")
    if not world.is_before(1, 15):
        with pytest.raises(NotFound, match="Cannot find policy to delete"):
            await client.acl.policy.delete(UNKNOWN)


@succeeds("acl.policy.list")
async def policies_are_listed_without_their_rules(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy:
        listed = next(found for found in await client.acl.policy.list() if found["ID"] == policy["ID"])
        assert listed["Name"] == policy["Name"]
        assert "Rules" not in listed


@fails("acl.policy.list")
async def policies_are_not_listed_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.policy.list()
