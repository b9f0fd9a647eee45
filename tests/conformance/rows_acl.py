"""The documented ACL calls beyond the document: the same results on every version, and nothing left on newer agents."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden, NotFound, ServerError
from tests.conformance.table import beyond
from tests.conformance.world import World
from tests.faces import outcome


def _rules(key: str, policy: str = "write") -> str:
    return f'# for "{key}"\nkey "{key}" {{ policy = "{policy}" }}\n'


async def _made_policies(client: Any) -> set[str]:
    """Return the names of the policies that `acl.create` made."""
    return {policy["Name"] for policy in await client.acl.policy.list() if policy["Name"].startswith("consulate-acl-")}


async def _accessor_id(client: Any, secret: str) -> str:
    accessor_id: str = (await client.using(token=secret).acl.token.self())["AccessorID"]
    return accessor_id


@beyond
async def the_rules_of_an_acl(client: Any, world: World) -> None:
    """Rules are about prefixes, as in the legacy system, and come back as they were given."""
    key, before = world.name(), await _made_policies(client)
    for rules in (_rules(key), f'{{"key": {{"{key}": {{"policy": "write"}}}}}}'):
        acl_id = await client.acl.create("n", rules=rules)
        owner = client.using(token=acl_id)
        assert await owner.kv.put(f"{key}/deeper", "v") is True
        with pytest.raises(Forbidden):
            await owner.kv.put("elsewhere", "v")
        found = await client.acl.info(acl_id)
        assert set(found) == {"CreateIndex", "ModifyIndex", "ID", "Name", "Type", "Rules"}
        assert (found["ID"], found["Name"], found["Type"], found["Rules"]) == (acl_id, "n", "client", rules)
        assert found in await client.acl.list()
        await client.acl.update(acl_id, "m", "client", _rules(key, "read"))
        assert await owner.kv.get(f"{key}/deeper") == "v"
        with pytest.raises(Forbidden):
            await owner.kv.put(key, "v")
        await client.acl.update(acl_id, "m")
        assert (await client.acl.info(acl_id))["Rules"] == ""
        assert acl_id not in str(await _made_policies(client))
        await client.acl.update(acl_id, "m", "client", rules)
        assert (await client.acl.info(acl_id))["Rules"] == rules
        assert await client.acl.destroy(acl_id) is True
    assert await _made_policies(client) <= before


@beyond
async def an_acl_of_the_type_management(client: Any, world: World) -> None:
    """It may do everything, and its type can change."""
    key = world.name()
    acl_id = await client.acl.create("n", "management", _rules(key, "read"))
    found = await client.acl.info(acl_id)
    assert (found["Type"], found["Rules"]) == ("management", _rules(key, "read"))
    manager = client.using(token=acl_id)
    other = await manager.acl.create("other")
    assert await manager.acl.destroy(other) is True
    await client.acl.update(acl_id, "n", "client")
    assert (await client.acl.info(acl_id))["Type"] == "client"
    with pytest.raises(Forbidden):
        await manager.acl.create("other")
    await client.acl.update(acl_id, "n", "management")
    assert await manager.kv.put(key, "v") is True
    await client.acl.destroy(acl_id)


@beyond
async def an_acl_and_its_copy(client: Any, world: World) -> None:
    """Each has its own rules: changing or destroying one does not touch the other."""
    key, before = world.name(), await _made_policies(client)
    acl_id = await client.acl.create("n", rules=_rules(key))
    copy = await client.acl.clone(acl_id)
    await client.acl.update(acl_id, "changed", rules=_rules(key, "read"))
    found = await client.acl.info(copy)
    assert (found["ID"], found["Name"], found["Type"], found["Rules"]) == (copy, "n", "client", _rules(key))
    await client.acl.destroy(acl_id)
    assert await client.using(token=copy).kv.put(key, "v") is True
    await client.acl.destroy(copy)
    for gone in (acl_id, copy):
        with pytest.raises(NotFound):
            await client.acl.info(gone)
    assert await _made_policies(client) <= before


@beyond
async def an_acl_with_an_id_of_your_own(client: Any, world: World) -> None:
    """Update creates an unknown token; newer agents take only a UUID."""
    key, acl_id = world.name(), str(uuid.uuid4())
    assert await client.acl.update(acl_id, "n", "client", _rules(key)) is True
    assert await client.using(token=acl_id).kv.put(key, "v") is True
    assert (await client.acl.info(acl_id))["Name"] == "n"
    await client.acl.destroy(acl_id)
    error = await outcome(client.acl.update(key, "n"))
    if world.has_legacy_acls:
        assert error is True
        await client.acl.destroy(key)
    else:
        assert type(error) is ClientError
        assert "only UUIDs" in str(error)
        assert key not in str(error) + repr(error.__dict__)


@beyond
async def an_acl_that_is_refused(client: Any, world: World) -> None:
    """Bad rules leave neither a token nor a policy, and a token keeps the rules that it has."""
    key, tokens, before = world.name(), len(await client.acl.token.list()), await _made_policies(client)
    for bad in ("key {", f'key "{key}" {{ policy = "king" }}'):
        error = await outcome(client.acl.create(key, rules=bad))
        assert type(error) is ServerError
        assert world.has_legacy_acls or "; the new token was deleted again" in str(error)
        assert key not in [token["Description"] for token in await client.acl.token.list()]
    acl_id = await client.acl.create("n", rules=_rules(key))
    assert type(await outcome(client.acl.update(acl_id, "m", rules="key {"))) is ServerError
    found = await client.acl.info(acl_id)
    assert (found["Name"], found["Rules"]) == ("n", _rules(key))
    await client.acl.destroy(acl_id)
    assert await _made_policies(client) <= before
    assert tokens > 0


@beyond
async def acls_with_a_token_that_may_only_read_acls(client: Any, world: World) -> None:
    """Since 1.11 it can read the rules of a token whose ID it knows; the list of IDs is not for it."""
    if world.has_legacy_acls:
        return
    policy = await client.acl.policy.create(world.name(), rules='acl = "read"')
    token = await client.acl.token.create(policies=[{"ID": policy["ID"]}])
    reader = client.using(token=token["SecretID"])
    acl_id = await client.acl.create("n", rules=_rules("k"))
    assert (await reader.acl.info(acl_id))["Rules"] == _rules("k")
    error = await outcome(reader.acl.list())
    assert type(error) is Forbidden
    assert "acl:write" in str(error)
    for call in (
        reader.acl.update(acl_id, "m"),
        reader.acl.clone(acl_id),
        reader.acl.destroy(acl_id),
        client.using(token=None).acl.info(acl_id),
    ):
        assert type(await outcome(call)) is Forbidden
    assert (await client.acl.info(acl_id))["Name"] == "n"
    await client.acl.destroy(acl_id)
    await client.acl.token.delete(token["AccessorID"])
    await client.acl.policy.delete(policy["ID"])


@beyond
async def tokens_that_were_not_made_by_acl_create(client: Any, world: World) -> None:
    """Since 1.11 the documented calls work for them too, and never delete a policy that is not theirs."""
    if world.has_legacy_acls:
        return
    key, name = world.name(), world.name()
    policy = await client.acl.policy.create(name, rules=f'key "{key}" {{ policy = "write" }}')
    token = await client.acl.token.create(description="n", policies=[{"ID": policy["ID"]}])
    acl_id = token["SecretID"]
    found = await client.acl.info(acl_id)
    assert (found["Name"], found["Type"], found["Rules"]) == ("n", "client", policy["Rules"])
    assert found in await client.acl.list()
    copy = await client.acl.clone(acl_id)
    assert await client.using(token=copy).kv.put(key, "v") is True
    await client.acl.update(acl_id, "m", rules=_rules(key, "read"))
    assert (await client.acl.info(acl_id))["Rules"] == _rules(key, "read")
    for one in (copy, acl_id):
        await client.acl.destroy(one)
    assert (await client.acl.policy.read(policy["ID"]))["Name"] == name
    await client.acl.policy.delete(policy["ID"])


@beyond
async def a_policy_of_an_acl_that_others_use(client: Any, world: World) -> None:
    """It stays as long as a token or a role links to it."""
    if world.has_legacy_acls:
        return
    for uses in ("token", "role"):
        acl_id = await client.acl.create("n", rules=_rules("k"))
        name = f"consulate-acl-{await _accessor_id(client, acl_id)}"
        policy = await client.acl.policy.read_by_name(name)
        if uses == "token":
            copy = await client.acl.token.clone(await _accessor_id(client, acl_id))
        else:
            role = await client.acl.role.create(world.name(), policies=[{"ID": policy["ID"]}])
        await client.acl.destroy(acl_id)
        assert name in await _made_policies(client)
        if uses == "token":
            assert (await client.acl.info(copy["SecretID"]))["Rules"] == _rules("k")
            await client.acl.destroy(copy["SecretID"])
            assert name not in await _made_policies(client)
        else:
            await client.acl.role.delete(role["ID"])
            await client.acl.policy.delete(policy["ID"])
