"""A kept session: when it is renewed, when it is lost, and what is left of it."""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.errors import Forbidden, LockNotAcquired, NoLeader, NotFound, RateLimited, RequestTimeout, ServerError
from consul_proto.recipes.outcomes import GaveUp, Lost, SessionOpened
from consul_proto.recipes.session import KeptSession, SessionOptions
from tests.recipes.script import Script

NO_LEADER = NoLeader("No cluster leader", maybe_applied=False)
TIMEOUT = RequestTimeout("the time is over")
GONE = NotFound("Session id 's1' not found", maybe_applied=False)
REFUSED = ServerError("Invalid Session TTL '1000000000'", body=b"Invalid Session TTL '1000000000', must be between [10s=24h0m0s]")


def script(**options: Any) -> Script:
    timeout = options.pop("timeout", None)
    return Script(KeptSession(SessionOptions("10s", **options), timeout=timeout))


def opened(**options: Any) -> Script:
    """A session that was created at 0, and answered at 1."""
    machine = script(**options)
    machine.begin()
    machine.answer("create", "s1", 1.0)
    return machine


def test_it_is_created_with_its_options() -> None:
    machine = script(behavior="delete", delay="0s", checks=[], name="n")
    machine.begin()
    assert machine.request("create") == "PUT /v1/session/create"
    assert machine.body("create") == {"Name": "n", "Behavior": "delete", "LockDelay": "0s", "TTL": "10s", "Checks": []}
    assert machine.machine.held_until is None
    machine.answer("create", "s1", 1.0)
    assert machine.told == [SessionOpened("s1")]


def test_it_is_renewed_at_half_its_ttl_which_counts_from_the_sending() -> None:
    machine = opened()
    assert machine.machine.held_until == 10.0
    assert machine.next() == 5.0
    assert machine.request("renew") == "PUT /v1/session/renew/s1"
    machine.answer("renew", {"ID": "s1", "TTL": "10s"}, 6.5)
    assert machine.machine.held_until == 15.0
    assert machine.next() == 10.0


def test_a_call_takes_at_most_a_fifth_of_the_ttl() -> None:
    machine = opened()
    machine.next()
    assert machine.flying["renew"].timeout == 2.0
    assert not machine.flying["renew"].may_block


def test_a_long_ttl_makes_no_call_and_no_end_long() -> None:
    machine = Script(KeptSession(SessionOptions("24h")))
    machine.begin()
    assert machine.flying["create"].timeout == 10.0
    machine.answer("create", "s1", 1.0)
    machine.stop(2.0)
    assert machine.machine.next_deadline() == 32.0


def test_errors_are_no_loss_before_the_ttl_is_over() -> None:
    machine = opened()
    now = machine.next()
    for error in (NO_LEADER, TIMEOUT, ServerError("rpc error"), Forbidden("no rule"), RateLimited("slow")):
        machine.fail("renew", error, now)
        again = machine.next()
        assert now < again < now + 2
        now = again
    assert machine.told == [SessionOpened("s1")]
    machine.answer("renew", {"TTL": "10s"}, now)
    assert machine.machine.held_until == now + 10


def test_the_clock_decides_about_the_loss() -> None:
    machine = opened()
    machine.next()
    machine.fail("renew", TIMEOUT, 9.5)
    machine.advance(9.99)
    assert [type(event) for event in machine.told] == [SessionOpened]
    machine.advance(10.0)
    assert [type(event) for event in machine.told] == [SessionOpened, Lost]
    assert "within its TTL of 10 s" in str(machine.told[-1].error)
    assert machine.machine.held_until is None


def test_a_renewal_under_way_is_cancelled_by_the_loss() -> None:
    machine = opened()
    machine.next()
    machine.advance(10.0)
    assert list(machine.flying) == ["destroy"]


def test_what_comes_after_the_deadline_does_not_count() -> None:
    """A process that was paused gets the answer late: it has seen its loss by then."""
    machine = opened()
    machine.next()
    machine.answer("renew", {"TTL": "10s"}, 10.0)
    assert isinstance(machine.told[-1], Lost)
    assert list(machine.flying) == ["destroy"]


def test_a_process_that_was_paused_does_not_renew_what_it_has_lost() -> None:
    machine = opened()
    machine.advance(11.0)
    assert machine.sent == ["create", "destroy"]
    assert isinstance(machine.told[-1], Lost)


def test_a_process_that_was_paused_while_its_session_was_created() -> None:
    machine = script()
    machine.begin()
    machine.answer("create", "s1", 6.0)
    assert list(machine.flying) == ["renew"]
    lost = script()
    lost.begin()
    lost.answer("create", "s1", 10.0)
    assert [type(event) for event in lost.told] == [SessionOpened, Lost]
    assert lost.machine.held_until is None
    assert list(lost.flying) == ["destroy"]


def test_an_ended_session_is_lost_at_once_not_renewed_and_destroyed() -> None:
    machine = opened()
    machine.next()
    machine.fail("renew", GONE, 5.1)
    assert isinstance(machine.told[-1], Lost)
    assert machine.request("destroy") == "PUT /v1/session/destroy/s1"
    machine.answer("destroy", True, 5.2)
    assert machine.machine.is_over
    assert machine.sent.count("renew") == 1


