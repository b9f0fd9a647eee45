"""KV."""

from __future__ import annotations

from typing import Any

import pytest

import consulate
from consulate.exceptions import ConsulateException, NotFound
from tests.conformance.races import RIVAL, with_rival
from tests.conformance.table import row
from tests.conformance.world import World


@row("KV.__init__", "class consulate.api.kv.KV(uri, adapter, datacenter=None, token=None)")
async def kv_on_its_own(client: Any, world: World) -> None:
    key = world.name()
    kv = consulate.api.kv.KV(*world.standalone_arguments)
    kv[key] = "here"
    assert await client.kv.get(key) == "here"


@row("KV.__contains__", "Return True if there is a value set in the Key/Value service for the given key.")
async def contains(client: Any, world: World) -> None:
    key = world.name()
    assert await world.contains(client, key) is False
    await client.kv.put(key, "")
    assert await world.contains(client, key) is True


@row("KV.__delitem__", "Delete an item from the Key/Value service")
async def del_item(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.put(key, "v")
    await world.del_item(client, key)
    assert await client.kv.contains(key) is False
    with pytest.raises(KeyError):
        await world.del_item(client, key)


@row("KV.__getitem__", "Get a value from the Key/Value service, returning it fully decoded if possible.")
async def get_item(client: Any, world: World) -> None:
    key = world.name()
    for stored, read in {
        "text": "text",
        "1.10": "1.10",
        "true": True,
        "[1, 2]": [1, 2],
        b"\xff": b"\xff",
        '{"a": null}': {"a": None},
    }.items():
        await client.kv.put(key, stored)
        assert await world.get_item(client, key) == read
    missing = world.name("missing")
    with pytest.raises(KeyError, match=missing) as caught:
        await world.get_item(client, missing)
    assert isinstance(caught.value, AttributeError)  # what the example catches
    assert isinstance(caught.value, NotFound)
    assert isinstance(caught.value, ConsulateException)


@row("KV.__iter__", "Iterate over all the keys in the Key/Value service")
async def iterates(client: Any, world: World) -> None:
    keys = sorted(world.name() for _ in range(3))
    for key in keys:
        await client.kv.put(key, 1)
    assert [key for key in await world.keys(client) if key in keys] == keys


@row("KV.__len__", "Return the number if items in the Key/Value service")
async def length(client: Any, world: World) -> None:
    prefix = world.name()
    for number in range(3):
        await client.kv.put(f"{prefix}/{number}", number)
    assert await world.length(client) >= 3
    assert await client.kv.count(prefix) == 3


@row(
    "KV.__setitem__",
    "If the value passed in is not a string, an attempt will be made to JSON encode the value prior to setting it.",
)
async def set_item(client: Any, world: World) -> None:
    key = world.name()
    await world.set_item(client, key, {"a": [1, None]})
    assert await client.kv.get(key, raw=True) == b'{"a": [1, null]}'
    await client.kv.set_record(key, flags=7, value="v")
    await world.set_item(client, key, "w")
    record = await client.kv.get_record(key)
    assert (record["Value"], record["Flags"]) == ("w", 7)
    always_late, rival = with_rival(client, world.face.backend is None, writes=1000)
    with pytest.raises(KeyError, match="before each of 16 attempts"):
        await world.set_item(always_late, key, "mine")
    assert await client.kv.get(key, raw=True) == RIVAL + str(rival.writes).encode()


@row("KV.acquire_lock", "Use Consul for locking by specifying the item/key to lock with and a session value for removing the lock.")
async def acquire_lock(client: Any, world: World) -> None:
    key, first, second = world.name(), await client.session.create(delay="0s"), await client.session.create(delay="0s")
    assert await client.kv.acquire_lock(key, first) is True
    assert await client.kv.acquire_lock(item=key, session=second) is False
    assert (await client.kv.get_record(key))["Session"] == first
    await client.session.destroy(first)
    await client.session.destroy(second)


@row("KV.release_lock", "Release an existing lock from the Consul KV database.")
async def release_lock(client: Any, world: World) -> None:
    key, mine, other = world.name(), await client.session.create(), await client.session.create()
    await client.kv.acquire_lock(key, mine)
    assert await client.kv.release_lock(key, other) is False
    assert await client.kv.release_lock(item=key, session=mine) is True
    assert await client.kv.acquire_lock(key, other) is True
    await client.session.destroy(mine)
    await client.session.destroy(other)


@row("KV.delete", "recurse (bool) – Remove keys prefixed with the item pattern")
async def delete(client: Any, world: World) -> None:
    prefix = world.name()
    for name in ("a", "b/c"):
        await client.kv.put(f"{prefix}/{name}", 1)
    assert await client.kv.delete(f"{prefix}/a") is True
    with pytest.raises(KeyError):
        await client.kv.delete(f"{prefix}/a")
    assert await client.kv.delete(item=prefix, recurse=True) is True
    assert await client.kv.keys(prefix) == []


@row("KV.find", "Find all keys with the specified prefix, returning a dict of matches.")
async def find(client: Any, world: World) -> None:
    prefix = world.name()
    for name, value in {"baz": "qux", "bar": "baz", "sub/x": 1, "sub/y": 2}.items():
        await client.kv.put(f"{prefix}/{name}", value)
    found = await client.kv.find(f"{prefix}/b")
    assert found == {f"{prefix}/bar": "baz", f"{prefix}/baz": "qux"}
    folded = await client.kv.find(prefix=f"{prefix}/", separator="/")
    assert folded == {f"{prefix}/bar": "baz", f"{prefix}/baz": "qux", f"{prefix}/sub/": None}
    assert await client.kv.find(world.name("none")) == {}


@row("KV.get", "Get a value from the Key/Value service, returning it fully decoded if possible.")
async def get(client: Any, world: World) -> None:
    key = world.name()
    assert await client.kv.get(key) is None
    assert await client.kv.get(key, "fallback") == "fallback"
    await client.kv.put(key, [1, 2])
    assert await client.kv.get(item=key, default=None, raw=False) == [1, 2]
    assert await client.kv.get(key, raw=True) == b"[1, 2]"


@row("KV.get_record", "Get the full record from the Key/Value service, returning all fields including the flag.")
async def get_record(client: Any, world: World) -> None:
    key = world.name()
    with pytest.raises(KeyError):
        await client.kv.get_record(key)
    await client.kv.put(key, "v", flags=2**64 - 1)
    record = await client.kv.get_record(item=key)
    assert (record["Key"], record["Value"], record["Flags"], record["LockIndex"]) == (key, "v", 2**64 - 1, 0)
    assert record["ModifyIndex"] >= record["CreateIndex"] > 0


@row("KV.items", "Return a dict of all of the key/value pairs in the Key/Value service")
async def items(client: Any, world: World) -> None:
    prefix = world.name()
    for name, value in {"foo": "bar", "quz": True, "corgie": "dog"}.items():
        await client.kv.put(prefix + name, value)
    everything = await client.kv.items()
    assert isinstance(everything, dict)
    assert {key: value for key, value in everything.items() if key.startswith(prefix)} == {
        prefix + "foo": "bar",
        prefix + "quz": True,
        prefix + "corgie": "dog",
    }


@row("KV.iteritems", "Iterate over the dict of key/value pairs in the Key/Value service")
async def iteritems(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.put(key, True)
    assert (key, True) in await world.pairs(client)


@row("KV.keys", "Return a list of all of the keys in the Key/Value service")
async def keys(client: Any, world: World) -> None:
    prefix = world.name()
    for name in ("b", "a", "c/d", "c/e"):
        await client.kv.put(f"{prefix}/{name}", 1)
    everything = await client.kv.keys()
    assert isinstance(everything, list)
    assert [key for key in everything if key.startswith(prefix)] == [f"{prefix}/{name}" for name in ("a", "b", "c/d", "c/e")]
    assert await client.kv.keys(f"{prefix}/", separator="/") == [f"{prefix}/{name}" for name in ("a", "b", "c/")]


@row("KV.records", "Return a list of tuples for all of the records in the Key/Value service")
async def records(client: Any, world: World) -> None:
    prefix = world.name()
    await client.kv.put(prefix + "bar", "baz")
    await client.kv.set_record(prefix + "corgie", 128, "dog")
    everything = await client.kv.records()
    assert [record for record in everything if record[0].startswith(prefix)] == [
        (prefix + "bar", 0, "baz"),
        (prefix + "corgie", 128, "dog"),
    ]


@row("KV.set", "Set a value in the Key/Value service, using the CAS mechanism to ensure that the set is atomic.")
async def set_(client: Any, world: World) -> None:
    key = world.name()
    await client.kv.set(key, "v")
    await client.kv.set(item=key, value=17)
    assert await client.kv.get(key) == 17
    late, rival = with_rival(client, world.face.backend is None, writes=3)
    await late.kv.set(key, "the fourth try")
    assert (await client.kv.get(key), rival.writes) == ("the fourth try", 0)
    always_late, rival = with_rival(client, world.face.backend is None, writes=1000)
    with pytest.raises(KeyError, match="before each of 16 attempts") as caught:
        await always_late.kv.set(key, "mine")
    assert isinstance(caught.value, ConsulateException)
    assert not caught.value.maybe_applied
    assert await client.kv.get(key, raw=True) == RIVAL + str(rival.writes).encode()


@row("KV.set_record", "replace – If True existing value will be overwritten:")
async def set_record(client: Any, world: World) -> None:
    key = world.name()
    assert await client.kv.set_record(key, 1, "v", False) is True
    assert await client.kv.set_record(item=key, flags=2, value="w", replace=False) is False
    assert await client.kv.records(key) == [(key, 1, "v")]
    assert await client.kv.set_record(key, flags=2, value="w") is True
    assert await client.kv.records(key) == [(key, 2, "w")]


@row("KV.values", "Return a list of all of the values in the Key/Value service")
async def values(client: Any, world: World) -> None:
    prefix = world.name()
    for name, value in {"a": True, "b": "bar"}.items():
        await client.kv.put(prefix + name, value)
    assert isinstance(await client.kv.values(), list)
    assert await client.kv.values(prefix) == [True, "bar"]


@row("example blob", "Here’s a big blob of example code that uses most of the functionality in the KV class.")
async def the_blob(client: Any, world: World) -> None:
    """The code of the document, on a client for threads; with the awaitable counterparts on a client for tasks."""
    flag = world.name("release_flag")
    session = world.for_threads(client)
    if session is None:
        await client.kv.set(flag, True)
        assert await client.kv.read(flag) is True
        await client.kv.delete(flag)
        with pytest.raises(AttributeError):
            await client.kv.read(flag)
        assert await client.kv.count() == len(await client.kv.keys()) == len(await client.kv.values()) == len(await client.kv.items())
        return

    # Set the key named release_flag to True
    session.kv[flag] = True

    # Get the value for the release_flag, if not set, raises AttributeError
    try:
        should_release_feature = session.kv[flag]
    except AttributeError:
        should_release_feature = False
    assert should_release_feature is True

    # Check to see if a key called "foo" is set
    assert flag in session.kv

    # Fetch how many rows are set in the KV store
    count = len(session.kv)
    assert count >= 1

    # Iterate over all keys in the kv store
    assert flag in [key for key in session.kv]  # noqa: C416 - as the document has it

    # Iterate over all key/value pairs in the kv store
    assert (flag, True) in [(key, value) for key, value in session.kv.iteritems()]

    # Iterate over all keys in the kv store
    assert len([value for value in session.kv.values]) == count  # noqa: C416 - as the document has it

    # Find all keys that start with "fl"
    assert [key for key in session.kv.find(flag[:-1])] == [flag]  # noqa: C416 - as the document has it

    # Return all of the items in the key/value store
    assert session.kv.items()[flag] is True

    # Delete the release_flag key
    del session.kv[flag]
    with pytest.raises(AttributeError):
        session.kv[flag]
