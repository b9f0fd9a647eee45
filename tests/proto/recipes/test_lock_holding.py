"""A lock that is held, lost or given back, and one that leaves before it is held."""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.errors import (
    Forbidden,
    LockLost,
    LockNotAcquired,
    RequestTimeout,
    TransactionFailed,
)
from consul_proto.recipes.lock import LOCK_FLAG, Lock
from consul_proto.recipes.outcomes import Acquired, Lost
from tests.proto.recipes.lock_states import (
    BUSY,
    FREE,
    GONE,
    NO_LEADER,
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

# Leaving before it is held.


@pytest.mark.parametrize("begin", [looking, waiting])
def test_stop_while_it_waits(begin: Any) -> None:
    script = begin()
    script.stop(1.0)
    assert list(script.flying) == ["destroy"]
    script.stop(1.0)
    assert closed(script, 1.1)
    script.stop(2.0)
    assert script.told == []


def test_stop_before_it_begins() -> None:
    machine = Script(Lock("k"))
    machine.stop()
    assert machine.machine.is_over


def test_stop_while_it_acquires_gives_back_what_it_got() -> None:
    script = acquiring()
    script.stop(1.0)
    script.stop(1.0)
    assert list(script.flying) == ["acquire"]
    script.answer("acquire", 9, 1.5)
    assert [operation["KV"]["Verb"] for operation in script.body("release")] == ["check-session", "unlock"]
    assert script.told == []
    assert script.machine.held_until is None
    script.answer("release", [], 1.6)
    assert closed(script, 1.7)


@pytest.mark.parametrize(("error", "call"), [(RACE, "destroy"), (TIMEOUT, "release")])
def test_stop_while_it_acquires_in_vain(error: RequestTimeout, call: str) -> None:
    """After a time-out nobody knows whether it is held."""
    script = acquiring()
    script.stop(1.0)
    script.fail("acquire", error, 1.5)
    assert list(script.flying) == [call]


def test_stop_after_an_acquiring_transaction_whose_answer_was_lost() -> None:
    script = acquiring()
    script.fail("acquire", TIMEOUT, 2.0)
    script.stop(2.01)
    assert list(script.flying) == ["release"]
    script.fail("release", TransactionFailed("operation 0: failed session check"), 2.1)
    assert closed(script, 2.2)


def test_a_session_lost_while_it_leaves() -> None:
    script = acquiring()
    script.stop(9.0)
    script.advance(10.0)
    assert script.told == []
    assert set(script.flying) == {"destroy"}


def test_leaving_ends_even_if_nothing_is_answered() -> None:
    script = acquiring()
    script.advance(4.0)
    script.stop(4.0)
    while not script.machine.is_over:
        now = script.next()
        if "renew" in script.flying:
            script.answer("renew", {"TTL": "10s"}, now)
    assert now <= 14.0


# Holding.


def test_the_holder_watches_its_key() -> None:
    script = held()
    assert script.request("watch") == "GET /v1/kv/k?consistent&index=9&wait=60s"
    assert script.flying["watch"].may_block
    script.answer("watch", [OURS | {"ModifyIndex": 10}], 1.0, index=10)
    assert script.request("watch") == "GET /v1/kv/k?consistent&index=10&wait=60s"
    script.answer("watch", [OURS], 1.0, index=4)
    assert script.request("watch") == "GET /v1/kv/k?consistent"


@pytest.mark.parametrize("entries", [[], [FREE], [TAKEN]])
def test_a_key_that_another_has_is_lost_and_the_session_destroyed(entries: Any) -> None:
    script = held()
    script.answer("watch", entries, 1.0, index=12)
    assert isinstance(script.told[-1].error, LockLost)
    assert str(script.told[-1].error).startswith("the lock 'k' was lost: ")
    assert script.machine.held_until is None
    assert closed(script, 1.1)
    assert "release" not in script.sent


def test_a_watch_that_fails_begins_again() -> None:
    script = held()
    script.fail("watch", NO_LEADER, 1.0)
    assert script.flying == {}
    assert 1.0 < script.next() < 1.2
    assert list(script.flying) == ["watch"]
    assert len(script.told) == 1


def test_a_watch_whose_answers_have_no_index() -> None:
    script = held()
    script.answer("watch", [OURS], 1.0)
    assert script.flying == {}
    assert 1.7 < script.next() <= 2.0


def test_without_a_connection_for_it_the_holder_looks_at_each_renewal() -> None:
    script = held()
    script.fail("watch", BUSY)
    assert script.request("look") == "GET /v1/kv/k?consistent"
    script.answer("look", [OURS], 0.1)
    assert script.next() == 5.0
    script.answer("renew", {"TTL": "10s"}, 5.1)
    script.fail("watch", BUSY, 5.1)
    script.fail("look", NO_LEADER, 5.2)
    assert len(script.told) == 1
    assert script.next() == 10.0
    script.answer("renew", {"TTL": "10s"}, 10.1)
    script.fail("watch", BUSY, 10.1)
    script.answer("look", [TAKEN], 10.2)
    assert isinstance(script.told[-1], Lost)


def test_a_watch_goes_on_over_renewals() -> None:
    script = held()
    script.next()
    script.answer("renew", {"TTL": "10s"}, 5.1)
    assert script.sent.count("watch") == 1
    script.next()
    script.fail("renew", NO_LEADER, 10.1)
    assert script.sent.count("watch") == 1


def test_the_holder_that_was_not_renewed_has_lost() -> None:
    script = held()
    script.next()
    script.fail("renew", TIMEOUT, 7.0)
    script.advance(10.0)
    assert isinstance(script.told[-1], Lost)
    assert list(script.flying) == ["destroy"]


def test_a_renewal_after_the_deadline_does_not_count() -> None:
    script = held()
    script.next()
    script.answer("renew", {"TTL": "10s"}, 10.0)
    assert isinstance(script.told[-1], Lost)
    assert list(script.flying) == ["destroy"]


# Releasing.


@pytest.mark.parametrize(
    ("delete", "last"),
    [(False, {"Verb": "unlock", "Key": "k", "Value": "", "Flags": LOCK_FLAG, "Session": "s1"}), (True, {"Verb": "delete", "Key": "k"})],
)
def test_it_is_released_by_a_transaction_and_then_the_session_is_destroyed(delete: bool, last: Any) -> None:
    script = held(delete=delete)
    script.stop(1.0)
    check, release = (operation["KV"] for operation in script.body("release"))
    assert check == {"Verb": "check-session", "Key": "k", "Session": "s1"}
    assert release == last
    assert list(script.flying) == ["release"]
    script.answer("release", [], 1.1)
    assert list(script.flying) == ["destroy"]
    assert closed(script, 1.2)
    assert script.told == [Acquired("s1", 9)]


def test_releasing_is_tried_again_for_half_the_ttl() -> None:
    script = held()
    script.stop(1.0)
    script.stop(1.0)
    script.fail("release", NO_LEADER, 1.1)
    assert script.next() < 1.4
    assert list(script.flying) == ["release"]
    script.fail("release", TIMEOUT, 3.4)
    while "destroy" not in script.flying:
        now = script.next()
        if "renew" in script.flying:
            script.answer("renew", {"TTL": "10s"}, now)
    assert now == 6.0


def test_releasing_is_not_tried_again_if_that_does_not_help() -> None:
    script = held()
    script.stop(1.0)
    script.fail("release", Forbidden("no rule"), 1.1)
    assert closed(script, 1.2)


def test_a_loss_while_it_is_released_is_not_told() -> None:
    script = held()
    script.stop(4.0)
    script.next()
    script.fail("renew", GONE, 5.0)
    assert closed(script, 5.1)
    assert script.told == [Acquired("s1", 9)]


# A session of the caller's.


def given() -> Script:
    script = Script(Lock("k", session="s1", ttl="10s"))
    script.begin()
    script.answer("create", {"ID": "s1", "TTL": "10s"})
    return script


def test_a_session_of_the_callers_is_not_destroyed() -> None:
    script = given()
    script.answer("look", [])
    script.answer("acquire", 9)
    script.stop(1.0)
    script.answer("release", [], 1.1)
    assert script.machine.is_over
    assert script.told == [Acquired("s1", 9)]


def test_a_session_of_the_callers_that_ends_while_it_waits() -> None:
    script = given()
    script.answer("look", [TAKEN], index=7)
    script.next()
    script.fail("renew", GONE, 5.0)
    assert isinstance(script.told[0].error, LockNotAcquired)
    assert script.machine.is_over


def test_a_session_of_the_callers_that_ends_while_it_is_held() -> None:
    script = given()
    script.answer("look", [])
    script.answer("acquire", 9)
    script.next()
    script.fail("renew", GONE, 5.0)
    assert isinstance(script.told[-1], Lost)
    assert script.machine.is_over


def test_an_unknown_session_of_the_callers() -> None:
    script = Script(Lock("k", session="s1", ttl="10s"))
    script.begin()
    script.fail("create", GONE)
    assert isinstance(script.told[0].error, LockNotAcquired)
    assert script.machine.is_over
