"""Calls that Consul refuses, and the exceptions that they raise. Beyond the document."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consulate.api.txn import kv_get, kv_set
from consulate.exceptions import ACLDisabled, ClientError, Forbidden, LegacyACLRemoved, NotFound, Redirected, ServerError, TransactionFailed
from tests.conformance.table import beyond
from tests.conformance.world import World
from tests.faces import outcome


@beyond
async def a_token_that_nobody_knows(client: Any, world: World) -> None:
    """Every group of calls raises Forbidden, with method and path and without the token; the call had no effect."""
    token = str(uuid.uuid4())
    key = world.name()
    view = client.using(token=token)
    for call in (
        view.kv.put(key, "v"),
        view.kv.get(key),
        view.kv.set(key, "v"),
        view.kv.delete(key, recurse=True),
        view.txn.commit([kv_set(key, "v")]),
        view.catalog.register(key, "10.0.0.1"),
        view.catalog.deregister(key),
        view.agent.service.register(key),
        view.agent.self(),
        view.session.create(),
        view.event.fire(key),
    ):
        error = await outcome(call)
        assert type(error) is Forbidden
        assert not error.maybe_applied
        assert error.method in ("GET", "PUT", "DELETE")
        assert (error.path or "").startswith("/v1/")
        shown = [str(error), repr(error), repr(error.__dict__), repr(view), repr(error.__cause__), repr(error.__context__)]
        assert token not in "".join(shown)
    assert await client.kv.get(key) is None


@beyond
async def a_datacenter_that_does_not_exist(client: Any, world: World) -> None:
    view = client.using(datacenter="nope")
    for call in (
        view.kv.get("k"),
        view.kv.put("k", "v"),
        view.catalog.nodes(),
        view.catalog.register(world.name(), "10.0.0.1"),
        view.health.service("consul"),
        view.session.create(),
        view.txn.commit([kv_get("k")]),
        client.kv.get("k", datacenter="nope"),
        client.event.fire("e", datacenter="nope"),
    ):
        error = await outcome(call)
        assert type(error) is ServerError
        assert "No path to datacenter" in str(error)
    assert await view.kv.get(world.name(), datacenter=world.agent.datacenter) is None


@beyond
async def a_value_over_the_limit(client: Any, world: World) -> None:
    key = world.name()
    too_large = b"x" * (512 * 1024 + 1)
    for call in (client.kv.put(key, too_large), client.kv.set(key, too_large)):
        error = await outcome(call)
        assert type(error) is ClientError
        assert (error.status, error.maybe_applied) == (413, False)
        assert await client.kv.get(key) is None
    assert await client.kv.put(key, too_large[1:]) is True
    assert await client.kv.get(key, raw=True) == too_large[1:]


@beyond
async def too_many_operations(client: Any, world: World) -> None:
    prefix, most = world.name(), 64 if world.is_before(1, 14) else 128
    operations = [kv_set(f"{prefix}/{number}", number) for number in range(most + 1)]
    assert len(await client.txn.commit(operations[1:])) == most
    with pytest.raises(ClientError, match="too many operations") as caught:
        await client.txn.commit(operations)
    assert (caught.value.status, caught.value.maybe_applied) == (413, False)
    assert await client.kv.count(prefix) == most


@beyond
async def a_transaction_that_was_rolled_back(client: Any, world: World) -> None:
    key, missing = world.name(), world.name()
    with pytest.raises(TransactionFailed, match=missing) as caught:
        await client.txn.commit([kv_set(key, "v"), kv_get(missing)])
    assert [(error["OpIndex"], missing in error["What"]) for error in caught.value.errors] == [(1, True)]
    assert (caught.value.status, caught.value.maybe_applied) == (409, False)
    assert await client.kv.get(key) is None


@beyond
async def a_key_that_begins_with_a_slash(client: Any, world: World) -> None:
    """Up to 1.21.4, Consul redirects a write to the name without the slash; newer agents keep it. Reads are transactions and find it."""
    name = world.name()
    key = "/" + name
    if world.is_before(1, 21, 5):
        for call, query in (
            (client.kv.put(key, "v"), ""),
            (client.kv.keys(key), "?keys"),
            (client.kv.delete(key, recurse=True), "?recurse"),
        ):
            error = await outcome(call)
            assert type(error) is Redirected
            assert f"Consul redirects to /v1/kv/{name}{query} " in str(error)
            assert (error.status, error.maybe_applied) == (301, False)
        await client.kv.put_many({key: "v"})
    else:
        assert await client.kv.put(key, "v") is True
        assert await client.kv.keys(key) == [key]
    assert await client.kv.get(key) == "v"
    assert (await client.kv.get_record(key))["Key"] == key
    assert await client.kv.delete(key) is True
    assert await client.kv.contains(key) is False
    assert await client.kv.get(name) is None


@beyond
async def names_that_consul_would_change(client: Any, world: World) -> None:
    """They fail before anything is sent. The error has the name that Consul would use."""
    name = world.name()
    for key, used in {f"{name}//a": f"{name}/a", f"{name}/./a": f"{name}/a", f"{name}/../{name}": name}.items():
        for call in (client.kv.put, client.kv.set):
            with pytest.raises(ValueError, match=f"'{used}'"):
                await call(key, "v")
    with pytest.raises(ValueError, match="line break"):
        await client.kv.put(f"{name}\n", "v")
    assert await client.kv.keys(name) == []


@beyond
async def unknown_ids(client: Any, world: World) -> None:
    """Old agents answer 500, newer ones 404."""
    unknown = world.name("nothing")
    since_1_11 = ServerError if world.is_before(1, 11, 2) else NotFound
    since_1_12 = ServerError if world.is_before(1, 12) else NotFound
    for call, kind in (
        (client.agent.check.deregister(unknown), since_1_11),
        (client.agent.check.ttl_pass(unknown), since_1_11),
        (client.agent.check.update(unknown, "passing"), since_1_11),
        (client.agent.service.deregister(unknown), since_1_12),
        (client.agent.service.maintenance(unknown), since_1_12),
        (client.agent.service.get(unknown), NotFound),
        (client.agent.service.health_by_id(unknown), NotFound),
        (client.session.info(str(uuid.uuid4())), NotFound),
        (client.session.renew(str(uuid.uuid4())), NotFound),
        (client.catalog.node(unknown), NotFound),
        (client.kv.read(unknown), NotFound),
    ):
        error = await outcome(call)
        assert type(error) is kind or (kind is NotFound and isinstance(error, NotFound))


@beyond
async def the_legacy_acl_system_on_newer_agents(client: Any, world: World) -> None:
    """Each of its endpoints raises LegacyACLRemoved, and no error shows the ID, which is a secret."""
    if world.has_legacy_acls:
        return
    secret = str(uuid.uuid4())
    acl = client.acl.legacy
    for call in (acl.create("n"), acl.update(secret, "n"), acl.info(secret), acl.clone(secret), acl.destroy(secret), acl.list()):
        error = await outcome(call)
        assert type(error) is LegacyACLRemoved
        assert isinstance(error, ACLDisabled)
        assert "newer than Consul 1.10" in str(error)
        assert not error.maybe_applied
        assert secret not in str(error) + repr(error) + repr(error.__dict__)


@beyond
async def the_secret_of_a_legacy_acl(client: Any, world: World) -> None:
    """The documented ID of a token is its secret, and on older agents part of paths. No error shows it."""
    secret = await client.acl.create("n")
    nobody = client.using(token=None).acl
    for call in (nobody.update(secret, "m"), nobody.clone(secret), nobody.destroy(secret)):
        error = await outcome(call)
        assert type(error) is Forbidden
        assert secret not in str(error) + repr(error) + repr(error.__dict__)
    await client.acl.destroy(secret)
    for call in (client.acl.info(secret), client.acl.clone(secret), client.acl.destroy(secret)):
        error = await outcome(call)
        assert type(error) is NotFound
        assert secret not in str(error) + repr(error) + repr(error.__dict__)
