"""Drive one machine by hand: a test says what is answered, and when."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from consul_proto.errors import ConsulateException
from consul_proto.meta import Meta, Reply
from consul_proto.recipes.machine import Answered, Cancel, Failed, Send, Stop, Tell


class Script:
    """A machine, the calls that it has in flight, and what it told. sent: the names of all calls so far, in order."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.flying: dict[str, Send] = {}
        self.sent: list[str] = []
        self.told: list[Any] = []

    def begin(self, now: float = 0.0) -> None:
        self._note(self.machine.begin(now))

    def answer(self, name: str, value: Any = None, now: float = 0.0, *, index: int | None = None) -> None:
        del self.flying[name]
        self._note(self.machine.handle(Answered(name, Reply(value, Meta(index=index))), now))

    def fail(self, name: str, error: ConsulateException, now: float = 0.0) -> None:
        del self.flying[name]
        self._note(self.machine.handle(Failed(name, error), now))

    def stop(self, now: float = 0.0) -> None:
        self._note(self.machine.handle(Stop(), now))

    def advance(self, now: float) -> None:
        self._note(self.machine.advance(now))

    def next(self) -> float:
        """Go to the next deadline, and return its time."""
        deadline: float = self.machine.next_deadline()
        self.advance(deadline)
        return deadline

    def request(self, name: str) -> str:
        """Return the method and the target of a call in flight."""
        request = self.flying[name].operation.request
        return f"{request.method} {request.target}"

    def body(self, name: str) -> Any:
        """Return the JSON body of a call in flight."""
        return json.loads(self.flying[name].operation.request.body)  # type: ignore[arg-type] # no streamed body here

    def _note(self, effects: Iterable[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                assert effect.name not in self.flying
                self.flying[effect.name] = effect
                self.sent.append(effect.name)
            elif isinstance(effect, Cancel):
                del self.flying[effect.name]
            elif isinstance(effect, Tell):
                self.told.append(effect.event)
        assert not (self.machine.is_over and (self.flying or self.machine.next_deadline() is not None))
