"""Values of a kind, raw values, flags and large values; and lists that a str is not. Beyond the document."""

from __future__ import annotations

from typing import Any

import pytest

from consulate.exceptions import BulkError, ClientError, DecodeError, Forbidden, ServerError
from tests.conformance.endpoints.streamed import open_only, opened
from tests.conformance.table import beyond
from tests.conformance.world import World


@beyond
async def values_of_a_kind(client: Any, world: World) -> None:
    key = world.name()
    kv = client.kv
    kinds: tuple[Any, ...] = (str, int, float, bool, bytes, dict, list)
    written: dict[str | bytes, dict[Any, Any]] = {
        "1234": {str: "1234", int: 1234, float: 1234.0, bytes: b"1234"},
        "1.50": {str: "1.50", float: 1.5, bytes: b"1.50"},
        "true": {str: "true", bool: True, bytes: b"true"},
        '{"a":1}': {str: '{"a":1}', dict: {"a": 1}, bytes: b'{"a":1}'},
        "[1,2]": {str: "[1,2]", list: [1, 2], bytes: b"[1,2]"},
        b"\xff": {bytes: b"\xff"},
        "": {str: "", bytes: b""},
    }
    for stored, values in written.items():
        await kv.put(key, stored)
        for kind in kinds:
            if kind in values:
                found = await kv.get_as(key, kind, default=None, consistency="consistent")
                assert (found, type(found)) == (values[kind], kind)
            else:
                with pytest.raises(DecodeError, match=f"the value of '{key}' is not a {kind.__name__}: expected "):
                    await kv.get_as(key, kind)
    missing = world.name()
    assert await kv.get_as(missing, int) is None
    assert await kv.get_as(missing, int, default=7) == 7
    assert await kv.get_as(missing, int, "seven") == "seven"
    for other in (set, object, None):
        with pytest.raises(TypeError, match=r"^kv\.get_as\(\): kind must be "):
            await kv.get_as(key, other)


@beyond
async def raw_values(client: Any, world: World) -> None:
    prefix = world.name()
    kv = client.kv
    keys = [f"{prefix}/a", f"{prefix}/b"]
    await kv.put_many({keys[0]: 1, keys[1]: "x"}, flags={keys[1]: 2**64 - 1})
    raw = {keys[0]: b"1", keys[1]: b"x"}
    assert await kv.items(prefix, raw=True) == await kv.find(prefix, raw=True) == await kv.get_many(keys, raw=True) == raw
    assert await kv.values(prefix, raw=True) == [b"1", b"x"]
    assert await kv.records(prefix, raw=True) == [(keys[0], 0, b"1"), (keys[1], 2**64 - 1, b"x")]
    assert [record["Value"] for record in await kv.get_records(prefix, raw=True)] == [b"1", b"x"]
    assert (await kv.get_record(keys[0], raw=True))["Value"] == b"1"
    assert await kv.items(prefix) == {keys[0]: 1, keys[1]: "x"}


@beyond
async def flags_of_many(client: Any, world: World) -> None:
    prefix = world.name()
    await client.kv.put_many({f"{prefix}/a": 1, f"{prefix}/b": 2}, flags=7)
    assert await client.kv.records(prefix) == [(f"{prefix}/a", 7, 1), (f"{prefix}/b", 7, 2)]
    await client.kv.put_many({f"{prefix}/a": 1, f"{prefix}/b": 2})
    assert await client.kv.records(prefix) == [(f"{prefix}/a", 0, 1), (f"{prefix}/b", 0, 2)]


@beyond
async def a_value_that_fits_no_transaction(client: Any, world: World) -> None:
    """It is written by itself, as `put` writes it, in its place among the others."""
    prefix = world.name()
    large = b"x" * (512 * 1024)
    written = {f"{prefix}/a": b"1", f"{prefix}/b": b"x" * 400_000, f"{prefix}/c": large, f"{prefix}/d": b"4"}
    await client.kv.put_many(written, flags=3)
    assert await client.kv.items(prefix, raw=True) == written
    assert {flags for _, flags, _ in await client.kv.records(prefix, raw=True)} == {3}
    with pytest.raises(BulkError) as caught:
        await client.kv.put_many({f"{prefix}/d": b"5", f"{prefix}/e": large + b"x", f"{prefix}/f": b"6"}, connections=1)
    assert isinstance(caught.value.__cause__, ClientError)
    assert (caught.value.status, caught.value.maybe_applied) == (413, False)
    result = caught.value.result
    assert (result.applied, result.failed, result.not_sent) == ((range(1),), (range(1, 2),), (range(2, 3),))
    assert await client.kv.get_many([f"{prefix}/{name}" for name in "def"], raw=True) == {f"{prefix}/d": b"5"}