def test_a_loss_that_became_known_in_another_way() -> None:
    machine = opened()
    machine._note(machine.machine.end("somebody said so", 2.0))
    assert str(machine.told[-1].error) == "somebody said so"
    machine._note(machine.machine.end("again", 2.0))
    assert len(machine.told) == 2


def test_the_end_destroys_it() -> None:
    machine = opened()
    machine.stop(2.0)
    assert list(machine.flying) == ["destroy"]
    machine.stop(2.0)
    machine.answer("destroy", True, 2.1)
    machine.stop(3.0)
    assert machine.sent == ["create", "destroy"]
    assert machine.told == [SessionOpened("s1")]


def test_destroying_is_tried_again_for_half_the_ttl() -> None:
    machine = opened()
    machine.stop(2.0)
    machine.fail("destroy", NO_LEADER, 2.1)
    assert machine.next() < 2.5
    assert list(machine.flying) == ["destroy"]
    machine.fail("destroy", TIMEOUT, 6.9)
    machine.advance(7.0)
    assert machine.machine.is_over


def test_destroying_is_not_tried_again_if_that_does_not_help() -> None:
    machine = opened()
    machine.stop(2.0)
    machine.fail("destroy", Forbidden("no rule"), 2.1)
    assert machine.machine.is_over


def test_stop_while_it_is_created_destroys_what_comes_of_it() -> None:
    machine = script()
    machine.begin()
    machine.stop(0.5)
    assert list(machine.flying) == ["create"]
    machine.answer("create", "s1", 1.0)
    assert machine.request("destroy") == "PUT /v1/session/destroy/s1"
    assert machine.machine.next_deadline() == 5.5
    assert machine.told == []
    other = script()
    other.begin()
    other.stop(0.5)
    other.fail("create", TIMEOUT, 2.0)
    assert other.machine.is_over


def test_stop_before_it_is_created() -> None:
    machine = script()
    machine.stop()
    assert machine.machine.is_over
    other = script()
    other.begin()
    other.fail("create", NO_LEADER)
    other.stop()
    assert other.machine.is_over


def test_creating_is_tried_again_after_errors_that_may_pass() -> None:
    machine = script()
    machine.begin()
    for error in (NO_LEADER, TIMEOUT, NO_LEADER):
        machine.fail("create", error, machine.machine.next_deadline() or 0.0)
        machine.next()
    assert machine.told == []
    machine.answer("create", "s1", 1.0)
    assert machine.machine.held_until is not None
    assert machine.machine.held_until < 11.0, "the TTL counts from the last attempt"


@pytest.mark.parametrize("error", [REFUSED, Forbidden("no rule"), ServerError("x", body=b"Missing check 'c' registration")])
def test_creating_is_given_up_if_another_attempt_does_not_help(error: ServerError) -> None:
    machine = script()
    machine.begin()
    machine.fail("create", error)
    assert machine.told == [GaveUp(error)]
    assert machine.machine.is_over


def test_creating_is_given_up_when_the_time_is_over() -> None:
    machine = script(timeout=0.0)
    machine.begin()
    machine.fail("create", NO_LEADER)
    assert machine.told == [GaveUp(NO_LEADER)]
    other = script(timeout=1.0)
    other.begin()
    other.fail("create", NO_LEADER)
    other.next()
    other.fail("create", NO_LEADER, 0.95)
    assert other.told == [GaveUp(NO_LEADER)]


def test_a_session_of_the_callers_is_renewed_but_not_destroyed() -> None:
    machine = script(existing="s9")
    machine.begin()
    assert machine.request("create") == "PUT /v1/session/renew/s9"
    machine.answer("create", {"ID": "s9", "TTL": "8s"}, 0.1)
    assert machine.told == [SessionOpened("s9")]
    assert machine.machine.held_until == 8.0, "its own TTL, which is shorter"
    assert machine.next() == 4.0
    machine.answer("renew", {"ID": "s9", "TTL": "60s"}, 4.1)
    assert machine.machine.held_until == 12.0
    machine.stop(5.0)
    assert machine.machine.is_over
    assert machine.sent == ["create", "renew"]


@pytest.mark.parametrize("entry", [{}, {"TTL": ""}, {"TTL": "soon"}, {"TTL": {"s": 5}}])
def test_a_session_of_the_callers_without_a_ttl(entry: Any) -> None:
    machine = script(existing="s9")
    machine.begin()
    machine.answer("create", {"ID": "s9"} | entry, 0.1)
    assert machine.machine.held_until == 10.0


def test_a_session_of_the_callers_that_has_ended() -> None:
    machine = script(existing="s9")
    machine.begin()
    machine.fail("create", GONE)
    assert isinstance(machine.told[0].error, LockNotAcquired)
    assert machine.told[0].error.__cause__ is GONE
    other = script(existing="s9")
    other.begin()
    other.stop()
    other.answer("create", {"ID": "s9"}, 0.1)
    assert other.machine.is_over
    assert other.sent == ["create"]


def test_a_ttl_is_needed() -> None:
    with pytest.raises(ValueError, match="above 0"):
        SessionOptions("0s")
    with pytest.raises(ValueError, match="24 hours"):
        SessionOptions("25h")
