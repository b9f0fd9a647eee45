"""The protocol of a recipe: a state machine that is told what happened and when, and answers with what to do next.

A machine reads no clock, draws no random number and sends nothing. A shell drives it: it carries out the effects, and reports their
results. The verbs are those of the simulator (`handle`, `advance`, `next_deadline`), so one loop can drive both, in any time.

Rules for a shell:
(1) Call `begin` once, before everything else. Stop when `is_over` is true: by then no call is in flight.
(2) Carry out the effects of a step in their order, before the next step.
(3) A call is in flight from its `Send` until its `Answered` or `Failed` is handled, or until its `Cancel`. Of a call that was cancelled,
    nothing is reported. A machine never sends a second call under a name that is in flight, and cancels no call that is not.
(4) Report each call once: as `Failed` with `RequestTimeout` when its time is over.
(5) All times of a machine are seconds of one clock, and never decrease. Call `advance` at `next_deadline()`, or soon after.
(6) A `Send` that `may_block` waits at Consul for something new. If no connection is free for it, report `Failed` with `NoConnectionFree`
    at once: the machine then looks from time to time instead. No other call may wait behind such calls.
(7) Calls with `may_block` whose requests are equal may share one answer: machines change nothing in a reply. If a machine that waited
    with `takes_turns` then begins to try, the others that waited so may be sent again after that, without an answer before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from consul_proto.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consul_proto.errors import ConsulateException
    from consul_proto.meta import Reply
    from consul_proto.operation import Operation

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


# Effects: what a machine asks for.


@dataclass(frozen=True, slots=True)
class Send:
    """Perform an operation once; the machine itself decides whether to try again.

    name: unique among the machine's calls in flight. timeout: seconds until the call has failed; as everywhere in this library, the wait of
    a blocking query comes on top. may_block: the operation is a blocking query, so Consul may answer late. It may be refused (rule 6).
    takes_turns: of a blocking query: it waits until there is something to try for. Of another call: it tries for that (rule 7).
    """

    name: str
    operation: Operation[Any]
    timeout: float
    may_block: bool = False
    takes_turns: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give up a call in flight. Consul may carry it out all the same."""

    name: str


@dataclass(frozen=True, slots=True)
class Tell(Generic[E_co]):
    """Hand an event to the user."""

    event: E_co


Effect: TypeAlias = Send | Cancel | Tell[E]


# Events: what a machine is told.


@dataclass(frozen=True, slots=True)
class Answered:
    """A call was answered. reply: its value, and the headers of the answer."""

    name: str
    reply: Reply[Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """A call failed. `error.maybe_applied` says whether Consul may have carried it out."""

    name: str
    error: ConsulateException


@dataclass(frozen=True, slots=True)
class Stop:
    """The user is done. The machine cleans up, and is over soon after; a second Stop changes nothing."""


Event: TypeAlias = Answered | Failed | Stop


class Machine(Protocol[E_co]):
    """What a shell drives. E_co: the events for the user."""

    @property
    def is_over(self) -> bool:
        """Return whether the machine is done: it has no call in flight, and waits for nothing."""
        ...

    def begin(self, now: float) -> Sequence[Effect[E_co]]:
        """Start."""
        ...

    def handle(self, event: Event, now: float) -> Sequence[Effect[E_co]]:
        """Handle an event. What is due by `now` is done first."""
        ...

    def advance(self, now: float) -> Sequence[Effect[E_co]]:
        """Do what is due by `now`."""
        ...

    def next_deadline(self) -> float | None:
        """Return when to call `advance` next; None: only an event can change anything."""
        ...


class Holder(Machine[E_co], Protocol[E_co]):
    """A machine that holds something for a limited time: a session, a lock, a slot."""

    @property
    def held_until(self) -> float | None:
        """Return the time from which on the holder must not rely on it any more; None: it holds nothing.

        The time is of the machine's clock. It moves with each renewal. Whoever reads a clock can compare the two at any moment, even before
        the machine was told that time has passed: the machine will decide the same.
        """
        ...
