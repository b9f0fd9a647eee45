"""Clients with several recipes each, whose blocking queries are shared, on a simulated Consul in virtual time, with faults."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from consul_proto.errors import ConsulateException, NoConnectionFree, RequestError, RequestTimeout
from consul_proto.message import Response
from consul_proto.meta import Meta, Reply
from consul_proto.operation import Operation
from consul_proto.recipes.machine import Answered, Event, Failed
from consul_proto.simulator import Simulator
from consul_proto.simulator.engine.answers import Parked
from consul_proto.simulator.engine.settings import Settings
from transports.machines.runs import Call, Queries, Query, Run, report, shareable

Result = Reply[Any] | ConsulateException


@dataclass(slots=True, eq=False)
class Flight:
    """A request under way. sent: by which client, and when. take: gets its end, unless it was cancelled."""

    operation: Operation[Any]
    sent: tuple[Client, float]
    take: Callable[[Result], object]
    is_over: bool = False
    parked: Parked | None = None


class Place:
    """The simulated Consul, its network, and the time. faults: how often a request, and an answer, is lost."""

    def __init__(self, seed: int, faults: float = 0.0) -> None:
        self.random = Random(seed)
        self.faults = faults
        self.simulator = Simulator(Settings(seed=seed), jitter=self.random.random)
        self.now = 0.0
        #: The transactions that arrived: (when, from which client, whether they were carried out).
        self.transactions: list[tuple[float, Client, bool]] = []
        self.clients: list[Client] = []
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something after some seconds."""
        heapq.heappush(self._due, (self.now + seconds, next(self._order), action))

    def run(self, until: float) -> None:
        """Let time pass."""
        while True:
            times = [self._due[0][0]] if self._due else []
            times += [deadline for client in self.clients if (deadline := client.next_deadline()) is not None]
            times += [deadline] if (deadline := self.simulator.next_deadline()) is not None else []
            if not times or min(times) > until:
                self.now = until
                return
            self.now = max(self.now, min(times))
            self.simulator.advance(self.now)
            for client in self.clients:
                client.advance()
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()

    def send(self, client: Client, operation: Operation[Any], timeout: float, take: Callable[[Result], object]) -> Flight:
        """Send a request. take: gets its reply, or its error."""
        flight = Flight(operation, (client, self.now), take)
        self.after(timeout + operation.request.wait, lambda: self.end(flight, RequestTimeout("the time is over")))
        if self.random.random() >= self.faults:
            self.after(self.random.uniform(0.001, 0.005), lambda: self._arrive(flight))
        return flight

    def cancel(self, flight: Flight) -> None:
        """Report nothing about a request any more."""
        flight.is_over = True
        if flight.parked is not None:
            self.simulator.forget(flight.parked)

    def end(self, flight: Flight, result: Result) -> None:
        """Report the end of a request, once."""
        if not flight.is_over:
            self.cancel(flight)
            flight.take(result)

    def _arrive(self, flight: Flight) -> None:
        answer = self.simulator.handle(flight.operation.request, self.now)
        if isinstance(answer, Response):
            if flight.operation.request.path == "/v1/txn":
                self.transactions.append((self.now, flight.sent[0], answer.status == 200))
            self._answer(flight, answer)
        elif flight.is_over:
            self.simulator.forget(answer)
        else:
            assert isinstance(answer, Parked)
            flight.parked = answer
            answer.wake = lambda: self._answer(flight, answer.response)

    def _answer(self, flight: Flight, response: Response | None) -> None:
        flight.parked = None
        if response is None or self.random.random() < self.faults:
            return
        try:
            result: Result = Reply(flight.operation.decode(response), Meta.of(response.headers))
        except ConsulateException as error:
            result = error
        self.after(self.random.uniform(0.001, 0.005), lambda: self.end(flight, result))


@dataclass(eq=False)
class Client:
    """A client. limit: how many blocking queries its recipes may have."""

    place: Place
    limit: int = 8
    runs: list[Run[Any]] = field(default_factory=list)
    #: What its machines told: the run, and the event.
    told: list[tuple[Run[Any], Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queries = Queries(self.limit, self.limit, lambda: True)
        self.place.clients.append(self)

    def now(self) -> float:
        """Return the time."""
        return self.place.now

    def perform(self) -> None:
        """Stand for what performs an operation: here `send` does it."""

    def add(self, machine: Any) -> Run[Any]:
        """Begin a machine."""
        run: Run[Any] = Run(self, machine, self.perform, lambda event: self.told.append((run, event)))
        self.runs.append(run)
        self.step(run, run.begin)
        return run

    def stop(self, run: Run[Any]) -> None:
        """Tell a machine that its user is done."""
        self.step(run, run.request_stop)

    def fail(self, run: Run[Any]) -> None:
        """Break a machine."""
        self.step(run, lambda: run.fail(RuntimeError("a mistake")))

    def next_deadline(self) -> float | None:
        """Return when a machine is due."""
        times = [deadline for run in self.runs if not run.is_over and (deadline := run.machine.next_deadline()) is not None]
        return min(times, default=None)

    def advance(self) -> None:
        """Do what is due."""
        for run in self.runs:
            if not run.is_over and (deadline := run.machine.next_deadline()) is not None and deadline <= self.place.now:
                self.step(run, run.advance)

    def step(self, run: Run[Any], step: Callable[[], object]) -> None:
        """Take a step of a run."""
        step()
        for call in run.take_followers():
            if (refused := self.send(call)) is not None:
                self.step(call.run, lambda call=call, refused=refused: call.run.finish(call, refused))  # type: ignore[misc] # bound early

    def send(self, call: Call) -> Event | None:
        """Begin a call."""
        if not call.send.may_block:
            call.handle = self.place.send(self, call.send.operation, call.send.timeout, lambda result: self._finish(call, result))
            return None
        query = self.queries.join(call)
        if isinstance(query, NoConnectionFree):
            return Failed(call.send.name, query)
        if len(query.calls) == 1:
            query.handle = self.place.send(
                self, shareable(call.send.operation), call.send.timeout, lambda result: report(self.queries.end(query), result, self.step)
            )
        return None

    def _finish(self, call: Call, result: Result) -> None:
        name = call.send.name
        event = Failed(name, result) if isinstance(result, ConsulateException) else Answered(name, result)
        self.step(call.run, lambda: call.run.finish(call, event))

    def cancel(self, call: Call) -> None:
        """Cancel a call."""
        if call.query is None:
            self.place.cancel(call.handle)
            return
        query: Query = call.query
        if self.queries.leave(call) and query.handle is not None:
            self.place.cancel(query.handle)

    def breaks(self) -> None:
        """All its connections end."""
        for run in self.runs:
            for call in list(run.calls.values()):
                handle = call.handle if call.query is None else call.query.handle
                if handle is not None:
                    self.place.end(handle, RequestError("the connection ended"))
