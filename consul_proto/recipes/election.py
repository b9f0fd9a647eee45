"""An election: who holds the lock on a key leads, and the key says who that is, for as long as somebody leads.

The key stays when nobody leads any more: a key that nobody has locked names no leader.

https://developer.hashicorp.com/consul/docs/automate/application-leader-election
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from consul_proto.codec import Codec, Value
from consul_proto.durations import Duration
from consul_proto.endpoints.kv_entries import one_key, value_of
from consul_proto.errors import NoConnectionFree
from consul_proto.recipes.contender import WAIT, LockEvent
from consul_proto.recipes.lock import DEFAULT_DELAY, Lock
from consul_proto.recipes.machine import Stop, Tell
from consul_proto.recipes.outcomes import GaveUp, Leader, LeaderChanged, Lost
from consul_proto.recipes.pauses import may_help, pause, second
from consul_proto.recipes.session import DEFAULT_TTL
from consul_proto.recipes.table import TableMachine, Transitions, ignore, several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from consul_proto.errors import ConsulateException
    from consul_proto.meta import Reply
    from consul_proto.operation import Operation
    from consul_proto.recipes.machine import Effect, Event

ObserverEvent: TypeAlias = LeaderChanged | GaveUp

#: Seconds that a read of the leader may take.
_ATTEMPT = 5.0


class Election:
    """Campaign, and lead. It tells Acquired, and then Lost if the leadership is lost; or GaveUp.

    value: what the key says about the leader. again: campaign again after a loss, until Stop; then Acquired and Lost may come several
    times. For the others, see `consul_proto.recipes.lock.Lock`.

    Raises ValueError for a key that no path reaches, and for invalid durations.
    """

    def __init__(
        self,
        key: str,
        *,
        value: Value = None,
        again: bool = False,
        session: str | None = None,
        ttl: Duration = DEFAULT_TTL,
        delay: Duration = DEFAULT_DELAY,
        checks: Sequence[str] | None = None,
        name: str | None = None,
        timeout: Duration | None = None,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> None:
        def campaign() -> Lock:
            named = name or f"election of {key}"
            return Lock(key, session=session, value=value, ttl=ttl, delay=delay, checks=checks, name=named, timeout=timeout, jitter=jitter)

        self.key = key
        self._campaign = campaign
        self._lock = campaign()
        self._again = again
        #: Whether this campaign ended with a loss, after which another begins.
        self._was_lost = False

    @property
    def is_over(self) -> bool:
        """Return whether everything is given back, and no other campaign will begin."""
        return self._lock.is_over

    @property
    def held_until(self) -> float | None:
        """Return the time from which on the leader must not rely on it any more; None: it does not lead."""
        return self._lock.held_until

    def begin(self, now: float) -> list[Effect[LockEvent]]:
        """Start."""
        return self._follow(self._lock.begin(now), now)

    def handle(self, event: Event, now: float) -> list[Effect[LockEvent]]:
        """Handle an event. What is due by `now` is done first."""
        if isinstance(event, Stop):
            self._again = False
        return self._follow(self._lock.handle(event, now), now)

    def advance(self, now: float) -> list[Effect[LockEvent]]:
        """Do what is due by `now`."""
        return self._follow(self._lock.advance(now), now)

    def next_deadline(self) -> float | None:
        """Return when to call `advance` next; None: only an event can change anything."""
        return self._lock.next_deadline()

    def _follow(self, effects: list[Effect[LockEvent]], now: float) -> list[Effect[LockEvent]]:
        self._was_lost = self._was_lost or any(isinstance(one, Tell) and isinstance(one.event, Lost) for one in effects)
        if self._lock.is_over and self._was_lost and self._again:
            self._lock, self._was_lost = self._campaign(), False
            return effects + self._lock.begin(now)
        return effects


def leader(key: str, codec: Codec = "json", *, options: Mapping[str, Any] | None = None) -> Operation[Leader | None]:
    """Return the operation that reads who leads; None: nobody does. codec: how the value is read. options: those of a read."""

    def read(entries: Iterable[dict[str, Any]]) -> Leader | None:
        held = [entry for entry in entries if isinstance(entry.get("Session"), str) and entry["Session"]]
        return Leader(value_of(held[0], codec, raw=False), held[0]["Session"], held[0]["ModifyIndex"]) if held else None

    return one_key(key, read, options or {})


class ObserverState(Enum):
    """Where an observer is."""

    IDLE, LOOKING, PAUSED, OVER = (auto() for _ in range(4))


class Observer(TableMachine[ObserverEvent]):
    """Follow who leads. It tells LeaderChanged at first, and whenever another leads or the leader's value changes, until Stop; or GaveUp.

        IDLE --begin--> LOOKING <--> PAUSED      LOOKING, PAUSED --stop, or an error that does not pass--> OVER

    codec: how values are read. jitter: returns a random number from 0 to 1 for each pause.
    """

    def __init__(self, key: str, *, codec: Codec = "json", jitter: Callable[[], float] = lambda: 0.5) -> None:
        super().__init__(ObserverState.IDLE, jitter)
        leader(key, codec, options={"index": 1})
        self.key = key
        self._codec: Codec = codec
        self._index = 0
        #: What was told last.
        self._told: LeaderChanged | None = None

    @property
    def is_over(self) -> bool:
        """Return whether the observer has ended."""
        return self.state is ObserverState.OVER

    def _look(self, _what: object, _now: float) -> None:
        self.state = ObserverState.LOOKING
        options = {"index": self._index, "wait": WAIT} if self._index else {}
        self._send("look", leader(self.key, self._codec, options=options), _ATTEMPT, may_block=self._index > 0)

    def _on_look(self, reply: Reply[Leader | None], now: float) -> None:
        index = reply.meta.index or 0
        self._index, self._failures = index if index >= self._index else 0, 0
        before, found = self._told, reply.value
        if before is None or _essence(before.leader) != _essence(found):
            self._told = LeaderChanged(found)
            self._tell(self._told)
        if index:
            self._look(None, now)
        else:
            self._pause(second(self._jitter()), now)

    def _on_look_failure(self, error: ConsulateException, now: float) -> None:
        """Look anew after a pause: the index may be of a cluster that was restored."""
        self._index, self._failures = 0, self._failures + 1
        if isinstance(error, NoConnectionFree):
            self._pause(second(self._jitter()), now)
        elif may_help(error):
            self._pause(pause(self._failures, self._jitter()), now)
        else:
            self._tell(GaveUp(error))
            self._end(None, now)

    def _pause(self, seconds: float, now: float) -> None:
        self.state = ObserverState.PAUSED
        self._timers["pause"] = now + seconds

    def _end(self, _what: None, _now: float) -> None:
        self._drop()
        self.state = ObserverState.OVER

    transitions: ClassVar[Transitions] = {
        (ObserverState.IDLE, "begin"): _look,
        (ObserverState.LOOKING, "look"): _on_look,
        (ObserverState.LOOKING, "look failed"): _on_look_failure,
        (ObserverState.PAUSED, "pause"): _look,
        **several((ObserverState.IDLE, ObserverState.LOOKING, ObserverState.PAUSED), {"stop": _end}),
        (ObserverState.OVER, "stop"): ignore,
    }


def _essence(leader: Leader | None) -> object:
    """Return what matters to observers: not the term, which changes with every write."""
    return leader and (leader.value, leader.session)
