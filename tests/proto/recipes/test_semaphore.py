"""A semaphore: the official layout, its slots, and what is left of them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from consul_proto.errors import Forbidden, LockConflict, LockNotAcquired, NoLeader, TransactionFailed
from consul_proto.message import Response
from consul_proto.recipes.outcomes import Acquired, Lost
from consul_proto.recipes.semaphore import SEMAPHORE_FLAG, Semaphore, Slots
from tests.recipes.script import Script

RACE = TransactionFailed('operation 1: failed to set key "p/.lock", index is stale')


def looking(**options: Any) -> Script:
    script = Script(Semaphore("p", 2, ttl="10s", **options))
    script.begin()
    script.answer("create", "s1", 0.0)
    return script


def held(**options: Any) -> Script:
    script = looking(**options)
    script.answer("look", slots())
    script.answer("acquire", 9)
    return script


def releasing(found: Slots, **options: Any) -> Script:
    script = held(**options)
    script.stop(1.0)
    script.answer("look", found, 1.0)
    return script


def slots(*holders: str, index: int = 7, limit: int | None = 2, dead: tuple[str, ...] = (), flags: int = SEMAPHORE_FLAG) -> Slots:
    return Slots(index, flags, limit, frozenset(holders), frozenset(holders) - {*dead})


def steps(script: Script, name: str) -> list[dict[str, Any]]:
    """Return the operations of a transaction, with their values in plain text."""
    operations = [operation["KV"] for operation in script.body(name)]
    return [one | ({"Value": b64decode(one["Value"]).decode()} if "Value" in one else {}) for one in operations]


def lock(value: object, flags: int = SEMAPHORE_FLAG) -> dict[str, Any]:
    written = value if isinstance(value, bytes) else json.dumps(value).encode()
    return {"Key": "p/.lock", "Flags": flags, "ModifyIndex": 7, "Value": b64encode(written).decode()}


def read(script: Script, *entries: dict[str, Any]) -> Slots:
    found: Slots = script.flying["look"].operation.decode(Response(200, body=json.dumps(entries).encode()))
    return found


# Acquiring.


def test_a_free_slot_takes_three_calls() -> None:
    script = Script(Semaphore("p/", 2, ttl="10s", value="me"))
    script.begin()
    assert script.body("create") == {"Name": "semaphore of p", "Behavior": "delete", "LockDelay": "0s", "TTL": "10s"}
    script.answer("create", "s1")
    assert script.request("look") == "GET /v1/kv/p/?recurse"
    script.answer("look", Slots(limit=2))
    contend, added = steps(script, "acquire")
    assert contend == {"Verb": "lock", "Key": "p/s1", "Value": "me", "Flags": 0xE0F69A2BAA414DE0, "Session": "s1"}
    assert added == {
        "Verb": "cas",
        "Key": "p/.lock",
        "Value": '{"Limit":2,"Holders":{"s1":true}}',
        "Flags": 0xE0F69A2BAA414DE0,
        "Index": 0,
    }
    script.answer("acquire", 9, 0.5)
    assert script.told == [Acquired("s1", 9)]
    assert script.machine.held_until == 10.0
    assert script.request("watch") == "GET /v1/kv/p/.lock?consistent&index=9&wait=60s"


def test_a_holder_is_added_to_the_others() -> None:
    script = looking()
    script.answer("look", slots("s2"))
    assert steps(script, "acquire")[1]["Value"] == '{"Limit":2,"Holders":{"s1":true,"s2":true}}'
    assert steps(script, "acquire")[1]["Index"] == 7


def test_it_waits_while_all_slots_are_taken() -> None:
    script = looking()
    script.answer("look", slots("s2", "s3"), index=8)
    assert script.request("look") == "GET /v1/kv/p/?recurse&index=8&wait=15s"
    script.answer("look", slots("s2"), 5.0, index=9)
    assert "acquire" in script.flying


def test_dead_holders_are_pruned() -> None:
    script = looking()
    script.answer("look", slots("s2", "s3", dead=("s3",)))
    assert steps(script, "acquire")[1]["Value"] == '{"Limit":2,"Holders":{"s1":true,"s2":true}}'


def test_one_that_is_a_holder_already_is_added_by_a_write_of_its_own() -> None:
    """The answer of the first write was lost; others may have written since."""
    script = looking()
    script.answer("look", slots("s1", "s2"))
    _, removed, added = steps(script, "acquire")
    assert (removed["Verb"], removed["Index"], removed["Value"]) == ("cas", 7, '{"Limit":2,"Holders":{"s2":true}}')
    assert (added["Verb"], added["Value"]) == ("set", '{"Limit":2,"Holders":{"s1":true,"s2":true}}')
    assert added["Flags"] == SEMAPHORE_FLAG


def test_after_a_lost_race_it_looks_again() -> None:
    script = looking()
    script.answer("look", slots())
    script.fail("acquire", RACE)
    assert list(script.flying) == ["look"]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (slots(flags=0), "not of a semaphore"),
        (slots(limit=None), "not of a semaphore"),
        (slots(limit=3), "has the limit 3, not 2"),
    ],
)
def test_conflicts(found: Slots, says: str) -> None:
    script = looking()
    script.answer("look", found)
    assert isinstance(script.told[0].error, LockConflict)
    assert says in str(script.told[0].error)
    assert list(script.flying) == ["destroy"]


def test_trying_once() -> None:
    script = looking(timeout=0)
    script.answer("look", slots("s2", "s3"), index=8)
    assert isinstance(script.told[0].error, LockNotAcquired)
    assert str(script.told[0].error) == "a slot of 'p' was not acquired: others hold it"


# Reading.


def test_what_the_official_client_writes_is_read() -> None:
    script = looking()
    found = read(
        script,
        lock({"Limit": 2, "Holders": {"s2": True, "s3": True}}),
        {"Key": "p/s2", "Flags": SEMAPHORE_FLAG, "ModifyIndex": 5, "Session": "s2"},
        {"Key": "p/s3", "Flags": SEMAPHORE_FLAG, "ModifyIndex": 5},
        {"Key": "p/x", "Flags": 0, "ModifyIndex": 5, "Session": "s4"},
    )
    assert found == Slots(7, SEMAPHORE_FLAG, 2, frozenset({"s2", "s3"}), frozenset({"s2"}))
    assert read(script, lock({"Limit": 2, "Holders": None})) == Slots(7, SEMAPHORE_FLAG, 2)
    assert read(script) == Slots(limit=2)


@pytest.mark.parametrize(
    "value", [b"", b"x", [], {"Holders": {}}, {"Limit": "2"}, {"Limit": 2, "Holders": 3}, {"Limit": 2, "Holders": [[]]}]
)
def test_a_lock_key_of_something_else_has_no_limit(value: object) -> None:
    assert read(looking(), lock(value)).limit is None


# Holding.


def test_a_holder_that_others_removed_has_lost() -> None:
    script = held()
    script.answer("watch", slots("s1", "s2", index=10), 1.0, index=10)
    assert script.request("watch") == "GET /v1/kv/p/.lock?consistent&index=10&wait=60s"
    script.answer("watch", slots("s2", index=11), 2.0, index=11)
    assert isinstance(script.told[-1], Lost)
    assert list(script.flying) == ["destroy"]


# Releasing.


def test_a_release_removes_the_holder_and_its_contender_key() -> None:
    script = releasing(slots("s1", "s2", index=12))
    assert script.request("release") == "PUT /v1/txn"
    removed, contender = steps(script, "release")
    assert (removed["Verb"], removed["Index"], removed["Value"]) == ("cas", 12, '{"Limit":2,"Holders":{"s2":true}}')
    assert contender == {"Verb": "delete", "Key": "p/s1"}
    script.answer("release", [], 1.1)
    script.answer("destroy", True, 1.2)
    assert script.machine.is_over


def test_a_release_reads_the_newest_holders() -> None:
    script = held()
    script.stop(1.0)
    assert script.request("look") == "GET /v1/kv/p/.lock?consistent"


def test_the_last_holder_may_delete_the_lock_key() -> None:
    script = releasing(slots("s1", index=12), delete=True)
    assert steps(script, "release")[0] == {"Verb": "delete-cas", "Key": "p/.lock", "Index": 12}
    script = releasing(slots("s1", "s2", index=12), delete=True)
    assert steps(script, "release")[0]["Verb"] == "cas"
    script = releasing(slots("s1", index=12))
    assert steps(script, "release")[0]["Value"] == '{"Limit":2,"Holders":{}}'


def test_a_release_of_one_that_is_no_holder_any_more() -> None:
    assert steps(releasing(slots("s2")), "release") == [{"Verb": "delete", "Key": "p/s1"}]


def test_a_release_that_another_write_prevented_is_tried_again() -> None:
    script = releasing(slots("s1"))
    script.fail("release", RACE, 1.1)
    assert 1.1 < script.next() < 1.3
    assert list(script.flying) == ["look"]
    script.fail("look", NoLeader("No cluster leader"), 1.3)
    assert 1.3 < script.next() < 1.6
    script.fail("look", Forbidden("no rule"), 1.6)
    assert list(script.flying) == ["destroy"]


# Arguments.


@pytest.mark.parametrize(
    "arguments", [{"prefix": "p", "limit": 0}, {"prefix": "a//b", "limit": 1}, {"prefix": "", "limit": 1, "ttl": "0s"}]
)
def test_invalid_arguments(arguments: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        Semaphore(**arguments)
