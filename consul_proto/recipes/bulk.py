"""A bulk call as a machine: it sends the batches that it is given over a few connections, and keeps account of the positions of the input.

Whoever drives it gives it batches in the order of the input (`give`), a few at a time, and says when there are no more. The rules:
(1) At most `connections` batches are in flight.
(2) Batches begin in order. One that shares a key with a batch in flight waits for that one, so that of two values the later remains.
(3) After a failure no other batch is sent. Those in flight are waited for.
(4) `Stop` gives up the batches in flight: their outcome is unknown.
(5) A batch that has too many operations for this version of Consul is sent as two, before those that come after it.
The machine sends each batch once. The client may retry it if Consul certainly did nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import field
from itertools import chain
from typing import TYPE_CHECKING, Any

from consul_proto.errors import Cancelled
from consul_proto.frozen import dataclass
from consul_proto.recipes.bulk_result import BulkResult, FailedBatch, Refusal, joined
from consul_proto.recipes.machine import Answered, Cancel, Send, Stop, Tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from consul_proto.errors import ConsulateException
    from consul_proto.recipes.machine import Effect, Event


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request does.

    operation: an operation or a flow, which does all of it or nothing. keys: its keys, in the order of its operations. positions: of each
    key, of the input, ascending; None for a key that the input does not name. writes: how many of the keys it puts; it deletes the others.
    taken: how many items had been taken from the input. halves: makes two batches of it, if it has more operations than every version of
    Consul accepts.
    """

    operation: Any
    keys: tuple[str, ...]
    positions: tuple[int | None, ...]
    writes: int
    taken: int
    halves: Callable[[], tuple[Batch, Batch]] | None = field(default=None, repr=False, compare=False)
    #: The positions, as ranges.
    ranges: tuple[range, ...] = field(init=False)

    def __post_init__(self) -> None:
        named = [position for position in self.positions if position is not None]
        if named and named[-1] - named[0] + 1 == len(named):
            ranges: tuple[range, ...] = (range(named[0], named[-1] + 1),)
        else:
            ranges = joined(range(position, position + 1) for position in named)
        object.__setattr__(self, "ranges", ranges)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a bulk call is.

    given: how many batches the machine got. over: how many are over. is_stopping: whether no other will be sent. accepts_more: whether
    Consul accepts more operations in a transaction than every version does; None: it is not known. total, taken, written, deleted,
    failures: as in the result. covered: how many positions were in batches; the others of those that were taken needed none.
    """

    given: int
    over: int
    is_stopping: bool
    accepts_more: bool | None
    total: int | None
    taken: int
    covered: int
    written: int
    deleted: int
    in_flight: tuple[Batch, ...]
    #: Given, and not sent.
    waiting: tuple[Batch, ...]
    failures: tuple[FailedBatch, ...]

    @property
    def open(self) -> int:
        """How many batches are in flight or wait."""
        return len(self.in_flight) + len(self.waiting)

    @property
    def result(self) -> BulkResult:
        """What was done so far. It is made when it is asked for: after most steps nobody asks."""
        in_flight = [batch.ranges for batch in self.in_flight]
        waiting = [batch.ranges for batch in self.waiting]
        pending, not_sent = (in_flight, waiting) if self.is_stopping else (in_flight + waiting, [])
        return BulkResult(
            total=self.total,
            taken=self.taken,
            written=self.written,
            deleted=self.deleted,
            unchanged=self.taken - self.covered,
            pending=joined(chain.from_iterable(pending)),
            not_sent=joined(chain.from_iterable(not_sent)),
            failures=self.failures,
        )


@dataclass(frozen=True, slots=True)
class Got:
    """The value of a batch. number: its place among the batches."""

    number: int
    value: Any


class Bulk:
    """Sends batches. connections: how many at a time. total: how many items the input has, if that is known.

    is_ordered: whether batches with the same key must not overlap; reads may.
    """

    def __init__(self, connections: int, total: int | None = None, *, is_ordered: bool = True) -> None:
        self._connections = connections
        self._total = total
        self._is_ordered = is_ordered
        self._given = 0
        self._over = 0
        self._taken = 0
        #: How many positions were in batches; the others of those that were taken needed none.
        self._covered = 0
        self._written = self._deleted = 0
        #: Given, and not sent: (name, batch).
        self._waiting: deque[tuple[str, Batch]] = deque()
        self._in_flight: dict[str, Batch] = {}
        self._busy: set[str] = set()
        self._failures: list[FailedBatch] = []
        self._accepts_more: bool | None = None
        self._is_complete = False
        self._is_stopping = False
        self._effects: list[Effect[Progress | Got]] = []

    @property
    def is_over(self) -> bool:
        """Return whether no batch is in flight, and none will be."""
        return not self._in_flight and (self._is_stopping or (self._is_complete and not self._waiting))

    @property
    def result(self) -> BulkResult:
        """What was done so far."""
        return self._progress().result

    def _progress(self) -> Progress:
        return Progress(
            self._given,
            self._over,
            self._is_stopping,
            self._accepts_more,
            self._total,
            self._taken,
            self._covered,
            self._written,
            self._deleted,
            tuple(self._in_flight.values()),
            tuple([batch for _, batch in self._waiting]),
            tuple(self._failures),
        )

    def begin(self, now: float) -> Sequence[Effect[Progress | Got]]:  # noqa: ARG002 - no time limit is the machine's own
        """Start. Report that nothing is done yet."""
        return self._go_on()

    def give(self, batch: Batch) -> Sequence[Effect[Progress | Got]]:
        """Take the next batch."""
        self._waiting.append((f"batch {self._given}", batch))
        self._given += 1
        self._taken = batch.taken
        self._covered += len(batch.positions) - batch.positions.count(None)
        return self._go_on()

    def finish(self, taken: int | None) -> Sequence[Effect[Progress | Got]]:
        """Note that there are no more batches.

        taken: how many items the input had; those after the last batch needed none. None: the input was not read to its end.
        """
        if taken is not None:
            self._taken = self._total = taken
        self._is_complete = True
        return self._go_on()

    def refuse(self, batches: Iterable[Batch]) -> None:
        """Take batches that nobody will send any more, to keep account of them. The machine is over."""
        self._is_stopping = True
        for batch in batches:
            self.give(batch)

    def handle(self, event: Event, now: float) -> Sequence[Effect[Progress | Got]]:  # noqa: ARG002
        """Take the end of a batch, or stop."""
        if isinstance(event, Stop):
            self._stop()
        else:
            batch = self._in_flight.pop(event.name)
            self._busy.difference_update(batch.keys)
            self._over += 1
            if isinstance(event, Answered):
                self._written += batch.writes
                self._deleted += len(batch.keys) - batch.writes
                if batch.halves is not None:
                    self._accepts_more = True
                if event.reply.value is not None:
                    self._effects.append(Tell(Got(int(event.name.removeprefix("batch ")), event.reply.value)))
            elif batch.halves is not None and _has_too_many_operations(event.error):
                self._accepts_more = False
                first, second = batch.halves()
                self._waiting.extendleft([(f"{event.name}, second half", second), (f"{event.name}, first half", first)])
            else:
                self._fail(batch, event.error)
        return self._go_on()

    def advance(self, now: float) -> Sequence[Effect[Progress | Got]]:  # noqa: ARG002
        """Do nothing: nothing is ever due."""
        return ()

    def next_deadline(self) -> float | None:
        """Return None: only an event can change anything."""
        return None

    def _fail(self, batch: Batch, error: ConsulateException) -> None:
        self._is_stopping = True
        self._failures.append(FailedBatch(batch.ranges, batch.keys, error, _refusals(batch, error)))

    def _stop(self) -> None:
        self._is_stopping = True
        for name, batch in self._in_flight.items():
            self._effects.append(Cancel(name))
            self._fail(batch, Cancelled("the call was interrupted while Consul worked on this batch"))
        self._in_flight.clear()
        self._busy.clear()

    def _go_on(self) -> Sequence[Effect[Progress | Got]]:
        """Send what may be sent, and tell how far it is."""
        while self._waiting and not self._is_stopping and len(self._in_flight) < self._connections:
            name, batch = self._waiting[0]
            if self._is_ordered and not self._busy.isdisjoint(batch.keys):
                break
            self._waiting.popleft()
            self._in_flight[name] = batch
            self._busy.update(batch.keys)
            self._effects.append(Send(name, batch.operation, float("inf")))
        effects, self._effects = self._effects, []
        return [*effects, Tell(self._progress())]


def _has_too_many_operations(error: ConsulateException) -> bool:
    from consul_proto.endpoints.txn import has_too_many_operations  # as below

    return has_too_many_operations(error)


def _refusals(batch: Batch, error: ConsulateException) -> tuple[Refusal, ...]:
    """Return the operations that Consul named in its answer to a transaction."""
    from consul_proto.endpoints.txn import refused_operations  # imported when a batch fails

    named = [(index, what) for index, what in refused_operations(error) if 0 <= index < len(batch.keys)]
    return tuple(Refusal(batch.positions[index], batch.keys[index], what) for index, what in named)