@beyond
async def trees(client: Any, world: World) -> None:
    """Replaced, and copied: what is the same is not written, and Consul's order of keys is that of the comparison."""
    prefix = world.name()
    names = [*(f"{number:03}" for number in range(150)), "a b", "a/b", "a-b", "\u00e4", "\u20ac", "\U0001f600", "z\uffff", "A", "~"]
    old = {f"{prefix}/t/{name}": "v" + name for name in names}
    await client.kv.put_many({**old, f"{prefix}/t": "beside"}, flags=7)
    index = (await client.kv.get_record(f"{prefix}/t/000"))["ModifyIndex"]
    new = {key: value if number % 2 else value + "!" for number, (key, value) in enumerate(old.items()) if number % 3}
    new |= {f"{prefix}/t/000": "v000", f"{prefix}/t/new": "new"}
    result = await client.kv.replace_tree(f"{prefix}/t/", new, flags=7)
    assert await client.kv.items(prefix) == {**new, f"{prefix}/t": "beside"}
    assert (result.done, result.deleted) == (len(new), len(old.keys() - new.keys()))
    assert result.unchanged == len([key for key, value in new.items() if old.get(key) == value])
    assert (await client.kv.get_record(f"{prefix}/t/000"))["ModifyIndex"] == index
    assert (await client.kv.replace_tree(f"{prefix}/t/", new, flags=7)).unchanged == len(new)
    copied = await client.kv.copy_tree(f"{prefix}/t/", f"{prefix}/u/")
    assert copied.written == len(new)
    records = await client.kv.records(f"{prefix}/t/", raw=True)
    moved = [(key.replace("/t/", "/u/", 1), flags, value) for key, flags, value in records]
    assert await client.kv.records(f"{prefix}/u/", raw=True) == moved
    assert (await client.kv.replace_tree(f"{prefix}/", {})).deleted == 2 * len(new) + 1  # with the one beside
    await client.kv.delete(prefix, recurse=True)


@beyond
async def a_batch_that_is_rolled_back(client: Any, world: World) -> None:
    """The key that Consul refuses is named, with its position; nothing of its transaction was written."""
    prefix = world.name()
    policy = await client.acl.policy.create(
        prefix, rules=f'key_prefix "{prefix}/" {{ policy = "write" }} key "{prefix}/0150" {{ policy = "deny" }}'
    )
    token = await client.acl.token.create(policies=[{"ID": policy["ID"]}])
    keys = [f"{prefix}/{number:04}" for number in range(300)]
    try:
        with pytest.raises(BulkError) as caught:
            await client.using(token=token["SecretID"]).kv.put_many(dict.fromkeys(keys, "v"), connections=1)
        result = caught.value.result
        assert isinstance(caught.value.__cause__, Forbidden)
        assert (result.applied, result.failed, caught.value.maybe_applied) == ((range(128),), (range(128, 192),), False)
        assert [(each.position, each.key) for each in result.failures[0].refusals] == [(150, keys[150])]
        assert "Permission denied" in result.failures[0].refusals[0].reason
        assert await client.kv.keys(prefix) == keys[:128]
    finally:
        await client.acl.token.delete(token["AccessorID"])
        await client.acl.policy.delete(policy["ID"])
        await client.kv.delete(prefix, recurse=True)


