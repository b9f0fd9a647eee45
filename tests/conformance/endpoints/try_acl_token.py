"""Trials of acl.token.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.acl_objects import UNKNOWN, a_policy, a_token
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("acl.token.create")
async def a_token_may_do_what_its_policy_says(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy, a_token(client, policies=[{"Name": policy["Name"]}], expiration_ttl="1h") as token:
        assert token["Policies"] == [{"ID": policy["ID"], "Name": policy["Name"]}]
        assert token["ExpirationTime"] > token["CreateTime"]
        limited = client.using(token=token["SecretID"])
        assert await limited.kv.get("app/nothing") is None
        with pytest.raises(Forbidden):
            await limited.kv.put("app/nothing", "x")


@fails("acl.token.create")
async def a_token_links_to_a_policy_that_does_not_exist(client: Any, world: World) -> None:
    name = world.name()
    with pytest.raises(ServerError, match=f'No such ACL policy with name "{name}"'):
        await client.acl.token.create(policies=[{"Name": name}])


@succeeds("acl.token.read")
async def a_token_is_read_by_its_accessor_id(client: Any, world: World) -> None:
    async with a_token(client, description="one", service_identities=[{"ServiceName": "web"}]) as token:
        assert await client.acl.token.read(token["AccessorID"]) == token
        expanded = await client.acl.token.read(token["AccessorID"], expanded=True)
        if world.is_before(1, 12):
            assert expanded == token
        else:
            assert expanded["AgentACLDefaultPolicy"] == "deny"
            assert [policy["Datacenters"] for policy in expanded["ExpandedPolicies"] if "Datacenters" in policy] == []
            assert 'service "web"' in expanded["ExpandedPolicies"][0]["Rules"]


@fails("acl.token.read")
async def a_token_that_does_not_exist_is_not_read(client: Any, world: World) -> None:
    with pytest.raises(Forbidden if world.is_before(1, 15) else NotFound, match="ACL not found"):
        await client.acl.token.read(UNKNOWN)


@succeeds("acl.token.self")
async def a_token_without_rights_reads_itself(client: Any, world: World) -> None:
    async with a_token(client, description="self") as token:
        assert await client.using(token=token["SecretID"]).acl.token.self() == token


@fails("acl.token.self")
async def an_unknown_token_does_not_read_itself(client: Any, world: World) -> None:
    for token in (UNKNOWN, None):
        with pytest.raises(Forbidden, match="ACL not found"):
            await client.using(token=token).acl.token.self()


@succeeds("acl.token.update")
async def a_token_is_replaced(client: Any, world: World) -> None:
    nodes = [{"NodeName": "n1", "Datacenter": "dc1"}]
    async with a_token(client, description="before", service_identities=[{"ServiceName": "web"}]) as token:
        changed = await client.acl.token.update(token["AccessorID"], description="after", node_identities=nodes)
        assert (changed["Description"], changed["NodeIdentities"], changed["SecretID"]) == ("after", nodes, token["SecretID"])
        assert "ServiceIdentities" not in changed
        assert await client.acl.token.read(token["AccessorID"]) == changed


@fails("acl.token.update")
async def a_token_keeps_its_secret(client: Any, world: World) -> None:
    async with a_token(client) as token:
        with pytest.raises(ServerError, match="SecretID is not permitted"):
            await client.acl.token.update(token["AccessorID"], secret_id=UNKNOWN)
    with pytest.raises(NotFound, match="Cannot find token"):
        await client.acl.token.update(UNKNOWN)


@succeeds("acl.token.clone")
async def a_token_is_copied(client: Any, world: World) -> None:
    async with a_token(client, description="original", service_identities=[{"ServiceName": "web"}]) as token:
        for given, shown in (({}, "original"), ({"description": "copy"}, "copy")):
            copy = await client.acl.token.clone(token["AccessorID"], **given)
            assert (copy["Description"], copy["ServiceIdentities"]) == (shown, token["ServiceIdentities"])
            assert {copy["AccessorID"], copy["SecretID"]} & {token["AccessorID"], token["SecretID"]} == set()
            await client.acl.token.delete(copy["AccessorID"])


@fails("acl.token.clone")
async def a_token_that_does_not_exist_is_not_copied(client: Any, world: World) -> None:
    with pytest.raises(Forbidden if world.is_before(1, 15) else NotFound, match="ACL not found"):
        await client.acl.token.clone(UNKNOWN)


@succeeds("acl.token.delete")
async def a_deleted_token_has_no_rights(client: Any, world: World) -> None:
    token = await client.acl.token.create()
    assert await client.acl.token.delete(token["AccessorID"]) is True
    with pytest.raises(Forbidden):
        await client.using(token=token["SecretID"]).acl.token.self()


@fails("acl.token.delete")
async def the_anonymous_token_is_not_deleted(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="Delete operation not permitted on the anonymous token"):
        await client.acl.token.delete("00000000-0000-0000-0000-000000000002")
    if world.is_before(1, 15):
        assert await client.acl.token.delete(UNKNOWN) is True
    else:
        with pytest.raises(NotFound, match="Cannot find token to delete"):
            await client.acl.token.delete(UNKNOWN)


@succeeds("acl.token.list")
async def tokens_are_listed_by_their_policy(client: Any, world: World) -> None:
    async with a_policy(client, world) as policy, a_token(client, policies=[{"ID": policy["ID"]}]) as token:
        assert [found["AccessorID"] for found in await client.acl.token.list(policy=policy["ID"])] == [token["AccessorID"]]
        assert len(await client.acl.token.list()) >= 3


@fails("acl.token.list")
async def tokens_are_listed_by_one_filter_at_a_time(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="can only filter by one of policy, role"):
        await client.acl.token.list(policy=UNKNOWN, role=UNKNOWN)
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.token.list()
