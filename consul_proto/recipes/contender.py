"""What a lock and a semaphore share: how to contend for a key, to hold it, to notice its loss, and to give it back.

    IDLE --begin--> OPENING --session--> LOOKING --free--> ACQUIRING --done--> HELD --stop--> RELEASING --> CLOSING --> OVER
                       ^                  ^   |               |                 |                            ^
                       |              pause   taken        refused              +--loss: Lost----------------+
                       |                  |   v               |                                              |
                    REOPENING           PAUSED, WAITING <-----+          LEAVING (from ACQUIRING)--> RELEASING or CLOSING
                       ^                      |
                       +--session lost--------+      time over, conflict, refusal: GaveUp --> LEAVING, RELEASING or CLOSING

Rules:
(1) Only the answer of the acquiring transaction makes a holder. What a read says is a hint when to try. So an answer that was lost is
    asked for again, by the same transaction, which changes nothing if the session holds the key already.
(2) The acquiring transaction names what it saw of the key (its ModifyIndex, or that it did not exist), so that it never overwrites
    anybody else's key.
(3) It returns the ModifyIndex of its write: the fencing token. Consul's indexes only grow, so each later holder's token is larger.
(4) It waits by a blocking query while others hold the key. A lock delay ends without an index change, so then it tries once a second.
    It does the same if no connection is free for a blocking query.
(5) The session decides about the loss (see `session.py`). The holder also watches its key by a consistent blocking query, and if no
    connection is free for that, it looks after each renewal. Only a holder is told Lost; who waits goes on with a new session.
(6) Giving back: release by a transaction, then destroy the session. Destroying first would start the lock delay. After a loss it is the
    other way: the session is destroyed at once, and the lock delay protects the next holder from what the last one still does.
(7) If the machine leaves while its acquiring transaction is under way, it waits for the answer, and releases what it got.
(8) Cleaning up ends after one TTL, and at most a minute: half of it for the release, half for the session.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Generic, TypeAlias, TypeVar

from consul_proto.durations import Duration, seconds
from consul_proto.errors import LockConflict, LockLost, LockNotAcquired, NoConnectionFree, TransactionFailed
from consul_proto.recipes.machine import Answered, Stop, Tell
from consul_proto.recipes.outcomes import Acquired, GaveUp, Lost, SessionOpened
from consul_proto.recipes.pauses import may_help, pause, second
from consul_proto.recipes.session import KeptSession, SessionOptions
from consul_proto.recipes.table import TableMachine, Transitions, ignore, several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from consul_proto.errors import ConsulateException
    from consul_proto.meta import Reply
    from consul_proto.operation import Operation
    from consul_proto.recipes.machine import Effect, Event
    from consul_proto.recipes.session import SessionEvent

LockEvent: TypeAlias = Acquired | Lost | GaveUp

#: What a read found.
F = TypeVar("F")

#: Seconds for which Consul may hold back the answer for one who waits, and for a holder. A connection that died silently is noticed then.
WAIT, WATCH = 15.0, 60.0

#: How Consul refuses a lock operation of a transaction during a lock delay, and with a session that has ended.
_DELAYED, _NO_SESSION = "due to lock delay", "invalid session"

_SESSION_OUTCOMES = {SessionOpened: "opened", Lost: "session lost", GaveUp: "session failed"}


class State(Enum):
    """Where a contender is."""

    IDLE, OPENING, REOPENING, LOOKING, WAITING, PAUSED, ACQUIRING, HELD, LEAVING, RELEASING, CLOSING, OVER = (auto() for _ in range(12))


class Contender(TableMachine[LockEvent], ABC, Generic[F]):
    """Contend for a key. It tells Acquired, and then Lost if it is lost; or GaveUp.

    what: its name in errors. session: how to create the session. timeout: seconds to wait; None: without end; 0: try once.
    jitter: returns a random number from 0 to 1.
    """

    def __init__(self, what: str, session: SessionOptions, timeout: Duration | None, jitter: Callable[[], float]) -> None:
        super().__init__(State.IDLE, jitter)
        self._what = what
        self._options = session
        self._timeout = None if timeout is None else seconds(timeout)
        self._session = self._new_session()
        self._attempt = session.attempt
        #: What a blocking query compares; 0: read at once.
        self._index = 0
        #: Whether Consul may have carried out an acquiring transaction whose answer we do not know.
        self._may_hold = False
        self._why = "Consul did not answer"

    # What differs.

    @abstractmethod
    def _look(self, index: int) -> Operation[F]:
        """Return the read of one who waits. index: what a blocking query compares."""

    @abstractmethod
    def _watch(self, index: int) -> Operation[F]:
        """Return the consistent read of a holder."""

    @abstractmethod
    def _is_free(self, found: F) -> bool:
        """Return whether it makes sense to try. Raises LockConflict."""

    @abstractmethod
    def _is_ours(self, found: F) -> bool:
        """Return whether this session holds the key, by what `_watch` found."""

    @abstractmethod
    def _acquire(self, found: F) -> Operation[int]:
        """Return the acquiring transaction, which returns the fencing token."""

    @abstractmethod
    def _release(self) -> None:
        """Send the first call that gives the key back; the last one is named "release"."""

    def _on_release_refusal(self, now: float) -> None:
        """Handle that the releasing transaction was rolled back: we do not hold the key."""
        self._close(None, now)

    # What a shell sees.

    @property
    def is_over(self) -> bool:
        """Return whether this machine is done: it has given everything back, or has given up trying."""
        return self.state is State.OVER

    @property
    def held_until(self) -> float | None:
        """Return the time from which on the holder must not rely on it any more; None: it holds nothing."""
        return self._session.held_until if self.state is State.HELD else None

    def next_deadline(self) -> float | None:
        """Return when to call `advance` next; None: only an event can change anything."""
        times = (super().next_deadline(), self._session.next_deadline())
        return min((time for time in times if time is not None), default=None)

    def _pass(self, now: float) -> None:
        self._follow(self._session.advance(now), now)
        super()._pass(now)

    def _react(self, event: Event, now: float) -> None:
        if isinstance(event, Stop) or event.name not in KeptSession.CALLS:
            super()._react(event, now)
            return
        self._follow(self._session.handle(event, now), now)
        if isinstance(event, Answered) and event.name == "renew" and self.state is State.HELD:
            self._watch_again(None, now)

    # The session.

    def _new_session(self) -> KeptSession:
        return KeptSession(self._options, timeout=0 if self._timeout == 0 else None, jitter=self._jitter)

    def _follow(self, effects: Iterable[Effect[SessionEvent]], now: float) -> None:
        """Pass on what the session asks for, and react to what it tells."""
        for effect in effects:
            if isinstance(effect, Tell):
                self._step(_SESSION_OUTCOMES[type(effect.event)], effect.event, now)
            else:
                self._effects.append(effect)
        if self._session.is_over and self.state in (State.REOPENING, State.CLOSING):
            self._step("session over", None, now)

    def _begin(self, _what: None, now: float) -> None:
        if self._timeout:
            self._timers["time over"] = now + self._timeout
        self._open(None, now)

    def _open(self, _what: None, now: float) -> None:
        self.state = State.OPENING
        self._follow(self._session.begin(now), now)

    def _reopen(self, _what: None, now: float) -> None:
        self._session = self._new_session()
        self._open(None, now)

    def _on_session_failure(self, what: GaveUp, now: float) -> None:
        self._give_up(what.error, now)

    def _on_loss_while_waiting(self, what: Lost, _now: float) -> None:
        """Go on with a new session. If the caller gave the one that ended, give up."""
        limit = self._timers.get("time over")
        self._drop()
        self._may_hold = False
        if self._options.existing is not None:
            self._tell(GaveUp(LockNotAcquired(f"{self._what} was not acquired: {what.error.message}", maybe_applied=False)))
            self.state = State.CLOSING
            return
        self.state = State.REOPENING
        if limit is not None:
            self._timers["time over"] = limit

    def _on_loss(self, what: Lost, _now: float) -> None:
        self._drop()
        self._tell(Lost(LockLost(f"{self._what} was lost: {what.error.message}")))
        self.state = State.CLOSING

    def _on_loss_while_leaving(self, _what: Lost, _now: float) -> None:
        """Nothing is left to give back."""
        self._drop()
        self.state = State.CLOSING

    # Contending.

    def _look_anew(self, _what: object, _now: float) -> None:
        self.state, self._index = State.LOOKING, 0
        self._send("look", self._look(0), self._attempt)

    def _on_look(self, reply: Reply[F], now: float) -> None:
        try:
            is_free = self._is_free(reply.value)
        except LockConflict as conflict:
            self._give_up(conflict, now)
            return
        if is_free:
            self.state = State.ACQUIRING
            self._send("acquire", self._acquire(reply.value), self._attempt, takes_turns=True)
            return
        self._why = "others hold it"
        if self._timeout == 0:
            self._time_over(None, now)
        else:
            self._wait(reply.meta.index or 0, now)

    def _wait(self, index: int, now: float) -> None:
        """Wait for a change. An index that went backwards is one of a cluster that was restored: it is read anew."""
        self._failures = 0
        if not index:
            self._pause(second(self._jitter()), now)
            return
        self.state = State.WAITING
        self._index = index if index >= self._index else 0
        self._send("look", self._look(self._index), self._attempt, may_block=self._index > 0, takes_turns=True)

    def _on_look_failure(self, error: ConsulateException, now: float) -> None:
        if isinstance(error, NoConnectionFree):
            self._pause(second(self._jitter()), now)
        else:
            self._try_later(error, now)

    def _try_later(self, error: ConsulateException, now: float) -> None:
        """Try again after an error that may pass; give up after any other, and if we try once only."""
        self._why, self._failures = str(error), self._failures + 1
        if not may_help(error) or self._timeout == 0:
            self._give_up(error, now)
        else:
            self._pause(pause(self._failures, self._jitter()), now)

    def _pause(self, seconds: float, now: float) -> None:
        self.state = State.PAUSED
        self._timers["pause"] = now + seconds

    def _on_acquire(self, reply: Reply[int], now: float) -> None:
        self._timers.clear()
        self.state, self._failures, self._index = State.HELD, 0, reply.value
        self._tell(Acquired(self._session.id, self._index))
        self._watch_again(None, now)

    def _on_acquire_failure(self, error: ConsulateException, now: float) -> None:
        self._may_hold = self._may_hold or error.maybe_applied
        if not isinstance(error, TransactionFailed):
            self._try_later(error, now)
        elif _DELAYED in error.message:
            self._why = "the lock delay of its last holder is not over"
            self._time_over(None, now) if self._timeout == 0 else self._pause(second(self._jitter()), now)
        elif _NO_SESSION in error.message:
            self._follow(self._session.end("its session has ended: Consul does not know it", now), now)
        else:
            self._on_lost_race(error, now)

    def _on_lost_race(self, error: TransactionFailed, now: float) -> None:
        """Look at once after the first race that another won; after more of them, after a pause."""
        self._why, self._failures = str(error), self._failures + 1
        if self._failures == 1:
            self._look_anew(None, now)
        else:
            self._pause(pause(self._failures - 1, self._jitter()), now)

    def _time_over(self, _what: None, now: float) -> None:
        within = f" within {self._timeout:g} s" if self._timeout else ""
        error = LockNotAcquired(f"{self._what} was not acquired{within}: {self._why}", maybe_applied=False)
        error.is_time_over = True
        self._give_up(error, now)

    def _give_up(self, error: ConsulateException, now: float) -> None:
        self._tell(GaveUp(error))
        self._leave(None, now)

    # Holding.

    def _watch_again(self, _what: None, _now: float) -> None:
        """Watch the key, unless that is under way or will be soon."""
        if not (self._calls or self._timers):
            self._send("watch", self._watch(self._index), self._attempt, may_block=self._index > 0)

    def _check_own(self, reply: Reply[F], now: float) -> None:
        if not self._is_ours(reply.value):
            self._follow(self._session.end("somebody else released it, deleted it or took it over", now), now)

    def _on_watch(self, reply: Reply[F], now: float) -> None:
        self._check_own(reply, now)
        if self.state is State.HELD:
            index = reply.meta.index or 0
            if not index:
                self._timers["pause"] = now + second(self._jitter())
            self._index, self._failures = index if index >= self._index else 0, 0
            self._watch_again(None, now)

    def _on_watch_failure(self, error: ConsulateException, now: float) -> None:
        """Watch again soon; if no connection is free for that, look now, and watch again after the next renewal."""
        if isinstance(error, NoConnectionFree):
            self._send("look", self._watch(0), self._attempt)
        else:
            self._failures += 1
            self._timers["pause"] = now + pause(self._failures, self._jitter())

    # Giving back.

    def _leave(self, _what: None, now: float) -> None:
        """Give up contending: wait for an acquiring transaction that is under way, and release what may be held."""
        self._timers.clear()
        if "acquire" in self._calls:
            self.state = State.LEAVING
            self._timers["end"] = now + self._options.cleaning
        elif self._may_hold:
            self._give_back(None, now)
        else:
            self._close(None, now)

    def _on_late_acquire_failure(self, error: ConsulateException, now: float) -> None:
        if self._may_hold or error.maybe_applied:
            self._give_back(None, now)
        else:
            self._close(None, now)

    def _give_back(self, _what: object, now: float) -> None:
        end = self._timers.get("end", now + self._options.cleaning)
        self._drop()
        self.state, self._failures = State.RELEASING, 0
        self._timers["end"] = end
        self._release()

    def _release_again(self, _what: object, _now: float) -> None:
        self._release()

    def _on_release_failure(self, error: ConsulateException, now: float) -> None:
        if isinstance(error, TransactionFailed):
            self._on_release_refusal(now)
        elif may_help(error):
            self._failures += 1
            self._timers["pause"] = now + pause(self._failures, self._jitter())
        else:
            self._close(None, now)

    def _close(self, _what: object, now: float) -> None:
        self._drop()
        self.state = State.CLOSING
        self._follow(self._session.handle(Stop(), now), now)

    def _end(self, _what: object, _now: float) -> None:
        self._drop()
        self.state = State.OVER

    transitions: ClassVar[Transitions] = {
        (State.IDLE, "begin"): _begin,
        (State.IDLE, "stop"): _end,
        (State.OPENING, "opened"): _look_anew,
        (State.OPENING, "session failed"): _on_session_failure,
        **several(
            (State.OPENING, State.REOPENING, State.LOOKING, State.WAITING, State.PAUSED, State.ACQUIRING),
            {"time over": _time_over, "stop": _leave},
        ),
        **several((State.LOOKING, State.WAITING, State.PAUSED, State.ACQUIRING), {"session lost": _on_loss_while_waiting}),
        (State.REOPENING, "session over"): _reopen,
        **several((State.LOOKING, State.WAITING), {"look": _on_look, "look failed": _on_look_failure}),
        (State.PAUSED, "pause"): _look_anew,
        (State.ACQUIRING, "acquire"): _on_acquire,
        (State.ACQUIRING, "acquire failed"): _on_acquire_failure,
        (State.HELD, "session lost"): _on_loss,
        (State.HELD, "watch"): _on_watch,
        (State.HELD, "watch failed"): _on_watch_failure,
        (State.HELD, "look"): _check_own,
        (State.HELD, "look failed"): ignore,
        (State.HELD, "pause"): _watch_again,
        (State.HELD, "stop"): _give_back,
        (State.LEAVING, "acquire"): _give_back,
        (State.LEAVING, "acquire failed"): _on_late_acquire_failure,
        **several((State.LEAVING, State.RELEASING), {"session lost": _on_loss_while_leaving, "end": _close}),
        (State.RELEASING, "release"): _close,
        (State.RELEASING, "release failed"): _on_release_failure,
        (State.RELEASING, "pause"): _release_again,
        **several((State.LEAVING, State.RELEASING, State.CLOSING, State.OVER), {"stop": ignore}),
        (State.CLOSING, "session over"): _end,
    }
