"""Trials of acl.auth_method.* and acl.binding_rule.*."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.conformance.endpoints.acl_objects import ISSUER, UNKNOWN, an_auth_method
from tests.conformance.endpoints.trial import fails, succeeds
from tests.conformance.world import World


@succeeds("acl.auth_method.create")
async def an_auth_method_is_made(client: Any, world: World) -> None:
    name = world.name()
    made = await client.acl.auth_method.create(name, "jwt", ISSUER.config, description="d", max_token_ttl=3600, token_locality="global")
    assert (made["Name"], made["Type"], made["MaxTokenTTL"], made["TokenLocality"]) == (name, "jwt", "1h0m0s", "global")
    assert made["Config"]["BoundIssuer"] == "tests"
    await client.acl.auth_method.delete(name)


@fails("acl.auth_method.create")
async def an_auth_method_needs_keys(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="Invalid Auth Method: exactly one of"):
        await client.acl.auth_method.create(world.name(), "jwt", {})


@succeeds("acl.auth_method.read")
async def an_auth_method_is_read(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        found = await client.acl.auth_method.read(name)
        assert (found["Name"], found["Config"]["JWTValidationPubKeys"]) == (name, ISSUER.config["JWTValidationPubKeys"])


@fails("acl.auth_method.read")
async def an_auth_method_that_does_not_exist_is_not_read(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.acl.auth_method.read(world.name())


@succeeds("acl.auth_method.update")
async def an_auth_method_is_replaced(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        changed = await client.acl.auth_method.update(name, "jwt", ISSUER.config, display_name="JWT")
        assert changed["DisplayName"] == "JWT"
        assert "MaxTokenTTL" not in changed


@fails("acl.auth_method.update")
async def the_type_of_an_auth_method_cannot_change(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        with pytest.raises(ServerError, match="Type field of an Auth Method is immutable"):
            await client.acl.auth_method.update(name, "kubernetes", {})


@succeeds("acl.auth_method.delete")
async def the_rules_of_an_auth_method_are_deleted_with_it(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        await client.acl.binding_rule.create(name, "service", "web")
    assert await client.acl.binding_rule.list(authmethod=name) == []


@fails("acl.auth_method.delete")
async def an_auth_method_is_not_deleted_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.auth_method.delete("nothing")
    if not world.is_before(1, 15):
        with pytest.raises(NotFound, match="Cannot find auth method to delete"):
            await client.acl.auth_method.delete(world.name())


@succeeds("acl.auth_method.list")
async def auth_methods_are_listed_without_their_configs(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        listed = next(found for found in await client.acl.auth_method.list() if found["Name"] == name)
        assert listed["Type"] == "jwt"
        assert "Config" not in listed


@fails("acl.auth_method.list")
async def auth_methods_are_not_listed_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.auth_method.list()


@succeeds("acl.binding_rule.create")
async def a_binding_rule_is_made(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        rule = await client.acl.binding_rule.create(name, "role", "r", selector="value.name==web", description="d")
        assert (rule["AuthMethod"], rule["BindType"], rule["BindName"]) == (name, "role", "r")
        assert (rule["Selector"], rule["Description"]) == ("value.name==web", "d")
        if not world.is_before(1, 17):
            variables = {"Name": "${value.name}"}
            templated = await client.acl.binding_rule.create(name, "templated-policy", "builtin/service", bind_vars=variables)
            assert templated["BindVars"] == {"name": "${value.name}"}


@fails("acl.binding_rule.create")
async def a_binding_rule_needs_an_auth_method(client: Any, world: World) -> None:
    name = world.name()
    with pytest.raises(ServerError, match=f'cannot find auth method with name "{name}"'):
        await client.acl.binding_rule.create(name, "service", "web")


@succeeds("acl.binding_rule.read")
async def a_binding_rule_is_read(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        rule = await client.acl.binding_rule.create(name, "service", "web")
        assert await client.acl.binding_rule.read(rule["ID"]) == rule


@fails("acl.binding_rule.read")
async def a_binding_rule_that_does_not_exist_is_not_read(client: Any, world: World) -> None:
    with pytest.raises(NotFound):
        await client.acl.binding_rule.read(UNKNOWN)


@succeeds("acl.binding_rule.update")
async def a_binding_rule_is_replaced(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        rule = await client.acl.binding_rule.create(name, "service", "web", selector="value.name==web")
        changed = await client.acl.binding_rule.update(rule["ID"], name, "service", "api")
        assert (changed["ID"], changed["BindName"], changed["Selector"]) == (rule["ID"], "api", "")


@fails("acl.binding_rule.update")
async def a_binding_rule_that_does_not_exist_is_not_replaced(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="cannot find binding rule"):
        await client.acl.binding_rule.update(UNKNOWN, "nothing", "service", "web")


@succeeds("acl.binding_rule.delete")
async def a_binding_rule_is_deleted(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        rule = await client.acl.binding_rule.create(name, "service", "web")
        assert await client.acl.binding_rule.delete(rule["ID"]) is True
        with pytest.raises(NotFound):
            await client.acl.binding_rule.read(rule["ID"])


@fails("acl.binding_rule.delete")
async def a_binding_rule_is_not_deleted_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.binding_rule.delete(UNKNOWN)
    if not world.is_before(1, 15):
        with pytest.raises(NotFound, match="Cannot find binding rule to delete"):
            await client.acl.binding_rule.delete(UNKNOWN)


@succeeds("acl.binding_rule.list")
async def binding_rules_are_listed_by_their_auth_method(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as name:
        rule = await client.acl.binding_rule.create(name, "service", "web")
        assert await client.acl.binding_rule.list(authmethod=name) == [rule]
        assert rule in await client.acl.binding_rule.list()


@fails("acl.binding_rule.list")
async def binding_rules_are_not_listed_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.binding_rule.list()
