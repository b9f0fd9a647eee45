"""The record of when a job was last started, which decides who may start it now.

The record is a key beside that of the lock. Its value is a time, in seconds since 1970, as text. Who wants to start the job

(1) reads the record, before it contends for the lock,
(2) takes the lock, which excludes those who run the job now; `JobLock` does not wait for them, but for a leader,
(3) writes the record, if it is still the one that was read and if the lock is still held: both are checked by the writing transaction.

So of all who have read the same record, one starts the job, however short the job is. If the answer to the write is lost, the write is
sent again. If it is refused then, the record tells whose it is: only a holder of the lock writes it, so it is ours if its ModifyIndex is
larger than that of our lock.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from consul_proto.endpoints.kv_entries import bytes_of, one_key
from consul_proto.endpoints.txn import commit, kv_cas, kv_check_session, kv_get
from consul_proto.errors import (
    ConsulateException,
    LockLost,
    LockNotAcquired,
    RateLimited,
    RequestTimeout,
    ServerError,
    TransactionFailed,
)
from consul_proto.flow import call, sleep
from consul_proto.recipes.contender import State
from consul_proto.recipes.fenced_transaction import fenced_transaction
from consul_proto.recipes.lock import Lock
from consul_proto.recipes.pauses import may_help, pause
from consul_proto.recipes.table import Transitions, several

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.flow import Flow
    from consul_proto.operation import Operation

T = TypeVar("T")

#: How often a call is tried while the cluster has no leader: with the pauses, for about half a minute.
ATTEMPTS = 20

#: What the name of the record adds to that of the lock.
_SUFFIX = "_last_run"


class JobLock(Lock):
    """The lock of a job. It gives up when it finds that another holds it, but not while Consul has no leader, and not in a lock delay.

    `GaveUp` says whether another holds it (`is_time_over`), or the timeout was over for another reason.
    """

    def _wait(self, index: int, now: float) -> None:  # noqa: ARG002 - that of the base class
        super()._time_over(None, now)

    def _fail(self, _what: object, now: float) -> None:
        self._give_up(LockNotAcquired(f"{self._what} was not acquired within {self._timeout:g} s: {self._why}", maybe_applied=False), now)

    transitions: ClassVar[Transitions] = {
        **Lock.transitions,
        **several((State.OPENING, State.REOPENING, State.LOOKING, State.PAUSED, State.ACQUIRING), {"time over": _fail}),
    }


class LastStart(NamedTuple):
    """The last start of a job. at: its time in seconds since 1970, or None. modify_index: that of its record, or 0 without a record."""

    at: float | None
    modify_index: int


def record_key(lock: str) -> str:
    """Return the key of the record. lock: that of the lock."""
    return f"{lock}{_SUFFIX}"


def read_last_start(lock: str, jitter: Callable[[], float]) -> Flow[LastStart]:
    """Return the last start of a job. lock: the key of its lock. jitter: returns a random number from 0 to 1.

    Raises ValueError if the record is something else than a time.
    """
    key = record_key(lock)

    def read(entries: list[dict[str, Any]]) -> LastStart:
        return LastStart(_time(key, bytes_of(entries[0])), entries[0]["ModifyIndex"]) if entries else LastStart(None, 0)

    return (yield from _patient(one_key(key, read, {"consistency": "consistent"}), jitter))


def _time(key: str, value: bytes | None) -> float | None:
    """Return the time of a record; None for an empty one."""
    if not value:
        return None
    try:
        time = float(value)
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        raise ValueError(f"the key {key!r} must be the time of the last start, in seconds since 1970, not {value[:40]!r}; delete it")
    return time


def record_start(lock: str, session: str, token: int, seen: LastStart, at: float, jitter: Callable[[], float]) -> Flow[bool]:
    """Record a start; return False if somebody else has started the job since `seen` was read.

    session, token: those of the lock that is held. at: the time, in seconds since 1970. Raises LockLost if the lock is not held any more.
    """
    checks_lock, key = kv_check_session(lock, session), record_key(lock)
    writes = commit([checks_lock, kv_cas(key, f"{at:.3f}", seen.modify_index)], {})
    is_unknown, failures = False, 0
    while True:
        try:
            yield from call(writes)
        except TransactionFailed as error:
            _check_held(lock, error)
            if not is_unknown:
                return False
            return (yield from _index(lock, [checks_lock, kv_get(key)], jitter)) > token
        except ConsulateException as error:
            failures += 1
            is_unknown = is_unknown or error.maybe_applied
            if failures >= ATTEMPTS or isinstance(error, RequestTimeout) or not may_help(error):
                raise
        else:
            return True
        yield from sleep(pause(failures, jitter()))


def _index(lock: str, operations: list[Any], jitter: Callable[[], float]) -> Flow[int]:
    try:
        return (yield from _patient(fenced_transaction(operations), jitter))
    except TransactionFailed as error:
        _check_held(lock, error)
        return 0  # somebody has deleted the record


def _check_held(lock: str, error: TransactionFailed) -> None:
    if any(each["OpIndex"] == 0 for each in error.errors):
        raise LockLost(f"the lock {lock!r} was lost before the start was recorded") from error


def passes(error: ConsulateException) -> bool:
    """Return whether an error passes by itself once the cluster has a leader. An agent that cannot be reached is another matter."""
    return isinstance(error, ServerError | RateLimited) and may_help(error)


def _patient(operation: Operation[T], jitter: Callable[[], float]) -> Flow[T]:
    """Try a read again while the cluster has no leader."""
    for failures in range(1, ATTEMPTS):
        try:
            return (yield from call(operation))
        except ConsulateException as error:
            if not passes(error):
                raise
        yield from sleep(pause(failures, jitter()))
    return (yield from call(operation))
