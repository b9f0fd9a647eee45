"""Names, IDs, texts and keys that look odd, which Consul takes. Beyond the document."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from consulate.api.txn import kv_set
from consulate.exceptions import KeyNotFound, NotFound, Redirected, ServerError
from tests.conformance.table import beyond
from tests.conformance.world import World
from tests.faces import outcome

#: What Consul would clean away, were it a path.
_FOLDERS = ("http://{}:80/api", "{}//b", "{}/../b", "{}/./b", "/{}")

#: The shaking face, of Unicode 15: newer than Consul 1.8.7, and newer than Python 3.11.
_SHAKING = "\U0001fae8"


async def _check(client: Any, check_id: str) -> Any:
    return next((check for check in await client.agent.checks() if check["CheckID"] == check_id), None)


@beyond
async def ids_that_look_like_paths(client: Any, world: World) -> None:
    """Newer agents take them; up to 1.21.4 every call says that they do not, and with which name."""
    service = client.agent.service
    name = world.name("svc")
    for service_id in (*(folder.format(name) for folder in _FOLDERS), ".", ".."):
        if world.is_before(1, 21, 5):
            for call in (
                service.get(service_id),
                service.health_by_id(service_id),
                service.maintenance(service_id),
                service.deregister(service_id),
                client.catalog.node(service_id),
                client.health.service(service_id),
                client.session.info(service_id),
            ):
                error = await outcome(call)
                assert type(error) is Redirected
                assert f"as {service_id!r} has; use another name, or a newer agent" in str(error)
                assert (error.status, error.maybe_applied) == (301, False)
            continue
        await service.register(name, service_id, ttl="10m")
        assert (await service.get(service_id))["ID"] == service_id
        assert await service.maintenance(service_id, reason="a\nb") is True
        assert (await service.health_by_id(service_id))["AggregatedStatus"] == "maintenance"
        assert await service.maintenance(service_id, enable=False) is True
        assert await service.deregister(service_id) is True
        assert type(await outcome(service.get(service_id))) is NotFound


@beyond
async def checks_whose_ids_look_like_paths(client: Any, world: World) -> None:
    check = client.agent.check
    name = world.name("chk")
    for check_id in (folder.format(name) for folder in _FOLDERS):
        if world.is_before(1, 21, 5):
            for call in (check.ttl_pass(check_id), check.update(check_id, "passing"), check.deregister(check_id)):
                assert type(await outcome(call)) is Redirected
            continue
        await check.register(f"{name}\n//b", check_id=check_id, ttl="10m")
        for report, status in ((check.ttl_pass, "passing"), (check.ttl_warn, "warning"), (check.ttl_fail, "critical")):
            assert await report(check_id, "two\nlines\t") is True
            found = await _check(client, check_id)
            assert (found["Status"], found["Output"], found["Name"]) == (status, "two\nlines\t", f"{name}\n//b")
        assert await check.update(check_id, "passing") is True
        assert await check.deregister(check_id) is True


@beyond
async def names_that_go_into_a_body(client: Any, world: World) -> None:
    """Consul takes what no path could say, where it is not part of one."""
    name = world.name("svc")
    await client.agent.service.register(f"{name}//a\n", name, tags=["two\nlines", ""])
    found = await client.agent.service.get(name)
    assert (found["Service"], found["Tags"]) == (f"{name}//a\n", ["two\nlines", ""])
    await client.agent.service.deregister(name)
    await client.agent.check.register(f"{name}/../\t", check_id=name, ttl="10m")
    assert (await _check(client, name))["Name"] == f"{name}/../\t"
    await client.agent.check.deregister(name)
    node = f"{name}//\n"
    assert await client.catalog.register(node, "10.0.0.1") is True
    assert node in [each["Node"] for each in await client.catalog.nodes()]
    assert await client.catalog.deregister(node) is True
    assert node not in [each["Node"] for each in await client.catalog.nodes()]
    for call in (client.agent.service.register, client.agent.check.register):
        with pytest.raises(ValueError, match="name must not be empty"):
            await call("", ttl="10s")


@beyond
async def texts_with_line_breaks_and_with_nothing_in_them(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.agent.service.register(name, ttl="10m")
    for note in ("two\nlines", "a\ttab", ""):
        for report in (client.agent.check.ttl_fail, client.agent.check.ttl_warn, client.agent.check.ttl_pass):
            assert await report(f"service:{name}", note) is True
            assert (await _check(client, f"service:{name}"))["Output"] == note
    for reason in ("two\nlines", "a\ttab"):
        assert await client.agent.service.maintenance(name, True, reason) is True
        assert (await _check(client, f"_service_maintenance:{name}"))["Notes"] == reason
        await client.agent.service.maintenance(name, False)
    try:
        assert await client.agent.maintenance(reason="") is True
    finally:
        assert await client.agent.maintenance(False, "") is True
    assert [each["ID"] for each in await client.agent.services(filter=f'Service\n==\t"{name}"\n')] == [name]
    assert name in [each["ID"] for each in await client.agent.services(filter="")]
    await client.agent.service.deregister(name)


@beyond
async def ttls_that_are_for_the_agent_to_judge(client: Any, world: World) -> None:
    for ttl in ("0s", 0, "10s", "24h"):
        session = await client.session.create(ttl=ttl)
        assert await client.session.destroy(session) is True
    for short in ("3s", 0.5, "9999ms"):
        error = await outcome(client.session.create(ttl=short))
        assert type(error) is ServerError
        assert "must be between [10s=24h0m0s]" in str(error)
    with pytest.raises(ValueError, match="at most 24 hours"):
        await client.session.create(ttl="24h1s")


def _keys(world: World) -> Iterable[str]:
    name = world.name()
    for key in (*_FOLDERS, "{}/.", "{}/..", "./{}", "../{}", "{}//", " {}", "{} ", "{}/ ", "{}\nb", "{}\t", "{}\x00", "{}\u00a0", "{}%2Fb"):
        yield key.format(name)
    yield f"{name}/{_SHAKING}"
    yield f"{name}?a#b"


@beyond
async def keys_that_a_transaction_wrote(client: Any, world: World) -> None:
    """Every key that is listed can be read and deleted, whatever it looks like."""
    keys = [*_keys(world), ".", "..", "//", " "]
    kv = client.kv
    await kv.put_many({key: {"key": key} for key in keys})
    try:
        assert set(keys) <= set(await kv.keys())
        assert await kv.get_many(keys) == {key: {"key": key} for key in keys}
        for key in keys:
            assert await kv.get(key) == {"key": key}
            assert await kv.get(key, consistency="stale") == {"key": key}
            assert await kv.read(key, raw=True) == b'{"key": ' + (await kv.get(key, raw=True))[8:]
            assert await kv.get_as(key, dict) == {"key": key}
            assert await kv.contains(key) is True
            record = await kv.get_record(key)
            assert (record["Key"], record["Value"], record["Flags"]) == (key, {"key": key}, 0)
            assert await kv.delete(key, cas=1) is False
            assert await kv.delete(key, cas=record["ModifyIndex"]) is True
            assert await kv.get(key, "none") == "none"
            assert await kv.contains(key) is False
            for call in (kv.read(key), kv.get_record(key), kv.delete(key)):
                assert type(await outcome(call)) is KeyNotFound
            await client.txn.commit([kv_set(key, 1)])
            assert await kv.delete(key) is True
        assert await kv.get_many(keys) == {}
    finally:
        await kv.delete_many(keys)


@beyond
async def trees_whose_prefix_looks_like_a_path(client: Any, world: World) -> None:
    kv = client.kv
    name = world.name()
    tree = {f"{name}//{key}": key for key in ("a", "b/c", "b/d")}
    other = f"{name}/x"
    await kv.put_many({**tree, other: 1})
    prefix = f"{name}//"
    assert await kv.keys(prefix) == [*tree]
    assert await kv.keys(prefix, separator="/") == [f"{prefix}a", f"{prefix}b/"]
    assert await kv.find(prefix, separator="/") == {f"{prefix}a": "a", f"{prefix}b/": None}
    assert await kv.count(prefix) == 3
    assert await kv.items(prefix) == tree
    assert await kv.values(prefix, raw=True) == [b"a", b"b/c", b"b/d"]
    assert await kv.records(prefix) == [(key, 0, value) for key, value in tree.items()]
    assert [record["Key"] for record in await kv.get_records(prefix)] == [*tree]
    assert await kv.delete(prefix, recurse=True) is True
    assert await kv.items(prefix) == {}
    assert await kv.keys(name) == [other]


@beyond
async def keys_that_a_put_would_change(client: Any, world: World) -> None:
    """A put says so and names a way that does not; and nothing is written."""
    name = world.name()
    key = f"{name}//a"
    calls: tuple[Callable[[], Any], ...] = (
        lambda: client.kv.put(key, "v"),
        lambda: client.kv.set(key, "v"),
        lambda: client.kv.set_record(key, value="v"),
        lambda: client.kv.acquire_lock(key, "s"),
        lambda: client.kv.release_lock(key, "s"),
    )
    for call in calls:
        with pytest.raises(ValueError, match="only a transaction takes it as it is"):
            await call()
    assert await client.kv.keys(name) == []


@beyond
async def what_is_missing_is_told_in_words(client: Any, world: World) -> None:
    """Not by the status of an answer that happens to say it."""
    missing = str(uuid.uuid4())
    for call, status in (
        (client.session.info(missing), "200"),
        (client.catalog.node(f"n-{missing}"), "200"),
        (client.kv.delete(f"k-{missing}"), "409"),
    ):
        error = await outcome(call)
        assert isinstance(error, NotFound)
        assert f" {status} " not in str(error)
        assert "no such" in str(error) or "no key" in str(error)


@beyond
async def advice_about_tokens(client: Any, world: World) -> None:
    """A second bootstrap and an unknown token need other things than a token with more rules."""
    error = await outcome(client.request("PUT", "/v1/acl/bootstrap"))
    assert "this works once for each cluster" in str(error)
    unknown = client.using(token=str(uuid.uuid4()))
    for call in (unknown.kv.get("k"), unknown.agent.self(), unknown.event.fire("e"), unknown.kv.delete("k")):
        error = await outcome(call)
        assert "Consul does not know this token" in str(error)
        assert "has the rule" not in str(error)
    assert "has the rule" in str(await outcome(client.using(token=None).session.create()))
