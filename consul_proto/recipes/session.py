"""A session that is kept alive: created, renewed, and destroyed at the end.

    IDLE --begin--> OPENING --create--> OPEN --stop, or loss--> CLOSING --destroy--> OVER
                       |                                                              ^
                       +--an error that does not pass: GaveUp-------------------------+

Rules:
(1) The TTL counts from the *sending* of the last renewal that succeeded (the creation is the first). Consul's own clock starts later,
    and ends after twice the TTL, so the session is alive as long as we rely on it.
(2) The clock decides about the loss. Errors and time-outs are no loss before the TTL is over. Only Consul's answer that there is no such
    session (404) is a loss at once. What comes after the deadline does not count, even if it says that the session is alive.
(3) It is renewed at half its TTL. An attempt takes at most a fifth of the TTL, so that another fits in before the TTL is over;
    and at most 10 seconds.
(4) After a loss it is not renewed again, but destroyed, so that it holds no lock that nobody uses.
(5) Cleaning up ends after half a TTL, and at most 30 seconds. A session that is left over ends by itself.
(6) A session of the caller's is neither created nor destroyed, but renewed: that shows that it is alive.

https://developer.hashicorp.com/consul/docs/automate/session
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from consul_proto.durations import Duration, seconds
from consul_proto.endpoints.session import Session
from consul_proto.errors import LockLost, LockNotAcquired, NotFound
from consul_proto.frozen import dataclass
from consul_proto.recipes.outcomes import GaveUp, Lost, SessionOpened
from consul_proto.recipes.pauses import may_help, pause
from consul_proto.recipes.table import TableMachine, Transitions, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consul_proto.errors import ConsulateException
    from consul_proto.meta import Reply
    from consul_proto.namespace import Pure
    from consul_proto.operation import Operation
    from consul_proto.recipes.machine import Effect
    from consul_proto.types.session import SessionEntry

SessionEvent: TypeAlias = SessionOpened | Lost | GaveUp

#: The session that the official client creates has this TTL too.
DEFAULT_TTL = "15s"

#: The part of the TTL after which a session is renewed.
_RENEWED_AFTER = 1 / 2

#: The part of the TTL that one call may take, and at most how many seconds.
_ATTEMPT, _LONGEST_ATTEMPT = 1 / 5, 10.0

#: The same for the end of a session; giving back what it holds may take as much before.
_CLEANING, _LONGEST_CLEANING = 1 / 2, 30.0

_SESSION: Session[Pure] = Session()


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How to create a session; see `consul_proto.endpoints.session.Session.create`.

    existing: the ID of a session of the caller's, which is used instead of a new one.
    Raises ValueError for a TTL of 0 or of more than 24 hours, and for other invalid values.
    """

    ttl: Duration = DEFAULT_TTL
    behavior: Literal["release", "delete"] = "release"
    delay: Duration | None = None
    checks: Sequence[str] | None = None
    name: str | None = None
    existing: str | None = None

    def __post_init__(self) -> None:
        if not self.seconds:
            raise ValueError("the TTL of a kept session must be above 0: without one, a loss could not be noticed")
        self.first()

    @property
    def seconds(self) -> float:
        """Return the TTL in seconds."""
        return seconds(self.ttl)

    @property
    def attempt(self) -> float:
        """Return how many seconds one call may take."""
        return min(self.seconds * _ATTEMPT, _LONGEST_ATTEMPT)

    @property
    def cleaning(self) -> float:
        """Return how many seconds the end may take."""
        return min(self.seconds * _CLEANING, _LONGEST_CLEANING)

    def first(self) -> Operation[str] | Operation[SessionEntry]:
        """Return the first call: create the session, or renew the caller's."""
        if self.existing is not None:
            return _SESSION.renew(self.existing)
        return _SESSION.create(self.name, self.behavior, delay=self.delay, ttl=self.ttl, checks=self.checks)


class State(Enum):
    """Where a session is."""

    IDLE, OPENING, OPEN, CLOSING, OVER = (auto() for _ in range(5))


