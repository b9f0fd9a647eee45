"""What a bulk call did: which positions of its input were applied, which were not, and which have an unknown outcome."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from consul_proto.errors import ConsulateException
from consul_proto.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


def joined(several: Iterable[range]) -> tuple[range, ...]:
    """Return ranges sorted, and those that touch as one."""
    found: list[range] = []
    for each in sorted(several, key=lambda each: each.start):
        if found and found[-1].stop == each.start:
            found[-1] = range(found[-1].start, each.stop)
        else:
            found.append(each)
    return tuple(found)


def _without(count: int, others: Iterable[range]) -> tuple[range, ...]:
    """Return the positions below a number that are in none of these ranges."""
    found, start = [], 0
    for other in sorted(others, key=lambda each: each.start):
        if start < other.start:
            found.append(range(start, other.start))
        start = max(start, other.stop)
    return (*found, range(start, count)) if start < count else tuple(found)


def _shown(positions: tuple[range, ...]) -> str:
    return ", ".join(str(each.start) if len(each) == 1 else f"{each.start} to {each.stop - 1}" for each in positions)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An operation that Consul refused. position: of the input; None for a key that `replace_tree` deletes. reason: Consul's words."""

    position: int | None
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class FailedBatch:
    """A batch that failed.

    is_unknown: whether it may have been applied, as a whole, now or later: its answer was lost. If not, nothing of it was applied.
    positions: its positions of the input. keys: all its keys, also those that `replace_tree` deletes. error: why it failed.
    refusals: the operations that Consul named.
    """

    positions: tuple[range, ...]
    keys: tuple[str, ...]
    error: ConsulateException
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_unknown(self) -> bool:
        """Whether it may have been applied."""
        return self.error.maybe_applied

    def __str__(self) -> str:
        what = "the outcome is unknown" if self.is_unknown else "nothing of it was applied"
        where = f"the batch of positions {_shown(self.positions)}" if self.positions else "a batch of deletions"
        named = [
            f"{'' if each.position is None else f'position {each.position}, '}key {each.key!r}: {each.reason}" for each in self.refusals
        ]
        said = "; ".join(named) if named else f"key {self.keys[0]!r} and {len(self.keys) - 1} more: {self.error}"
        return f"{where} failed, {what}: {said}"


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What a bulk call has done. Positions count the items of its input from 0, as ranges: `range(0, 128)` are the first 128.

    total: how many items the input has; None if it could not say that before its end. taken: how many were taken from it.
    written, deleted: how many keys were put and deleted. unchanged: how many items `replace_tree` found in the tree as they are.
    pending: positions whose batches are not over; none once the call is. not_sent: positions that were taken, and not sent.
    failures: the batches that failed, in the order in which that was noticed.
    """

    total: int | None = None
    taken: int = 0
    written: int = 0
    deleted: int = 0
    unchanged: int = 0
    pending: tuple[range, ...] = ()
    not_sent: tuple[range, ...] = ()
    failures: tuple[FailedBatch, ...] = ()

    @property
    def applied(self) -> tuple[range, ...]:
        """The positions that were carried out: written, deleted, or already as they should be."""
        return _without(self.taken, (*self.pending, *self.not_sent, *self.failed, *self.unknown))

    @property
    def failed(self) -> tuple[range, ...]:
        """The positions that certainly were not applied: their batches were refused, or rolled back."""
        return self._positions(is_unknown=False)

    @property
    def unknown(self) -> tuple[range, ...]:
        """The positions of batches that may have been applied, each batch as a whole: their answers were lost."""
        return self._positions(is_unknown=True)

    def _positions(self, *, is_unknown: bool) -> tuple[range, ...]:
        return joined(chain.from_iterable(each.positions for each in self.failures if each.is_unknown is is_unknown))

    @property
    def done(self) -> int:
        """How many positions were applied."""
        return sum(map(len, self.applied))

    def __str__(self) -> str:
        parts = {
            "applied": self.applied,
            "failed": self.failed,
            "unknown": self.unknown,
            "pending": self.pending,
            "not sent": self.not_sent,
        }
        said = [f"{name}: {_shown(positions) or 'none'}" for name, positions in parts.items() if positions or name == "applied"]
        return f"positions {'; '.join(said)}"


class BulkError(ConsulateException):
    """A batch of `kv.put_many`, `delete_many`, `replace_tree` or `copy_tree` failed, so the call stopped. `__cause__` says why.

    result: which positions of the input were applied, and which were not. maybe_applied: whether the outcome of a batch is unknown.
    """

    #: Its message has the words of the cause, with the status.
    unsaid = tuple(range(100, 600))

    def __init__(self, message: str, result: BulkResult, *, maybe_applied: bool, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(message, maybe_applied=maybe_applied, status=status, body=body)
        self.result = result


def bulk_error(name: str, result: BulkResult) -> BulkError:
    """Return the error for a call with failures. name: of the call."""
    first = next((each for each in result.failures if not each.is_unknown), result.failures[0])
    error = BulkError(
        f"{name} has stopped: {first}; {result}",
        result,
        maybe_applied=any(each.is_unknown for each in result.failures),
        status=first.error.status,
        body=first.error.body,
    )
    error.__cause__ = first.error
    return error
