"""Trials of kv.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World

_NO_SESSION = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@succeeds("kv.get")
async def read_a_key(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.put(key, "value", flags=7)
    found = await client.kv.get_record(key)
    assert (found["Key"], found["Value"], found["Flags"]) == (key, "value", 7)


@fails("kv.get")
async def read_a_missing_key(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="no key"):
        await client.kv.read(world.name())


@succeeds("kv.put")
async def write_a_key_if_it_does_not_exist(client: Any, world: World) -> None:
    key = world.name()
    assert await client.kv.put(key, "first", cas=0) is True
    assert await client.kv.put(key, "second", cas=0) is False
    assert await client.kv.get(key) == "first"


@fails("kv.put")
async def lock_a_key_with_an_unknown_session(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="invalid session"):
        await client.kv.put(world.name(), "value", acquire=_NO_SESSION)


@succeeds("kv.delete")
async def delete_a_tree(client: Any, world: World) -> None:
    prefix = world.name()
    await client.kv.put(f"{prefix}/a", 1)
    assert await client.kv.delete(f"{prefix}/", recurse=True) is True
    assert await client.kv.keys(prefix) == []


@fails("kv.delete")
async def delete_a_tree_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden):
        await client.using(token=None).kv.delete(world.name(), recurse=True)