@beyond
async def records_one_by_one(client: Any, world: World) -> None:
    prefix = world.name()
    stored: dict[str, Any] = {f"{prefix}/{n:03}": f"value {n} " * 20 for n in range(150)}
    stored |= {f"{prefix}/a&b": "escaped", f"{prefix}/b": b"\xff", f"{prefix}/c": "", f"{prefix}/d": {"a": [1]}, f"{prefix}/\u00e4": True}
    await client.kv.put_many(stored, flags={f"{prefix}/b": 2**64 - 1})
    session = await client.session.create("s", behavior="delete", delay="0s")
    assert await client.kv.acquire_lock(f"{prefix}/e", session, "locked") is True
    try:
        async with opened(client, world, lambda api: api.kv.stream_records(prefix + "/")) as records:
            found = [record async for record in records]
        assert found == await client.kv.get_records(prefix + "/")
        assert {record["Key"]: record["Value"] for record in found} == {**stored, f"{prefix}/e": "locked"}
        assert {record["Key"]: record["Flags"] for record in found if record["Flags"]} == {f"{prefix}/b": 2**64 - 1}
        assert {record["Key"]: record["Session"] for record in found if "Session" in record} == {f"{prefix}/e": session}
        assert await client.kv.items(prefix + "/") == {record["Key"]: record["Value"] for record in found}
        assert await client.kv.records(prefix + "/") == [(record["Key"], record["Flags"], record["Value"]) for record in found]
        async with opened(client, world, lambda api: api.kv.stream_records(prefix + "/b", raw=True)) as records:
            assert [record["Value"] async for record in records] == [b"\xff"]
    finally:
        await client.session.destroy(session)
    async with opened(client, world, lambda api: api.kv.stream_records(world.name("missing"))) as records:
        assert [record async for record in records] == []
    await client.kv.delete(prefix, recurse=True)
    with pytest.raises(ServerError, match="No path to datacenter"):
        await open_only(client, world, lambda api: api.kv.stream_records(prefix, datacenter="nowhere"))


@beyond
async def a_str_is_not_a_list(client: Any, world: World) -> None:
    """It would be taken apart, and other keys would be deleted."""
    keys = ("a", "p")
    await client.kv.put_many(dict.fromkeys(keys, "v"))
    try:
        for text in ("app", b"app"):
            for call in (client.kv.delete_many, client.kv.get_many):
                with pytest.raises(TypeError, match="items must be a list of str, not (str|bytes); put it into a list"):
                    await call(text)
        for name, call in {
            "args": lambda: client.agent.check.register("c", args="exit 0", interval="10s"),
            "checks": lambda: client.agent.service.register("s", checks="c"),
            "tags": lambda: client.agent.service.register("s", tags="a"),
            "node_checks": lambda: client.session.create(node_checks="serfHealth"),
            "operations": lambda: client.txn.commit("app"),
            "items": lambda: client.kv.put_many("app"),
        }.items():
            with pytest.raises(TypeError, match=f"{name} must be a (list|dict)"):
                await call()
        assert await client.kv.get_many(keys) == {"a": "v", "p": "v"}
    finally:
        await client.kv.delete_many(keys)


@beyond
async def a_service_with_all_that_its_check_can_be_told(client: Any, world: World) -> None:
    name = world.name("svc")
    await client.agent.service.register(
        name,
        httpcheck="http://127.0.0.1:9/",
        interval="1h",
        check_id=f"{name}-alive",
        notes="n",
        timeout="3s",
        status="passing",
        header={"X-A": ["b"]},
        method="HEAD",
        deregister_critical_service_after="90m",
        success_before_passing=1,
    )
    check = next(each for each in await client.agent.checks() if each["ServiceID"] == name)
    assert (check["CheckID"], check["Notes"]) == (f"{name}-alive", "n")
    await client.agent.service.register(
        name, ttl="10m", status="warning", deregister_critical_service_after="90m", replace_existing_checks=True
    )
    check = next(each for each in await client.agent.checks() if each["ServiceID"] == name)
    assert (check["CheckID"], check["Status"], check["Notes"]) == (f"service:{name}", "warning", "")
    assert await client.agent.service.deregister(name) is True
    with pytest.raises(ValueError, match="options of a check need a check: timeout; give one with check=, httpcheck= or ttl="):
        await client.agent.service.register(name, timeout="3s")
    with pytest.raises(TypeError, match=r"^agent\.service\.register\(\): check must be a str, not dict .* as checks=\[\{\.\.\.\}\]$"):
        await client.agent.service.register(name, check={"TTL": "10s"})
    with pytest.raises(
        TypeError, match=r"^agent\.check\.register\(\) got an unexpected keyword argument 'httpcheck'; did you mean 'http'\?$"
    ):
        await client.agent.check.register(name, httpcheck="http://127.0.0.1:9/", interval="10s")
