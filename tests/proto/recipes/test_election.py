"""An election: campaigns, who leads, and who follows that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consul_proto.errors import Forbidden, NoConnectionFree, NoLeader, RequestTimeout
from consul_proto.message import Response
from consul_proto.recipes.election import Election, Observer, leader
from consul_proto.recipes.lock import LOCK_FLAG
from consul_proto.recipes.outcomes import Acquired, GaveUp, Leader, LeaderChanged, Lost
from tests.recipes.script import Script

NO_LEADER = NoLeader("No cluster leader", maybe_applied=False)
TIMEOUT = RequestTimeout("the time is over")

ONE, TWO = Leader("one", "s1", 7), Leader("two", "s2", 9)


def leading(**options: Any) -> Script:
    script = Script(Election("k", value="me", ttl="10s", **options))
    script.begin()
    script.answer("create", "s1")
    script.answer("look", [])
    script.answer("acquire", 9)
    return script


def test_whoever_leads_holds_the_lock_on_the_key() -> None:
    script = Script(Election("k", value="me"))
    script.begin()
    assert script.body("create")["Name"] == "election of k"
    script.answer("create", "s1")
    script.answer("look", [])
    assert script.body("acquire")[1]["KV"] == {"Verb": "lock", "Key": "k", "Value": "bWU=", "Flags": LOCK_FLAG, "Session": "s1"}
    script.answer("acquire", 9)
    assert script.told == [Acquired("s1", 9)]
    assert script.machine.held_until == 15.0


def test_the_key_stays_when_the_leader_leaves() -> None:
    script = leading()
    script.stop(1.0)
    assert script.body("release")[1]["KV"]["Verb"] == "unlock"
    script.answer("release", [], 1.1)
    assert not script.machine.is_over
    script.answer("destroy", True, 1.2)
    assert script.machine.is_over


def test_after_a_loss_it_is_over() -> None:
    script = leading()
    script.advance(10.0)
    script.answer("destroy", True, 10.1)
    assert script.machine.is_over
    assert script.machine.held_until is None


def test_after_a_loss_it_campaigns_again_if_asked() -> None:
    script = leading(again=True)
    script.advance(10.0)
    assert [type(event) for event in script.told] == [Acquired, Lost]
    script.answer("destroy", True, 10.1)
    assert list(script.flying) == ["create"]
    script.answer("create", "s2", 10.2)
    script.answer("look", [], 10.2)
    script.answer("acquire", 12, 10.3)
    assert script.told[-1] == Acquired("s2", 12)
    script.advance(21.0)
    script.answer("destroy", True, 21.1)
    assert not script.machine.is_over


def test_it_does_not_campaign_again_after_stop() -> None:
    script = leading(again=True)
    script.advance(10.0)
    script.stop(10.05)
    script.answer("destroy", True, 10.1)
    assert script.machine.is_over


def test_it_does_not_campaign_again_after_giving_up() -> None:
    script = Script(Election("k", again=True))
    script.begin()
    error = Forbidden("no rule")
    script.fail("create", error)
    assert script.told == [GaveUp(error)]
    assert script.machine.is_over
    second = leading(again=True)
    second.advance(10.0)
    second.answer("destroy", True, 10.1)
    second.fail("create", error, 10.2)
    assert second.told[-1] == GaveUp(error)
    assert second.machine.is_over


# Who leads.


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([{"Session": "s1", "Value": "b25l"}], ONE),
        ([{"Session": "", "Value": "b25l"}], None),
        ([{"Value": "b25l"}], None),
        ([], None),
    ],
)
def test_who_leads(entries: Any, found: Leader | None) -> None:
    """A key that nobody has locked names no leader."""
    body = json.dumps([{"Key": "k", "Flags": 0, "ModifyIndex": 7} | entry for entry in entries]).encode()
    assert leader("k").decode(Response(200, body=body)) == found


def test_a_value_is_read_as_the_client_reads_values() -> None:
    body = b'[{"Key":"k","Flags":0,"ModifyIndex":7,"Session":"s1","Value":"NDI="}]'
    assert leader("k").decode(Response(200, body=body)) == Leader(42, "s1", 7)
    assert leader("k", "text").decode(Response(200, body=body)) == Leader("42", "s1", 7)


def observing(**options: Any) -> Script:
    script = Script(Observer("k", **options))
    script.begin()
    return script


def test_an_observer_is_told_who_leads_and_every_change() -> None:
    script = observing()
    assert script.request("look") == "GET /v1/kv/k"
    script.answer("look", None, index=3)
    assert script.told == [LeaderChanged(None)]
    assert script.request("look") == "GET /v1/kv/k?index=3&wait=15s"
    assert script.flying["look"].may_block
    for index, found in enumerate([ONE, Leader("one", "s1", 8), TWO, TWO, None, None], 4):
        script.answer("look", found, index=index)
    assert script.told == [LeaderChanged(one) for one in (None, ONE, TWO, None)]


def test_an_observer_is_told_a_new_value_of_the_same_leader() -> None:
    script = observing()
    script.answer("look", ONE, index=7)
    script.answer("look", Leader("new", "s1", 8), index=8)
    assert len(script.told) == 2


def test_an_observer_reads_anew_when_the_index_went_backwards() -> None:
    script = observing()
    script.answer("look", ONE, index=7)
    script.answer("look", ONE, index=3)
    assert script.request("look") == "GET /v1/kv/k"


@pytest.mark.parametrize("is_busy", [True, False])
def test_an_observer_without_a_blocking_query_looks_once_a_second(is_busy: bool) -> None:
    script = observing()
    script.answer("look", ONE, index=7 if is_busy else None)
    if is_busy:
        script.fail("look", NoConnectionFree("no connection free"))
    assert 0.75 <= script.next() <= 1.0
    assert script.request("look") == "GET /v1/kv/k"


def test_an_observer_goes_on_after_errors_that_may_pass() -> None:
    script = observing()
    script.answer("look", ONE, index=7)
    script.fail("look", TIMEOUT, 1.0)
    assert 1.0 < script.next() < 1.2
    script.fail("look", NO_LEADER, 1.2)
    script.next()
    script.answer("look", TWO, 2.0, index=9)
    assert script.told == [LeaderChanged(ONE), LeaderChanged(TWO)]


def test_an_observer_gives_up_if_consul_refuses() -> None:
    script = observing()
    error = Forbidden("no rule")
    script.fail("look", error)
    assert script.told == [GaveUp(error)]
    assert script.machine.is_over


def test_an_observer_ends_at_once() -> None:
    script = observing()
    script.stop()
    assert script.machine.is_over
    script.stop()
    paused = observing()
    paused.fail("look", NO_LEADER)
    paused.stop()
    unborn = Script(Observer("k"))
    unborn.stop()
    assert unborn.machine.is_over


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="must"):
        Election("a//b")
    with pytest.raises(ValueError, match="must"):
        Observer("a//b")
