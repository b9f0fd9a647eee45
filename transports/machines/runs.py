"""What both shells share: one machine being driven, and its calls in flight. Nothing here waits."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from consul_proto.errors import ConsulateException, NoConnectionFree, RequestError
from consul_proto.meta import Reply
from consul_proto.recipes.machine import Answered, Cancel, Failed, Send, Stop, Tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consul_proto.message import Response
    from consul_proto.operation import Operation
    from consul_proto.recipes.machine import Effect, Event, Machine

E = TypeVar("E")

#: The most blocking queries of one client that wait for something to become free, if its limits allow as many.
MOST_WAITING = 32


class Call:
    """A call in flight. until: when it has failed, by the machine's clock. handle: what cancels it. query: the blocking query it shares."""

    __slots__ = ("handle", "query", "run", "send", "until")

    def __init__(self, run: Run[Any], send: Send, until: float) -> None:
        self.run = run
        self.send = send
        self.until = until
        self.handle: Any = None
        self.query: Any = None


class Carrier(Protocol):
    """What carries out the effects of a run: a shell."""

    def now(self) -> float:
        """Return the time of the machines' clock."""
        ...

    def send(self, call: Call) -> Event | None:
        """Begin a call. Return its failure, if it cannot begin."""
        ...

    def cancel(self, call: Call) -> None:
        """Cancel a call. Nothing is reported about it any more."""
        ...


class Run(Generic[E]):
    """A machine that is driven. Only its shell calls the methods; any thread may read `held_until`, `is_over` and `failure`.

    perform: runs an operation: a bound method of a client, `perform_with_meta`. tell: gets the events for the user, and must not wait.
    """

    def __init__(self, carrier: Carrier, machine: Machine[E], perform: Callable[..., Any], tell: Callable[[E], object]) -> None:
        self.machine = machine
        self.perform = perform
        self.calls: dict[str, Call] = {}
        #: The time from which on the holder must not rely on it any more; None: nothing is held.
        self.held_until: float | None = None
        self.is_over = False
        #: An error that no machine expects: a mistake in this library, or in a transport.
        self.failure: BaseException | None = None
        #: A call of this run whose end others wait for, and their calls: see `report`.
        self._trial: Call | None = None
        self._followers: Query | None = None
        self._carrier = carrier
        self._tell = tell
        self._process = os.getpid()

    @property
    def is_forked(self) -> bool:
        """Whether this process was forked from the one that the machine belongs to. Here nothing is held, and nothing is sent."""
        return os.getpid() != self._process

    def begin(self) -> None:
        """Begin."""
        self._do(self.machine.begin(self._carrier.now()))

    def advance(self) -> None:
        """Do what is due."""
        self._do(self.machine.advance(self._carrier.now()))

    def finish(self, call: Call, event: Event) -> None:
        """Report the end of a call, unless it was cancelled."""
        if not self.is_over and self.calls.get(call.send.name) is call:
            del self.calls[call.send.name]
            self._do(self.machine.handle(event, self._carrier.now()))

    def request_stop(self) -> None:
        """Tell the machine that its user is done."""
        if not self.is_over:
            self._do(self.machine.handle(Stop(), self._carrier.now()))

    def hand(self, step: Callable[[], Sequence[Effect[E]]]) -> None:
        """Let the machine take something from its user, by a method of its own."""
        if not self.is_over:
            self._do(step())

    def fail(self, error: BaseException) -> None:
        """End the run after an error that its machine does not know."""
        self.failure, self.is_over = error, True
        calls, self.calls = list(self.calls.values()), {}
        for call in calls:
            self._carrier.cancel(call)
        self.held_until = None

    def lead(self, trial: Call, calls: list[Call]) -> None:
        """Let calls wait until this run's own call has ended. A call that is cancelled before that leaves."""
        self._trial, self._followers = trial, Query(None, calls)
        for call in calls:
            call.query = self._followers

    def take_followers(self) -> list[Call]:
        """Return the calls that have waited long enough. The shell asks this after each step."""
        trial, followers = self._trial, self._followers
        if trial is None or followers is None or (not self.is_over and self.calls.get(trial.send.name) is trial):
            return []
        self._trial = self._followers = None
        return followers.calls

    def _do(self, effects: Sequence[Effect[E]]) -> None:
        """Carry out the effects of a step, and those of calls that cannot begin."""
        held_until: float | None = getattr(self.machine, "held_until", None)
        if held_until is not None:
            self.held_until = held_until  # before anybody is told
        refused = [event for effect in effects if (event := self._carry_out(effect)) is not None]
        # A loss was told before the deadline is forgotten: a reader sees one or the other.
        self.held_until = held_until
        self.is_over = self.machine.is_over
        for event in refused:
            self._do(self.machine.handle(event, self._carrier.now()))

    def _carry_out(self, effect: Effect[E]) -> Event | None:
        match effect:
            case Tell(event):
                self._tell(event)
            case Cancel(name):
                self._carrier.cancel(self.calls.pop(name))
            case Send():
                if self.is_forked:
                    return Failed(effect.name, RequestError("the recipe belongs to the parent of this process", maybe_applied=False))
                call = Call(self, effect, self._carrier.now() + effect.timeout)
                self.calls[effect.name] = call
                refused = self._carrier.send(call)
                if refused is not None:
                    del self.calls[effect.name]
                return refused
        return None


