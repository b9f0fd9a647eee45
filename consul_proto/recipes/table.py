"""What all machines are made of: a state, a table of transitions, calls in flight, timers, and the effects of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from consul_proto.recipes.machine import Answered, Cancel, Send, Stop, Tell

if TYPE_CHECKING:
    from consul_proto.operation import Operation
    from consul_proto.recipes.machine import Effect, Event

E = TypeVar("E")

#: A step: it gets the machine, what happened (a Reply, an error, or None), and the time.
Step: TypeAlias = Callable[[Any, Any, float], None]

#: (state, what happened) -> the step. What happened is the name of a call ("look"), of its failure ("look failed"), of a timer ("pause"),
#: "begin" or "stop".
Transitions: TypeAlias = Mapping[tuple[Enum, str], Step]


def several(states: tuple[Enum, ...], steps: Mapping[str, Step]) -> dict[tuple[Enum, str], Step]:
    """Return the same transitions for several states."""
    return {(state, what): step for state in states for what, step in steps.items()}


def ignore(_machine: Any, _what: Any, _now: float) -> None:
    """Do nothing: a step for what does not matter in a state."""


class TableMachine(Generic[E]):
    """A machine whose transitions are a table. Whatever happens in a state has an entry there.

    state: the first state. jitter: returns a random number from 0 to 1 for each pause.
    """

    transitions: ClassVar[Transitions]

    def __init__(self, state: Enum, jitter: Callable[[], float]) -> None:
        self.state = state
        self._jitter = jitter
        self._effects: list[Effect[E]] = []
        #: The calls in flight.
        self._calls: set[str] = set()
        #: Timer -> when it is due.
        self._timers: dict[str, float] = {}
        #: How many calls failed since the last one that succeeded.
        self._failures = 0

    def begin(self, now: float) -> list[Effect[E]]:
        """Start."""
        self._step("begin", None, now)
        return self._take()

    def handle(self, event: Event, now: float) -> list[Effect[E]]:
        """Handle an event. What is due by `now` is done first."""
        self._pass(now)
        if not isinstance(event, Stop) and (late := Cancel(event.name)) in self._effects:
            self._effects.remove(late)  # it came too late to count, but there is nothing to cancel any more
        else:
            self._react(event, now)
        return self._take()

    def advance(self, now: float) -> list[Effect[E]]:
        """Do what is due by `now`."""
        self._pass(now)
        return self._take()

    def next_deadline(self) -> float | None:
        """Return when to call `advance` next; None: only an event can change anything."""
        return min(self._timers.values(), default=None)

    def _take(self) -> list[Effect[E]]:
        effects, self._effects = self._effects, []
        return effects

    def _step(self, what: str, happened: Any, now: float) -> None:
        self.transitions[self.state, what](self, happened, now)

    def _pass(self, now: float) -> None:
        """Run the timers that are due, in order."""
        while self._timers and (first := min(self._timers, key=self._timers.__getitem__)) and self._timers[first] <= now:
            del self._timers[first]
            self._step(first, None, now)

    def _react(self, event: Event, now: float) -> None:
        if isinstance(event, Stop):
            self._step("stop", None, now)
        elif event.name in self._calls:
            self._calls.remove(event.name)
            if isinstance(event, Answered):
                self._step(event.name, event.reply, now)
            else:
                self._step(f"{event.name} failed", event.error, now)

    def _send(self, name: str, operation: Operation[Any], timeout: float, *, may_block: bool = False, takes_turns: bool = False) -> None:
        self._calls.add(name)
        self._effects.append(Send(name, operation, timeout, may_block, takes_turns))

    def _tell(self, event: E) -> None:
        self._effects.append(Tell(event))

    def _drop(self) -> None:
        """Cancel all calls and timers."""
        self._timers.clear()
        self._effects += [Cancel(name) for name in sorted(self._calls)]
        self._calls.clear()
