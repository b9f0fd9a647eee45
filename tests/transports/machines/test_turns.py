"""Of the waiters that share a blocking query, one tries at a time; the others ask again when its try has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consul_proto.errors import ConsulateException, RequestError
from consul_proto.message import Headers, Request, Response
from consul_proto.meta import Meta, Reply
from consul_proto.operation import Operation
from consul_proto.recipes.machine import Answered, Cancel, Effect, Event, Failed, Send, Stop
from transports.machines.runs import Call, Queries, Query, Run, report

LOOK: Operation[Any] = Operation("look", Request("GET", "/v1/kv/k"), lambda response: response.body)
TRY: Operation[Any] = Operation("try", Request("PUT", "/v1/txn"), lambda response: response.body)
WAIT = Send("look", LOOK, 10.0, may_block=True, takes_turns=True)
FREE = Reply(Response(200, Headers(), b"free"), Meta())
TAKEN = Reply(Response(200, Headers(), b"taken"), Meta())


class Waiter:
    """Waits until something is free, then tries once to get it."""

    held_until = None

    def __init__(self) -> None:
        self.is_over = False
        self.heard: list[bytes | str] = []

    def begin(self, now: float) -> list[Effect[Any]]:
        return [WAIT]

    def handle(self, event: Event, now: float) -> list[Effect[Any]]:
        if isinstance(event, Stop):
            self.is_over = True
            return [Cancel("try" if b"free" in self.heard else "look")]
        if event.name == "try":
            self.is_over = True
            return []
        self.heard.append(event.reply.value if isinstance(event, Answered) else "failed")
        return [Send("try", TRY, 10.0, takes_turns=True)] if self.heard[-1] == b"free" else [WAIT]

    def advance(self, now: float) -> list[Effect[Any]]:
        return []

    def next_deadline(self) -> None:
        return None


class Shell:
    """A shell that sends nothing. sent: the calls and queries that it would send, in order."""

    def __init__(self) -> None:
        self.queries = Queries(8, 8, lambda: True)
        self.sent: list[Call | Query] = []
        self.runs = [Run(self, Waiter(), self.perform, lambda event: None) for _ in range(3)]
        for run in self.runs:
            self.step(run, run.begin)

    def perform(self) -> None:
        raise AssertionError("nothing is sent")

    def now(self) -> float:
        return 0.0

    def send(self, call: Call) -> Event | None:
        if not call.send.may_block:
            self.sent.append(call)
            return None
        query = self.queries.join(call)
        assert isinstance(query, Query)
        if len(query.calls) == 1:
            self.sent.append(query)
        return None

    def cancel(self, call: Call) -> None:
        if call.query is not None:
            self.queries.leave(call)

    def step(self, run: Run[Any], step: Callable[[], object]) -> None:
        step()
        for call in run.take_followers():
            assert self.send(call) is None

    def take(self) -> Call | Query:
        """Return the only thing that was sent."""
        (sent,) = self.sent
        self.sent = []
        return sent

    def answer(self, result: Reply[Response] | ConsulateException) -> list[Call]:
        """Answer the query that was sent, and return its calls."""
        query = self.take()
        assert isinstance(query, Query)
        calls = list(query.calls)
        report(self.queries.end(query), result, self.step)
        return calls

    def heard(self) -> list[list[bytes | str]]:
        return [run.machine.heard for run in self.runs]  # type: ignore[attr-defined] # they are waiters


def _answered(shell: Shell, trial: Call) -> None:
    shell.step(trial.run, lambda: trial.run.finish(trial, Answered("try", Reply(b"", Meta()))))


def _failed(shell: Shell, trial: Call) -> None:
    shell.step(trial.run, lambda: trial.run.finish(trial, Failed("try", RequestError("no answer"))))


def _stopped(shell: Shell, trial: Call) -> None:
    shell.step(trial.run, trial.run.request_stop)


def _broken(shell: Shell, trial: Call) -> None:
    shell.step(trial.run, lambda: trial.run.fail(RuntimeError("a mistake")))


@pytest.mark.parametrize("end", [_answered, _failed, _stopped, _broken])
def test_the_others_ask_again_when_the_first_has_tried_however_that_ends(end: Callable[[Shell, Call], None]) -> None:
    shell = Shell()
    assert len(shell.answer(FREE)) == 3
    for others in (2, 1):
        trial = shell.take()
        assert isinstance(trial, Call)
        end(shell, trial)
        assert len(shell.answer(FREE)) == others
    assert shell.heard() == [[b"free"]] * 3


def test_what_nobody_can_try_for_is_reported_to_all() -> None:
    shell = Shell()
    shell.answer(TAKEN)
    assert shell.heard() == [[b"taken"]] * 3
    shell.answer(RequestError("no answer"))
    assert shell.heard() == [[b"taken", "failed"]] * 3


def test_a_waiter_that_stops_while_another_tries_is_asked_for_no_more() -> None:
    shell = Shell()
    shell.answer(FREE)
    trial = shell.take()
    assert isinstance(trial, Call)
    second, third = [run for run in shell.runs if run is not trial.run]
    shell.step(second, second.request_stop)
    _answered(shell, trial)
    (call,) = shell.answer(FREE)
    assert call.run is third
