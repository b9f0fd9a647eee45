"""The connection pool, without sockets, threads or a real clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consul_proto.config import Limits
from transports.clients.pool import Pool, Turn, close_idle


@dataclass(eq=False)
class Connection:
    """A connection that counts how often it was closed."""

    closed: int = 0
    stale: bool = False

    def is_stale(self) -> bool:
        return self.stale

    def close(self) -> None:
        self.closed += 1


def test_ordinary_calls_and_blocking_queries_have_separate_limits() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=2, blocking=1))
    assert [pool.reserve(blocking=False) for _ in range(3)] == [True, True, False]
    assert [pool.reserve(blocking=True) for _ in range(2)] == [True, False]
    assert pool.busy == 3
    pool.release(blocking=True)
    assert not pool.reserve(blocking=False)
    assert pool.reserve(blocking=True)


def _pool(**limits: Any) -> Pool[Connection]:
    """Return a pool in which calls have more places than they need here."""
    pool: Pool[Connection] = Pool(Limits(**limits))
    for _ in range(limits.get("connections", 8)):
        assert pool.reserve(blocking=False)
    return pool


def test_the_connection_used_last_is_used_first() -> None:
    pool = _pool()
    old, new = Connection(), Connection()
    pool.give_back(old, False, 1.0)
    pool.give_back(new, False, 2.0)
    assert [pool.take(3.0), pool.take(3.0), pool.take(3.0)] == [new, old, None]
    assert (old.closed, new.closed) == (0, 0)


def test_connections_that_were_idle_for_too_long_are_closed() -> None:
    pool = _pool(idle=10.0)
    connections = [Connection() for _ in range(3)]
    for number, connection in enumerate(connections):
        pool.give_back(connection, False, float(number))
    assert pool.take(11.5) is connections[2]
    assert [connection.closed for connection in connections] == [1, 1, 0]
    pool.give_back(connections[2], False, 12.0)
    assert pool.take(30.0) is None
    assert [connection.closed for connection in connections] == [1, 1, 1]
    assert pool.idle == 0


def test_no_more_idle_connections_than_ordinary_calls_may_use() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1, blocking=5))
    first, second = Connection(), Connection()
    for connection in (first, second):
        assert pool.reserve(blocking=True)
        pool.give_back(connection, True, 1.0)
    assert (first.closed, second.closed, pool.idle) == (1, 0, 1)


def test_an_idle_connection_with_its_place() -> None:
    pool = _pool(connections=2)
    first, second, stale = Connection(), Connection(), Connection(stale=True)
    for connection in (first, second):
        pool.give_back(connection, False, 1.0)
    assert (pool.reserve_idle(2.0), pool.busy) == (second, 1)
    assert pool.reserve(blocking=False)
    assert pool.reserve_idle(2.0) is None, "one is idle, but there is no place"
    pool.release(blocking=False)
    assert pool.take(2.0) is first
    assert (pool.reserve_idle(2.0), pool.busy) == (None, 1), "there is a place, but none is idle"
    pool.give_back(stale, False, 3.0)
    assert (pool.reserve_idle(3.0), pool.busy, stale.closed) == (None, 0, 1)


def test_a_connection_that_was_closed_gives_only_its_place_back() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1))
    assert pool.reserve(False)
    assert pool.give_back(None, False, 1.0) is None
    assert (pool.idle, pool.busy) == (0, 0)


def test_close_idle_closes_each_connection_once() -> None:
    pool = _pool()
    connection = Connection()
    pool.give_back(connection, False, 1.0)
    close_idle(pool)
    close_idle(pool)
    assert (connection.closed, pool.idle) == (1, 0)


def test_a_stale_connection_is_closed_and_the_next_one_is_used() -> None:
    pool = _pool()
    good, stale = Connection(), Connection(stale=True)
    pool.give_back(good, False, 1.0)
    pool.give_back(stale, False, 2.0)
    assert pool.take(3.0) is good
    assert (good.closed, stale.closed) == (0, 1)
    assert pool.take(3.0) is None


def _turn(woken: list[int], number: int) -> Turn:
    return Turn(lambda: woken.append(number))


def test_the_call_that_waits_longest_gets_the_place() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1, blocking=1))
    assert pool.reserve(False)
    turns = [Turn(lambda: None) for _ in range(3)]
    for turn in turns:
        pool.wait(turn, False)
    assert [pool.release(False) for _ in turns] == turns
    assert [turn.has_place for turn in turns] == [True] * 3
    assert pool.busy == 1
    assert pool.release(False) is None
    assert (pool.busy, pool.waiting) == (0, 0)


def test_ordinary_calls_and_blocking_queries_have_separate_queues() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1, blocking=1))
    assert pool.reserve(False)
    assert pool.reserve(True)
    query = Turn(lambda: None)
    pool.wait(query, True)
    assert pool.release(False) is None
    assert pool.release(True) is query


def test_a_call_that_gives_up_leaves_the_queue_or_passes_its_place_on() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1))
    assert pool.reserve(False)
    first, second, third = (Turn(lambda: None) for _ in range(3))
    for turn in (first, second, third):
        pool.wait(turn, False)
    assert pool.give_up(first) is None
    assert pool.release(False) is second
    assert pool.give_up(second) is third
    assert pool.give_up(third) is None
    assert (pool.busy, pool.waiting) == (0, 0)


def test_closing_wakes_waiting_calls_without_a_place() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1, blocking=1))
    assert pool.reserve(False)
    assert pool.reserve(True)
    woken: list[int] = []
    turns = [_turn(woken, number) for number in range(2)]
    pool.wait(turns[0], False)
    pool.wait(turns[1], True)
    for turn in pool.drop_waiting():
        turn.wake()
    assert woken == [0, 1]
    assert not any(turn.has_place for turn in turns)
    assert [pool.give_up(turn) for turn in turns] == [None, None]


class Calls(RuleBasedStateMachine):
    """In any order of calls, the limits hold, and no connection is idle twice, or idle and in use."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: Pool[Connection] = Pool(Limits(connections=2, blocking=2, idle=5.0))
        self.now = 0.0
        self.used: list[tuple[bool, Connection]] = []
        self.queued: list[Turn] = []

    @rule(blocking=st.booleans())
    def begin(self, blocking: bool) -> None:
        if self.pool.reserve(blocking):
            connection = self.pool.take(self.now)
            assert connection is None or not connection.closed
            self.used.append((blocking, connection or Connection()))
        else:
            assert len([lane for lane, _ in self.used if lane is blocking]) == 2

    @precondition(lambda self: self.used)
    @rule(data=st.data(), reusable=st.booleans())
    def end(self, data: st.DataObject, reusable: bool) -> None:
        blocking, connection = self.used.pop(data.draw(st.integers(0, len(self.used) - 1)))
        if not reusable:
            connection.close()
        first = next((turn for turn in self.queued if turn.blocking is blocking), None)
        assert self.pool.give_back(connection if reusable else None, blocking, self.now) is first
        if first is not None:
            self.queued.remove(first)
            self.used.append((blocking, Connection()))

    @rule(blocking=st.booleans())
    def queue(self, blocking: bool) -> None:
        if len([lane for lane, _ in self.used if lane is blocking]) == 2:
            turn = Turn(lambda: None)
            self.pool.wait(turn, blocking)
            self.queued.append(turn)

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        turn = self.queued.pop(data.draw(st.integers(0, len(self.queued) - 1)))
        assert self.pool.give_up(turn) is None

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def counts(self) -> None:
        assert self.pool.busy == len(self.used) <= 4
        assert self.pool.idle <= 2
        assert self.pool.waiting == len(self.queued)
        assert all(not connection.closed for _, connection in self.used)


Calls.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestCalls = Calls.TestCase
