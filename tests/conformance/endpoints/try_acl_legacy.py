"""Trials of acl.legacy.*, which agents have up to 1.10."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consulate.exceptions import ClientError, Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World
from tests.faces import outcome

_RULES = 'key "a" { policy = "read" }'
_TRANSLATED = 'key_prefix "a" {\n  policy = "read"\n}'


@succeeds("acl.legacy.create")
async def make_a_legacy_token(client: Any, world: World) -> None:
    acl_id = await client.acl.legacy.create("n", "client", _RULES)
    assert (await client.acl.legacy.info(acl_id))["Rules"] == _RULES
    own = str(uuid.uuid4())
    assert await client.acl.legacy.create(acl_id=own) == own
    for one in (acl_id, own):
        await client.acl.legacy.destroy(one)


@fails("acl.legacy.create")
async def make_a_legacy_token_with_bad_rules(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="ACL rule compilation failed"):
        await client.acl.legacy.create("n", rules="key {")


@succeeds("acl.legacy.update")
async def change_a_legacy_token(client: Any, world: World) -> None:
    acl_id = await client.acl.legacy.create("before", rules=_RULES)
    assert await client.acl.legacy.update(acl_id, "after") is True
    found = await client.acl.legacy.info(acl_id)
    assert (found["Name"], found["Type"], found["Rules"]) == ("after", "client", "")
    await client.acl.legacy.destroy(acl_id)


@fails("acl.legacy.update")
async def change_a_legacy_token_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).acl.legacy.update(str(uuid.uuid4()), "n")


@succeeds("acl.legacy.info")
async def read_a_legacy_token(client: Any, world: World) -> None:
    acl_id = await client.acl.legacy.create("n", "management")
    found = await client.using(token=None).acl.legacy.info(acl_id)
    assert (found["ID"], found["Name"], found["Type"]) == (acl_id, "n", "management")
    await client.acl.legacy.destroy(acl_id)


@fails("acl.legacy.info")
async def read_an_unknown_legacy_token(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.acl.legacy.info(str(uuid.uuid4()))


@succeeds("acl.legacy.list")
async def list_the_legacy_tokens(client: Any, world: World) -> None:
    acl_id = await client.acl.legacy.create("n")
    assert acl_id in [token["ID"] for token in await client.acl.legacy.list()]
    await client.acl.legacy.destroy(acl_id)


@fails("acl.legacy.list")
async def list_the_legacy_tokens_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).acl.legacy.list()


@succeeds("acl.legacy.clone")
async def copy_a_legacy_token(client: Any, world: World) -> None:
    acl_id = await client.acl.legacy.create("n", rules=_RULES)
    copy = await client.acl.legacy.clone(acl_id)
    assert copy != acl_id
    assert (await client.acl.legacy.info(copy))["Rules"] == _RULES
    for one in (acl_id, copy):
        await client.acl.legacy.destroy(one)


@fails("acl.legacy.clone")
async def copy_an_unknown_legacy_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.acl.legacy.clone(str(uuid.uuid4()))


@succeeds("acl.legacy.destroy")
async def destroy_a_legacy_token(client: Any, world: World) -> None:
    acl_id = await client.acl.legacy.create("n")
    assert await client.acl.legacy.destroy(acl_id) is True
    assert type(await outcome(client.acl.legacy.info(acl_id))) is NotFound
    assert await client.acl.legacy.destroy(acl_id) is True


@fails("acl.legacy.destroy")
async def destroy_the_anonymous_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied: Cannot delete"):
        await client.acl.legacy.destroy("anonymous")


@succeeds("acl.legacy.rules_translate")
async def translate_rules(client: Any, world: World) -> None:
    assert await client.acl.legacy.rules_translate(_RULES) == _TRANSLATED


@fails("acl.legacy.rules_translate")
async def translate_bad_rules(client: Any, world: World) -> None:
    with pytest.raises(ClientError, match="Failed to parse rules"):
        await client.acl.legacy.rules_translate("key {")


@succeeds("acl.legacy.rules_translate_token")
async def translate_the_rules_of_a_token(client: Any, world: World) -> None:
    name = world.name()
    acl_id = await client.acl.legacy.create(name, rules=_RULES)

    async def accessor_id() -> str:
        """The leader gives a legacy token its accessor ID shortly after it is made."""
        found: str = next(token["AccessorID"] for token in await client.acl.token.list() if token["Description"] == name)
        return found

    assert await client.acl.legacy.rules_translate_token(await world.wait_until(accessor_id)) == _TRANSLATED
    await client.acl.legacy.destroy(acl_id)


@fails("acl.legacy.rules_translate_token")
async def translate_the_rules_of_an_unknown_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="ACL not found"):
        await client.acl.legacy.rules_translate_token(str(uuid.uuid4()))
