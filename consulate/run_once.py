"""Run a job once in a whole fleet: when several machines start it at the same moment, one of them runs it, and at most once an interval.

`run_once` is for threads, `async_run_once` for tasks. Both give a `Turn`, which says whether it is this process's turn.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from random import random
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from consul_proto.durations import seconds
from consul_proto.recipes.starts import JobLock, LastStart, read_last_start, record_start
from consulate.recipes.lock import AsyncLock, Lock
from consulate.recipes.on_client import DEFAULT_DELAY, DEFAULT_TTL

if TYPE_CHECKING:
    from consul_proto.durations import Duration
    from consulate.client import AsyncConsul, Consul
    from consulate.recipes.held import AsyncHeld, Held

H = TypeVar("H")
K = TypeVar("K")

#: Seconds within which the last start must have been read, the lock tried, and the new start recorded: long enough for a new leader.
_PATIENCE = 60.0

#: Why it is not this process's turn: another runs the job now; its last start is less than the interval ago; another started it since
#: this process looked, and may be done with it.
Reason: TypeAlias = Literal["running", "too soon", "started"]


@dataclass(frozen=True)
class Turn(Generic[H]):
    """Whether this process runs the job.

    held: the lock, if it does; None: it does not. reason: why not; None if it does. last_start: of the job, before this one, in seconds
    since 1970; None: there was none.
    """

    held: H | None
    reason: Reason | None
    last_start: float | None


@dataclass(frozen=True)
class _Job:
    """A job: what threads and tasks share. interval: in seconds."""

    key: str
    interval: float
    clock: Callable[[], float]

    def read(self) -> Any:
        return read_last_start(self.key, random)

    def is_too_soon(self, last: LastStart) -> bool:
        return last.at is not None and last.at + self.interval > self.clock() and self.interval > 0

    def lock(self, kind: Callable[..., K], client: object, ttl: Duration, delay: Duration, checks: Sequence[str] | None, on_loss: Any) -> K:
        def machine(timeout: Duration | None) -> JobLock:
            return JobLock(self.key, ttl=ttl, delay=delay, checks=checks, timeout=timeout, delete=True, jitter=random)

        return kind(client, self.key, machine, _PATIENCE, on_loss, (ttl, delay))

    def record(self, held: Any, last: LastStart) -> Any:
        return record_start(self.key, held.session, held.fencing_token, last, self.clock(), random)


@contextmanager
def run_once(
    consul: Consul,
    key: str,
    *,
    interval: Duration = 0,
    ttl: Duration = DEFAULT_TTL,
    delay: Duration = DEFAULT_DELAY,
    checks: Sequence[str] | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[Turn[Held]]:
    """Give a `Turn`, for threads: `with run_once(consul, "jobs/nightly", interval="1h") as turn:`. The block runs the job if `turn.held`.

    The lock on `key` is held while the block runs, and deleted at its end. The start is recorded before the block, in the key
    `{key}_last_run`. If the block fails or its process ends, the start counts all the same. If the cluster has no leader, it waits for
    one, up to a minute.

    interval: seconds that must have passed since the recorded start; 0: only those who start the job at the same moment exclude each other.
    ttl, delay, checks: those of `client.lock`. clock: returns the seconds since 1970; recorded times are compared with it, so the clocks of
    the machines must agree.

    Raises LockConflict if `key` is used for something else, LockLost at the end of the block if the lock was lost, ValueError for arguments
    that Consul does not accept and for a record that is not a time.
    """
    job = _Job(key, seconds(interval), clock)
    last: LastStart = consul.perform(job.read(), timeout=_PATIENCE)
    if job.is_too_soon(last):
        yield Turn(None, "too soon", last.at)
        return
    with ExitStack() as stack:
        held = stack.enter_context(job.lock(Lock, consul, ttl, delay, checks, None).attempt(_PATIENCE))
        if held is not None and not consul.perform(job.record(held, last), timeout=_PATIENCE):
            stack.close()
            yield Turn(None, "started", last.at)
        else:
            yield Turn(held, None if held else "running", last.at)


@asynccontextmanager
async def async_run_once(
    consul: AsyncConsul,
    key: str,
    *,
    interval: Duration = 0,
    ttl: Duration = DEFAULT_TTL,
    delay: Duration = DEFAULT_DELAY,
    checks: Sequence[str] | None = None,
    cancel_on_loss: bool = False,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Turn[AsyncHeld]]:
    """Give a `Turn`, for tasks: `async with async_run_once(consul, "jobs/nightly", interval="1h") as turn:`; see `run_once`.

    cancel_on_loss: cancel the block when the lock is lost.
    """
    job = _Job(key, seconds(interval), clock)
    last: LastStart = await consul.perform(job.read(), timeout=_PATIENCE)
    if job.is_too_soon(last):
        yield Turn(None, "too soon", last.at)
        return
    async with AsyncExitStack() as stack:
        held = await stack.enter_async_context(job.lock(AsyncLock, consul, ttl, delay, checks, cancel_on_loss).attempt(_PATIENCE))
        if held is not None and not await consul.perform(job.record(held, last), timeout=_PATIENCE):
            await stack.aclose()
            yield Turn(None, "started", last.at)
        else:
            yield Turn(held, None if held else "running", last.at)