class Query:
    """A blocking query, for one or several calls. key: its scope, client and request. handle: what cancels it; None: it is not sent."""

    __slots__ = ("calls", "handle", "key")

    def __init__(self, key: object, calls: list[Call]) -> None:
        self.key = key
        self.calls = calls
        self.handle: Any = None


class Queries:
    """The blocking queries of one client: equal ones are sent once, and they leave room for the client's own.

    most_held: the most queries while a call of a holder begins one. limit: the most of all. has_place: whether the client has a free
    connection for one.
    """

    def __init__(self, most_held: int, limit: int, has_place: Callable[[], bool]) -> None:
        self._most_held, self._limit = min(most_held, limit), limit
        self._has_place = has_place
        self._queries: dict[object, Query] = {}

    def join(self, call: Call, scope: object = None) -> Query | NoConnectionFree:
        """Return the query for a call: one that it shares, or a new one, with this call alone, to begin. scope: who may share."""
        key = (scope, call.run.perform, call.send.operation.request)
        query = self._queries.get(key)
        if query is not None:
            query.calls.append(call)
        else:
            most = self._limit if call.run.held_until is None else self._most_held
            if len(self._queries) >= most or not self._has_place():
                return NoConnectionFree("no connection is free for a blocking query of a recipe; nothing was sent", maybe_applied=False)
            query = self._queries[key] = Query(key, [call])
        call.query = query
        return query

    def leave(self, call: Call) -> bool:
        """Remove a call from its query. Return whether nobody needs the query any more."""
        query: Query = call.query
        query.calls.remove(call)
        if not query.calls:
            self._forget(query)
        return not query.calls

    def end(self, query: Query) -> list[Call]:
        """Remove a query that has ended. Return its calls."""
        self._forget(query)
        calls, query.calls = query.calls, []
        return calls

    def _forget(self, query: Query) -> None:
        if self._queries.get(query.key) is query:
            del self._queries[query.key]


def _response(response: Response) -> Response:
    return response


def shareable(operation: Operation[Any]) -> Operation[Response]:
    """Return the operation with its answer as its value, which each call that shares it reads for itself."""
    return replace(operation, read=_response)


def read_shared(call: Call, result: Reply[Response] | ConsulateException) -> Event:
    """Return the event of one call of a query."""
    if isinstance(result, ConsulateException):
        return Failed(call.send.name, result)
    try:
        return Answered(call.send.name, Reply(call.send.operation.decode(result.value), result.meta))
    except ConsulateException as error:
        return Failed(call.send.name, error)


def report(calls: list[Call], result: Reply[Response] | ConsulateException, step: Callable[[Run[Any], Callable[[], object]], None]) -> None:
    """Report what a query found to its calls. step: takes a step of a run.

    If a run then begins to try for what it waits for, the others that take turns only hear of the query after that: they ask again.
    Otherwise all waiters of a client would write at the same moment, and all but one of them in vain. Who only watches hears at once.
    """
    waiting = sorted(calls, key=lambda call: call.send.takes_turns)
    while waiting:
        call = waiting.pop(0)
        run = call.run
        step(run, lambda run=run, call=call: run.finish(call, read_shared(call, result)))  # type: ignore[misc] # bound early
        trial = next((one for one in run.calls.values() if one.send.takes_turns and not one.send.may_block), None)
        if waiting and call.send.takes_turns and trial is not None:
            run.lead(trial, waiting)
            return


def query_limit(transport: object) -> int:
    """Return how many blocking queries the recipes of a client may have: half of its connections for them."""
    limits = getattr(transport, "limits", None)
    return MOST_WAITING if limits is None else max(1, limits.blocking // 2)
