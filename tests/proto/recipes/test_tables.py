"""The tables of transitions, and what all machines share."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import pytest

from consul_proto.errors import (
    ConsulateException,
    DecodeError,
    Forbidden,
    NoLeader,
    RateLimited,
    RequestError,
    RequestTimeout,
    ServerError,
)
from consul_proto.recipes.contender import State as Contending
from consul_proto.recipes.election import Observer, ObserverState
from consul_proto.recipes.lock import Lock
from consul_proto.recipes.machine import Answered, Failed
from consul_proto.recipes.pauses import may_help, pause, second
from consul_proto.recipes.semaphore import Semaphore
from consul_proto.recipes.session import KeptSession, SessionOptions
from consul_proto.recipes.session import State as Keeping
from consul_proto.recipes.table import Transitions
from tests.recipes.script import Script

#: Each table, with the calls that a machine may send and the timers that it may set in each of its states.
_TABLES: list[tuple[Any, type[Enum], dict[str, str]]] = [
    (KeptSession, Keeping, {"create": "OPENING CLOSING", "renew": "OPEN", "destroy": "CLOSING"}),
    (
        Lock,
        Contending,
        {"look": "LOOKING WAITING HELD", "acquire": "ACQUIRING LEAVING", "watch": "HELD", "release": "RELEASING"},
    ),
    (
        Semaphore,
        Contending,
        {"look": "LOOKING WAITING HELD RELEASING", "acquire": "ACQUIRING LEAVING", "watch": "HELD", "release": "RELEASING"},
    ),
    (Observer, ObserverState, {"look": "LOOKING"}),
]


def _states(transitions: Transitions, what: str) -> set[str]:
    return {state.name for state, happened in transitions if happened == what}


@pytest.mark.parametrize(("machine", "states", "calls"), _TABLES)
def test_each_call_may_succeed_and_fail_wherever_it_is_in_flight(machine: Any, states: type[Enum], calls: dict[str, str]) -> None:
    for name, where in calls.items():
        assert _states(machine.transitions, name) == _states(machine.transitions, f"{name} failed") == set(where.split())


@pytest.mark.parametrize(("machine", "states", "calls"), _TABLES)
def test_stop_is_possible_in_each_state(machine: Any, states: type[Enum], calls: dict[str, str]) -> None:
    assert _states(machine.transitions, "stop") == {state.name for state in states}


def test_a_session_may_be_lost_in_each_state_in_which_there_is_one() -> None:
    without = {"IDLE", "OPENING", "REOPENING", "CLOSING", "OVER"}
    for machine in (Lock, Semaphore):
        assert _states(machine.transitions, "session lost") == {state.name for state in Contending} - without


def test_a_report_of_a_call_that_is_not_in_flight_changes_nothing() -> None:
    script = Script(KeptSession(SessionOptions("10s")))
    script.begin()
    machine = script.machine
    assert machine.handle(Failed("renew", RequestTimeout("late")), 0.1) == []
    assert machine.handle(Answered("destroy", None), 0.1) == []  # type: ignore[arg-type] # it is not looked at
    assert list(script.flying) == ["create"]


@pytest.mark.parametrize(
    "error", [NoLeader("x"), RateLimited("x"), RequestTimeout("x"), RequestError("x"), ServerError("x", body=b"rpc error: EOF")]
)
def test_errors_that_may_pass(error: ConsulateException) -> None:
    assert may_help(error)


@pytest.mark.parametrize("says", [b"Check 'serfHealth' is in critical state", b"Missing check 'serfHealth' registration"])
def test_an_agent_that_was_just_started_again_is_healthy_soon(says: bytes) -> None:
    assert may_help(ServerError("x", body=b"rpc error making call: apply failed: " + says))


@pytest.mark.parametrize("error", [Forbidden("x"), DecodeError("x"), ServerError("x", body=b"Check 'c' is in critical state")])
def test_errors_that_do_not_pass(error: ConsulateException) -> None:
    assert not may_help(error)


def test_pauses_double_up_to_two_seconds_and_differ() -> None:
    assert [pause(failures, 1.0) for failures in range(1, 8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert pause(3, 0.0) == 0.2
    assert _is_between([second(0.0), second(0.5), second(1.0)], 0.75, 1.0)
    assert pause(10_000, 0.0) == 1.0


def _is_between(numbers: Iterable[float], least: float, most: float) -> bool:
    return all(least <= number <= most for number in numbers)
