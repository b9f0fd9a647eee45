"""Trials of config.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import ClientError, NotFound, ServerError
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("config.apply")
@succeeds("config.get")
async def a_resolver_with_subsets(client: Any, world: World) -> None:
    name = world.name("svc")
    subsets = {"v1": {"Filter": "Service.Meta.version == v1"}, "v2": {"OnlyPassing": True}}
    assert await client.config.apply({"Kind": "service-resolver", "Name": name, "DefaultSubset": "v1", "Subsets": subsets}) is True
    entry = await client.config.get("service-resolver", name)
    assert (entry["Kind"], entry["Name"], entry["DefaultSubset"], entry["Subsets"]) == ("service-resolver", name, "v1", subsets)
    assert await client.config.delete("service-resolver", name) is True


@succeeds("config.apply")
async def a_write_that_must_not_overwrite_another(client: Any, world: World) -> None:
    name = world.name("svc")
    assert await client.config.apply({"Kind": "service-defaults", "Name": name, "Protocol": "http"}, cas=0) is True
    assert await client.config.apply({"Kind": "service-defaults", "Name": name, "Protocol": "grpc"}, cas=0) is False
    entry = await client.config.get("service-defaults", name)
    assert entry["Protocol"] == "http"
    # What was read can be changed and written back.
    entry["Protocol"] = "grpc"
    assert await client.config.apply(entry, cas=entry["ModifyIndex"]) is True
    assert await client.config.apply({**entry, "Protocol": "tcp"}, cas=entry["ModifyIndex"]) is False
    assert (await client.config.get("service-defaults", name))["Protocol"] == "grpc"
    await client.config.delete("service-defaults", name)


@fails("config.apply")
async def an_entry_with_a_member_of_another_kind(client: Any, world: World) -> None:
    name = world.name("svc")
    with pytest.raises(ClientError, match='invalid config key "Splits"'):
        await client.config.apply({"Kind": "service-resolver", "Name": name, "Splits": []})
    with pytest.raises(NotFound):
        await client.config.get("service-resolver", name)


@fails("config.apply")
async def an_entry_that_contradicts_itself(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="v3"):
        await client.config.apply({"Kind": "service-resolver", "Name": world.name("svc"), "DefaultSubset": "v3"})


@fails("config.get")
async def a_missing_entry(client: Any, world: World) -> None:
    name = world.name("svc")
    with pytest.raises(NotFound, match=f'Config entry not found for "service-defaults" / "{name}"'):
        await client.config.get("service-defaults", name)


@succeeds("config.list")
async def the_entries_of_a_kind(client: Any, world: World) -> None:
    names = sorted((world.name("svc"), world.name("svc")))
    for name in names:
        await client.config.apply({"Kind": "service-defaults", "Name": name, "Protocol": "http"})
    found = [entry for entry in await client.config.list("service-defaults") if entry["Name"] in names]
    assert [(entry["Name"], entry["Protocol"]) for entry in found] == [(name, "http") for name in names]
    if not world.is_before(1, 16):
        assert await client.config.list("service-defaults", filter=f'Name == "{names[1]}"') == found[1:]
    for name in names:
        await client.config.delete("service-defaults", name)


@fails("config.list")
async def the_entries_of_an_unknown_kind(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="invalid config entry kind: nothing"):
        await client.config.list("nothing")


@succeeds("config.delete")
async def an_entry_that_is_deleted(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.config.apply({"Kind": "service-defaults", "Name": name})
    entry = await client.config.get("service-defaults", name)
    if not world.is_before(1, 11):
        assert await client.config.delete("service-defaults", name, cas=entry["ModifyIndex"] - 1) is False
        assert await client.config.get("service-defaults", name) == entry
    assert await client.config.delete("service-defaults", name, cas=entry["ModifyIndex"]) is True
    with pytest.raises(NotFound):
        await client.config.get("service-defaults", name)
    # Deleting what is not there succeeds.
    assert await client.config.delete("service-defaults", name) is True


@fails("config.delete")
async def an_entry_that_another_needs(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.config.apply({"Kind": "service-defaults", "Name": name, "Protocol": "http"})
    await client.config.apply({"Kind": "service-resolver", "Name": name, "Subsets": {"v1": {}}})
    splits = [{"Weight": 100, "ServiceSubset": "v1"}]
    await client.config.apply({"Kind": "service-splitter", "Name": name, "Splits": splits})
    with pytest.raises(ServerError, match='does not have a subset named "v1"'):
        await client.config.delete("service-resolver", name)
    for kind in ("service-splitter", "service-resolver", "service-defaults"):
        await client.config.delete(kind, name)
