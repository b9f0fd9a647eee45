"""Trials of acl.role.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.acl_objects import UNKNOWN, a_policy, a_role
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World

_NODES = [{"NodeName": "n1", "Datacenter": "dc1"}]


@succeeds("acl.role.create")
async def a_role_links_to_a_policy(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy, a_role(client, world, policies=[{"Name": policy["Name"]}], description="d") as role:
        assert (role["Policies"], role["Description"]) == ([{"ID": policy["ID"], "Name": policy["Name"]}], "d")


@fails("acl.role.create")
async def the_name_of_a_role_is_taken(client: Any, world: World) -> None:
    async with a_role(client, world, service_identities=[{"ServiceName": "web"}]) as role:
        with pytest.raises(ServerError, match="already exists"):
            await client.acl.role.create(role["Name"])


@succeeds("acl.role.read")
async def a_role_is_read(client: Any, world: World) -> None:
    async with a_role(client, world, node_identities=_NODES) as role:
        assert await client.acl.role.read(role["ID"]) == role


@fails("acl.role.read")
async def a_role_that_does_not_exist_is_not_read(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.acl.role.read(UNKNOWN)


@succeeds("acl.role.read_by_name")
async def a_role_is_read_by_its_name(client: Any, world: World) -> None:
    async with a_role(client, world, node_identities=_NODES) as role:
        assert await client.acl.role.read_by_name(role["Name"]) == role


@fails("acl.role.read_by_name")
async def no_role_has_this_name(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.acl.role.read_by_name(world.name())


@succeeds("acl.role.update")
async def a_role_is_replaced(client: Any, world: World) -> None:
    async with a_role(client, world, node_identities=_NODES) as role:
        changed = await client.acl.role.update(role["ID"], role["Name"], service_identities=[{"ServiceName": "web"}])
        assert changed["ServiceIdentities"] == [{"ServiceName": "web"}]
        assert "NodeIdentities" not in changed


@fails("acl.role.update")
async def a_role_that_does_not_exist_is_not_replaced(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="cannot find role"):
        await client.acl.role.update(UNKNOWN, world.name())


@succeeds("acl.role.delete")
async def a_role_is_deleted(client: Any, world: World) -> None:
    role = await client.acl.role.create(world.name(), service_identities=[{"ServiceName": "web"}])
    assert await client.acl.role.delete(role["ID"]) is True
    with pytest.raises(NotFound):
        await client.acl.role.read(role["ID"])


@fails("acl.role.delete")
async def a_role_is_not_deleted_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.role.delete(UNKNOWN)
    if not world.is_before(1, 15):
        with pytest.raises(NotFound, match="Cannot find role to delete"):
            await client.acl.role.delete(UNKNOWN)


@succeeds("acl.role.list")
async def roles_are_listed_by_their_policy(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy, a_role(client, world, policies=[{"ID": policy["ID"]}]) as role:
        assert await client.acl.role.list(policy=policy["ID"]) == [role]
        assert role in await client.acl.role.list()


@fails("acl.role.list")
async def roles_are_not_listed_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.role.list()