class KeptSession(TableMachine[SessionEvent]):
    """Keep a session. It tells SessionOpened, and then Lost if it is lost; or GaveUp, if it cannot be created.

    timeout: seconds for which the creation is tried again after errors that may pass; None: without end, 0: not at all.
    jitter: returns a random number from 0 to 1.
    """

    #: The names of its calls, for machines that have a session.
    CALLS: ClassVar = frozenset({"create", "renew", "destroy"})

    def __init__(self, options: SessionOptions, *, timeout: float | None = None, jitter: Callable[[], float] = lambda: 0.5) -> None:
        super().__init__(State.IDLE, jitter)
        self._options = options
        self._timeout = timeout
        self._ttl = options.seconds
        #: The ID of the session, once it is known.
        self.id = options.existing or ""
        #: When the call under way was asked for, and the last one that showed that the session is alive.
        self._asked_at = self._alive_at = 0.0
        self._give_up_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Return whether this machine is done: the session has ended, or it has given up trying to end it."""
        return self.state is State.OVER

    @property
    def held_until(self) -> float | None:
        """Return when the session counts as lost if no renewal succeeds; None: there is no session."""
        return self._alive_at + self._ttl if self.state is State.OPEN else None

    def end(self, why: str, now: float) -> list[Effect[SessionEvent]]:
        """Handle a loss that became known in another way: Consul refuses a write because it does not know the session."""
        if self.state is State.OPEN:
            self._lose(LockLost(why), now)
        return self._take()

    # Opening.

    def _begin(self, _what: None, now: float) -> None:
        self.state = State.OPENING
        self._give_up_at = None if self._timeout is None else now + self._timeout
        self._open(None, now)

    def _open(self, _what: None, now: float) -> None:
        self._asked_at = now
        self._send("create", self._options.first(), self._options.attempt)

    def _on_create(self, reply: Reply[str | SessionEntry], now: float) -> None:
        self.state = State.OPEN
        if isinstance(reply.value, str):
            self.id = reply.value
        self._tell(SessionOpened(self.id))
        self._on_renew(reply, now)
        self._pass(now)  # the process may have been paused, even past the TTL

    def _on_create_failure(self, error: ConsulateException, now: float) -> None:
        self._failures += 1
        again = now + pause(self._failures, self._jitter())
        if may_help(error) and (self._give_up_at is None or again <= self._give_up_at):
            self._timers["pause"] = again
            return
        if isinstance(error, NotFound):
            ended = LockNotAcquired(f"the session {self.id} has ended or never existed; give another, or none", maybe_applied=False)
            ended.__cause__ = error
            error = ended
        self.state = State.OVER
        self._tell(GaveUp(error))

    # Keeping.

    def _on_renew(self, reply: Reply[str | SessionEntry], now: float) -> None:
        self._failures = 0
        self._alive_at = self._asked_at
        if not isinstance(reply.value, str):
            self._ttl = min(self._ttl, _ttl_of(reply.value) or self._ttl)
        self._timers["expiry"] = self._alive_at + self._ttl
        self._timers["renewal"] = max(now, self._alive_at + self._ttl * _RENEWED_AFTER)

    def _renew(self, _what: None, now: float) -> None:
        if now >= self._timers["expiry"]:
            self._expire(None, now)
            return
        self._asked_at = now
        self._send("renew", _SESSION.renew(self.id), self._options.attempt)

    def _on_renew_failure(self, error: ConsulateException, now: float) -> None:
        if isinstance(error, NotFound):
            self._lose(LockLost("its session has ended: an operator or a failing check ended it, or the TTL was over"), now)
            return
        self._failures += 1
        self._timers["renewal"] = now + pause(self._failures, self._jitter())

    def _expire(self, _what: None, now: float) -> None:
        self._lose(LockLost(f"its session was not renewed within its TTL of {self._ttl:g} s: Consul did not answer in time"), now)

    def _lose(self, error: LockLost, now: float) -> None:
        self._tell(Lost(error))
        self._close(None, now)

    # Closing.

    def _stop_opening(self, _what: None, now: float) -> None:
        """Wait for an answer that is on its way: it has the ID of a session that must be destroyed."""
        self._timers.clear()
        self.state = State.CLOSING if self._calls else State.OVER
        if self._calls:
            self._timers["end"] = now + self._options.cleaning

    def _close(self, _what: None, now: float) -> None:
        end = self._timers.get("end", now + self._options.cleaning)
        self._drop()
        self.state = State.OVER
        if self._options.existing is None:
            self.state, self._failures = State.CLOSING, 0
            self._timers["end"] = end
            self._destroy(None, now)

    def _on_late_create(self, reply: Reply[str | SessionEntry], now: float) -> None:
        if isinstance(reply.value, str):
            self.id = reply.value
        self._close(None, now)

    def _destroy(self, _what: None, _now: float) -> None:
        self._send("destroy", _SESSION.destroy(self.id), self._options.attempt)

    def _on_destroy_failure(self, error: ConsulateException, now: float) -> None:
        self._failures += 1
        if may_help(error):
            self._timers["pause"] = now + pause(self._failures, self._jitter())
        else:
            self._end(None, now)

    def _end(self, _what: object, _now: float) -> None:
        self._drop()
        self.state = State.OVER

    transitions: ClassVar[Transitions] = {
        (State.IDLE, "begin"): _begin,
        (State.IDLE, "stop"): _end,
        (State.OPENING, "create"): _on_create,
        (State.OPENING, "create failed"): _on_create_failure,
        (State.OPENING, "pause"): _open,
        (State.OPENING, "stop"): _stop_opening,
        (State.OPEN, "renewal"): _renew,
        (State.OPEN, "renew"): _on_renew,
        (State.OPEN, "renew failed"): _on_renew_failure,
        (State.OPEN, "expiry"): _expire,
        (State.OPEN, "stop"): _close,
        (State.CLOSING, "create"): _on_late_create,
        (State.CLOSING, "create failed"): _end,
        (State.CLOSING, "destroy"): _end,
        (State.CLOSING, "destroy failed"): _on_destroy_failure,
        (State.CLOSING, "pause"): _destroy,
        (State.CLOSING, "end"): _end,
        (State.CLOSING, "stop"): ignore,
        (State.OVER, "stop"): ignore,
    }


def _ttl_of(session: SessionEntry) -> float:
    """Return the TTL of a session in seconds; 0 if it has none, or one that cannot be read."""
    try:
        return seconds(session.get("TTL") or 0)
    except (TypeError, ValueError):
        return 0.0
