"""The bookkeeping of connections: no sockets, no threads, no clock but the one given."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consul_proto.config import Limits
from transports.clients.pool import Pool, close_idle


@dataclass(eq=False)
class Connection:
    """A connection that counts how often it was closed."""

    closed: int = 0

    def close(self) -> None:
        self.closed += 1


def test_each_lane_has_a_bound_of_its_own() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=2, blocking=1))
    assert [pool.reserve(blocking=False) for _ in range(3)] == [True, True, False]
    assert [pool.reserve(blocking=True) for _ in range(2)] == [True, False]
    assert pool.busy == 3
    pool.release(blocking=True)
    assert not pool.reserve(blocking=False)
    assert pool.reserve(blocking=True)


def test_the_connection_used_last_is_used_first() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=3))
    old, new = Connection(), Connection()
    assert pool.keep(old, 1.0) == pool.keep(new, 2.0) == []
    assert pool.take(3.0) == (new, [])
    assert pool.take(3.0) == (old, [])
    assert pool.take(3.0) == (None, [])


def test_what_was_idle_for_too_long_is_given_back_to_be_closed() -> None:
    pool: Pool[Connection] = Pool(Limits(idle=10.0))
    first, second, third = Connection(), Connection(), Connection()
    for number, connection in enumerate((first, second, third)):
        pool.keep(connection, float(number))
    assert pool.take(11.5) == (third, [first, second])
    pool.keep(third, 12.0)
    assert pool.take(30.0) == (None, [third])
    assert pool.idle == 0


def test_no_more_idle_connections_than_ordinary_calls_may_use() -> None:
    pool: Pool[Connection] = Pool(Limits(connections=1, blocking=5))
    first, second = Connection(), Connection()
    assert pool.keep(first, 1.0) == []
    assert pool.keep(second, 2.0) == [first]


def test_closing_what_is_idle() -> None:
    pool: Pool[Connection] = Pool(Limits())
    connection = Connection()
    pool.keep(connection, 1.0)
    close_idle(pool)
    close_idle(pool)
    assert (connection.closed, pool.idle) == (1, 0)


class Calls(RuleBasedStateMachine):
    """Any order of calls: no bound is passed, and no connection is idle twice, or idle and in use."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: Pool[Connection] = Pool(Limits(connections=2, blocking=2, idle=5.0))
        self.now = 0.0
        self.used: list[tuple[bool, Connection]] = []

    @rule(blocking=st.booleans())
    def begin(self, blocking: bool) -> None:
        if self.pool.reserve(blocking):
            connection, expired = self.pool.take(self.now)
            for one in expired:
                one.close()
            assert connection is None or not connection.closed
            self.used.append((blocking, connection or Connection()))
        else:
            assert len([lane for lane, _ in self.used if lane is blocking]) == 2

    @precondition(lambda self: self.used)
    @rule(data=st.data(), reusable=st.booleans())
    def end(self, data: st.DataObject, reusable: bool) -> None:
        blocking, connection = self.used.pop(data.draw(st.integers(0, len(self.used) - 1)))
        for one in self.pool.keep(connection, self.now) if reusable else [connection]:
            one.close()
        self.pool.release(blocking)

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def counts(self) -> None:
        assert self.pool.busy == len(self.used) <= 4
        assert self.pool.idle <= 2
        assert all(not connection.closed for _, connection in self.used)


Calls.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestCalls = Calls.TestCase
