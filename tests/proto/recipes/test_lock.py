"""A lock that is acquired or waits for it: what it sends, and what it tells."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from consul_proto.errors import (
    DecodeError,
    Forbidden,
    LockConflict,
    LockNotAcquired,
    NoConnectionFree,
)
from consul_proto.message import Response
from consul_proto.recipes.lock import Lock, worst_case_takeover
from consul_proto.recipes.outcomes import Acquired, GaveUp
from tests.proto.recipes.lock_states import (
    BUSY,
    DELAYED,
    FREE,
    GONE,
    NO_LEADER,
    NO_SESSION,
    OURS,
    RACE,
    TAKEN,
    TIMEOUT,
    acquiring,
    closed,
    held,
    looking,
    waiting,
)
from tests.recipes.script import Script

# Acquiring.


def test_a_free_lock_takes_three_calls() -> None:
    script = Script(Lock("k", ttl="10s", delay="3s", value="node-1", name="n", checks=[]))
    script.begin()
    assert script.body("create") == {"Name": "n", "LockDelay": "3s", "TTL": "10s", "Checks": []}
    script.answer("create", "s1")
    assert script.request("look") == "GET /v1/kv/k"
    script.answer("look", [])
    check, lock = (operation["KV"] for operation in script.body("acquire"))
    assert check == {"Verb": "check-not-exists", "Key": "k"}
    assert lock == {"Verb": "lock", "Key": "k", "Value": b64encode(b"node-1").decode(), "Flags": 0x2DDCCBC058A50C18, "Session": "s1"}
    assert script.machine.held_until is None
    script.answer("acquire", 9, 0.5)
    assert script.told == [Acquired("s1", 9)]
    assert script.machine.held_until == 10.0


def test_the_session_has_a_name_for_people() -> None:
    script = Script(Lock("k"))
    script.begin()
    assert script.body("create") == {"Name": "lock of k", "LockDelay": "15s", "TTL": "15s"}


def test_the_acquiring_transaction_names_the_key_that_it_saw() -> None:
    script = looking()
    script.answer("look", [FREE])
    assert script.body("acquire")[0]["KV"] == {"Verb": "check-index", "Key": "k", "Index": 7}


def test_a_key_that_the_session_holds_already_is_acquired_by_the_same_transaction() -> None:
    script = looking()
    script.answer("look", [OURS])
    assert script.body("acquire")[0]["KV"] == {"Verb": "check-session", "Key": "k", "Session": "s1"}


@pytest.mark.parametrize("flags", [0, 0xE0F69A2BAA414DE0])
def test_a_key_with_other_flags_is_a_conflict(flags: int) -> None:
    script = looking()
    script.answer("look", [FREE | {"Flags": flags}])
    assert isinstance(script.told[0].error, LockConflict)
    assert f"{flags:#x}" in str(script.told[0].error)
    assert closed(script, 0.1)
    assert "acquire" not in script.sent


def test_the_fencing_token_is_that_of_the_write() -> None:
    script = acquiring()
    read = script.flying["acquire"].operation
    assert read.decode(Response(200, body=b'{"Results":[{"KV":{"ModifyIndex":3}},{"KV":{"ModifyIndex":9}}],"Errors":null}')) == 9
    for body in (b'{"Results":[]}', b'{"Results":[{"Node":{}}]}', b'{"Results":[{"KV":{"ModifyIndex":"9"}}]}'):
        with pytest.raises(DecodeError, match="ModifyIndex"):
            read.decode(Response(200, body=body))


# Waiting.


def test_it_waits_by_a_blocking_query() -> None:
    script = waiting()
    assert script.request("look") == "GET /v1/kv/k?index=7&wait=15s"
    assert script.flying["look"].may_block
    script.answer("look", [FREE | {"ModifyIndex": 8}], 3.0, index=8)
    assert script.body("acquire")[0]["KV"]["Index"] == 8


def test_an_index_that_went_backwards_is_read_anew() -> None:
    script = waiting()
    script.answer("look", [TAKEN], 1.0, index=3)
    assert script.request("look") == "GET /v1/kv/k"
    assert not script.flying["look"].may_block
    script.answer("look", [TAKEN], 1.0, index=3)
    assert script.request("look") == "GET /v1/kv/k?index=3&wait=15s"


@pytest.mark.parametrize("error", [None, BUSY])
def test_without_a_blocking_query_it_looks_once_a_second(error: NoConnectionFree | None) -> None:
    """No connection is free for it, or an answer has no index."""
    script = waiting()
    if error:
        script.fail("look", error, 1.0)
    else:
        script.answer("look", [TAKEN], 1.0)
    assert 1.75 <= script.next() <= 2.0
    assert script.request("look") == "GET /v1/kv/k"


def test_in_the_lock_delay_it_tries_once_a_second() -> None:
    script = acquiring()
    for now in range(5):
        script.fail("acquire", DELAYED, now)
        assert now + 0.75 <= script.next() <= now + 1
        script.answer("look", [FREE], now)
    assert script.told == []


def test_after_a_lost_race_it_looks_at_once_and_after_several_it_pauses() -> None:
    script = acquiring()
    script.fail("acquire", RACE, 1.0)
    script.answer("look", [FREE], 1.0)
    script.fail("acquire", RACE, 1.0)
    assert script.flying == {}
    assert 1.0 < script.next() < 1.2


def test_while_it_waits_its_session_is_renewed() -> None:
    script = waiting()
    script.next()
    assert set(script.flying) == {"look", "renew"}
    script.answer("renew", {"TTL": "10s"}, 5.0)
    assert set(script.flying) == {"look"}


def test_errors_while_it_waits_are_no_reason_to_give_up() -> None:
    script = waiting()
    script.fail("look", NO_LEADER, 1.0)
    assert 1.0 < script.next() < 1.2
    script.fail("look", TIMEOUT, 2.0)
    script.next()
    script.answer("look", [], 2.2)
    script.fail("acquire", NO_LEADER, 2.3)
    script.next()
    assert script.told == []
    assert list(script.flying) == ["look"]


@pytest.mark.parametrize("name", ["look", "acquire"])
def test_it_gives_up_if_consul_refuses(name: str) -> None:
    script = looking() if name == "look" else acquiring()
    error = Forbidden("no rule", maybe_applied=False)
    script.fail(name, error)
    assert script.told == [GaveUp(error)]
    assert closed(script, 0.1)


def test_a_session_that_cannot_be_created() -> None:
    script = Script(Lock("k"))
    script.begin()
    error = Forbidden("no rule")
    script.fail("create", error)
    assert script.told == [GaveUp(error)]
    assert script.machine.is_over


def test_one_whose_session_ends_goes_on_with_another() -> None:
    script = waiting()
    script.next()
    script.fail("renew", GONE, 5.0)
    assert list(script.flying) == ["destroy"]
    script.answer("destroy", True, 5.1)
    script.answer("create", "s3", 5.2)
    script.answer("look", [], 5.2)
    script.answer("acquire", 12, 5.3)
    assert script.told == [Acquired("s3", 12)]


def test_one_that_was_paused_while_its_session_was_created_goes_on_with_another() -> None:
    script = Script(Lock("k", ttl="10s"))
    script.begin()
    script.answer("create", "s1", 10.0)
    assert list(script.flying) == ["destroy"]
    script.answer("destroy", True, 10.1)
    assert list(script.flying) == ["create"]
    assert script.told == []


def test_a_transaction_that_does_not_know_the_session_ends_it() -> None:
    script = acquiring()
    script.fail("acquire", NO_SESSION, 1.0)
    assert list(script.flying) == ["destroy"]
    script.answer("destroy", True, 1.0)
    assert list(script.flying) == ["create"]


# A time limit.


def test_trying_once() -> None:
    script = looking(timeout=0)
    script.answer("look", [TAKEN], index=7)
    assert isinstance(script.told[0].error, LockNotAcquired)
    assert str(script.told[0].error) == "the lock 'k' was not acquired: others hold it"
    assert closed(script, 0.1)


def test_trying_once_in_the_lock_delay() -> None:
    script = acquiring(timeout=0)
    script.fail("acquire", DELAYED)
    assert "lock delay" in str(script.told[0].error)
    assert closed(script, 0.1)


def test_trying_once_is_not_tried_again_after_an_error() -> None:
    script = looking(timeout=0)
    script.fail("look", NO_LEADER)
    assert script.told == [GaveUp(NO_LEADER)]
    assert closed(script, 0.1)
    other = Script(Lock("k", timeout=0))
    other.begin()
    other.fail("create", NO_LEADER)
    assert other.told == [GaveUp(NO_LEADER)]


def test_a_time_limit_while_it_waits() -> None:
    script = waiting(timeout="3s")
    assert script.next() == 3.0
    assert isinstance(script.told[0].error, LockNotAcquired)
    assert str(script.told[0].error) == "the lock 'k' was not acquired within 3 s: others hold it"
    assert closed(script, 3.1)


def test_a_time_limit_holds_with_a_new_session_too() -> None:
    script = waiting(timeout=7)
    script.next()
    script.fail("renew", GONE, 5.0)
    script.answer("destroy", True, 5.1)
    script.answer("create", "s3", 5.2)
    script.answer("look", [TAKEN], 5.2, index=7)
    assert script.next() == 7.0
    assert isinstance(script.told[0], GaveUp)


def test_a_time_limit_that_ends_between_two_sessions() -> None:
    script = waiting(timeout=6)
    script.next()
    script.fail("renew", GONE, 5.0)
    assert script.next() == 6.0
    assert isinstance(script.told[0], GaveUp)
    assert closed(script, 6.1)


def test_a_time_limit_does_not_end_what_is_held() -> None:
    script = held(timeout=3)
    script.advance(3.0)
    assert script.told == [Acquired("s1", 9)]


# Arguments.


@pytest.mark.parametrize(
    "arguments", [{"key": "a//b"}, {"key": ""}, {"key": "k", "ttl": "0s"}, {"key": "k", "delay": "x"}, {"key": "k", "timeout": -1}]
)
def test_invalid_arguments(arguments: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        Lock(**arguments)


def test_the_worst_case_of_a_takeover() -> None:
    assert worst_case_takeover() == 45.0
    assert worst_case_takeover("10s", "1s") == 21.0
    assert worst_case_takeover("10s", 1, leader_changes=2) == 61.0
