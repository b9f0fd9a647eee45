"""Trials of acl.bootstrap, acl.replication, acl.login, acl.logout and acl.templated_policy.*."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from consulate.exceptions import Forbidden, NotFound, ServerError
from tests.agents import Agent, find_binaries, start_agent
from tests.conformance.endpoints.acl_objects import ISSUER, UNKNOWN, an_auth_method
from tests.conformance.endpoints.trial import Place, fails, succeeds
from tests.conformance.world import World

_NO_LOGINS: dict[Place, str] = {"simulator": "it accepts no bearer token"}


@contextmanager
def _without_tokens(version: str) -> Iterator[Agent]:
    """Start a real agent whose ACL system waits for its bootstrap."""
    binary = next(binary for binary in find_binaries() if binary.version == version)
    with tempfile.TemporaryDirectory(prefix="acls-") as name:
        file = Path(name, "acls.json")
        file.write_text(json.dumps({"acl": {"enabled": True, "default_policy": "allow"}}))
        with start_agent(binary, acls=False, unix_socket=False, files=[file]) as agent:
            yield agent


@succeeds("acl.bootstrap", not_on={"simulator": "its management token exists from the start"})
async def the_first_token_is_made_once(client: Any, world: World) -> None:
    with _without_tokens(world.agent.version) as fresh:
        async with World(world.face, fresh).another() as stranger:
            made = await stranger.acl.bootstrap()
            assert made["ID"] == made["SecretID"]
            assert [policy["Name"] for policy in made["Policies"]] == ["global-management"]
            assert await stranger.using(token=made["SecretID"]).acl.token.list()
            with pytest.raises(Forbidden, match="ACL bootstrap no longer allowed"):
                await stranger.acl.bootstrap(bootstrap_secret=UNKNOWN)


@fails("acl.bootstrap")
async def the_first_token_is_not_made_twice(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match=r"ACL bootstrap no longer allowed \(reset index: \d+\)") as raised:
        await client.acl.bootstrap()
    assert "this works once for each cluster" in str(raised.value)


@succeeds("acl.replication")
async def the_primary_datacenter_replicates_from_nowhere(client: Any, world: World) -> None:
    status = await client.using(token=None).acl.replication(consistency="consistent")
    assert (status["Enabled"], status["Running"], status["SourceDatacenter"]) == (False, False, "")


@fails("acl.replication")
async def the_replication_of_an_unknown_datacenter(client: Any, world: World) -> None:
    with pytest.raises(ServerError, match="No path to datacenter"):
        await client.acl.replication(datacenter="nowhere")


@succeeds("acl.login", not_on=_NO_LOGINS)
async def a_login_gives_what_its_rules_say(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as method:
        await client.acl.binding_rule.create(method, "service", "${value.name}", selector="value.name==web")
        token = await client.using(token=None).acl.login(method, ISSUER.sign("web"), meta={"pod": "web-1"})
        assert (token["AuthMethod"], token["ServiceIdentities"]) == (method, [{"ServiceName": "web"}])
        assert "web-1" in token["Description"]
        assert (await client.using(token=token["SecretID"]).acl.token.self())["AccessorID"] == token["AccessorID"]
        with pytest.raises(Forbidden, match="no binding rule of the auth method applies"):
            await client.acl.login(method, ISSUER.sign("api"))


@fails("acl.login")
async def a_login_through_an_auth_method_that_does_not_exist(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="there is no auth method with this name"):
        await client.acl.login(world.name(), "x")
    async with an_auth_method(client, world) as method:
        with pytest.raises(ServerError, match="compact JWS format must have three parts"):
            await client.acl.login(method, "x")


@succeeds("acl.logout", not_on=_NO_LOGINS)
async def a_token_is_gone_after_its_logout(client: Any, world: World) -> None:
    async with an_auth_method(client, world) as method:
        await client.acl.binding_rule.create(method, "service", "web")
        logged_in = client.using(token=(await client.acl.login(method, ISSUER.sign("web")))["SecretID"])
        assert await logged_in.acl.logout() is True
        with pytest.raises(Forbidden, match="ACL not found"):
            await logged_in.acl.logout()


@fails("acl.logout")
async def only_a_token_of_a_login_logs_out(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="the token wasn't created via login|token wasn't created via login"):
        await client.acl.logout()
    with pytest.raises(Forbidden, match="ACL not found" if world.is_before(1, 13) else "Supplied token does not exist"):
        await client.using(token=None).acl.logout()


@succeeds("acl.templated_policy.list")
async def templates_are_listed_by_name(client: Any, world: World) -> None:
    templates = await client.acl.templated_policy.list()
    assert templates["builtin/service"]["TemplateName"] == "builtin/service"


@fails("acl.templated_policy.list")
async def templates_are_not_listed_without_a_token(client: Any, world: World) -> None:
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.using(token=None).acl.templated_policy.list()


@succeeds("acl.templated_policy.read")
async def a_template_is_read(client: Any, world: World) -> None:
    template = await client.acl.templated_policy.read("builtin/service")
    assert 'service "{{.Name}}"' in template["Template"]


@fails("acl.templated_policy.read")
async def a_template_that_does_not_exist_is_not_read(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match="Invalid templated policy Name: builtin/nothing"):
        await client.acl.templated_policy.read("builtin/nothing")


@succeeds("acl.templated_policy.preview")
async def a_template_gives_rules(client: Any, world: World) -> None:
    policy = await client.acl.templated_policy.preview("builtin/service", name="web")
    assert 'service "web"' in policy["Rules"]
    assert (await client.acl.templated_policy.preview("builtin/dns"))["Rules"]


@fails("acl.templated_policy.preview")
async def a_template_that_does_not_exist_gives_no_rules(client: Any, world: World) -> None:
    with pytest.raises(NotFound, match='templated policy "nothing" does not exist'):
        await client.acl.templated_policy.preview("nothing")
