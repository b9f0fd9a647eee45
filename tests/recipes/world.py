"""Many machines and a simulated Consul in one loop, in virtual time, with faults. No threads, no tasks, no client.

The world knows what the machines cannot know, and compares after each step: whether the keys say what a holder believes, when the last
renewal that succeeded was sent, and which fencing tokens there were.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from consul_proto.endpoints.session import Session
from consul_proto.errors import ConsulateException, NoConnectionFree, RequestTimeout
from consul_proto.message import Response
from consul_proto.meta import Meta, Reply
from consul_proto.namespace import Pure
from consul_proto.operation import Operation
from consul_proto.recipes.machine import Answered, Cancel, Event, Failed, Send, Stop, Tell
from consul_proto.recipes.outcomes import Acquired, Lost
from consul_proto.simulator import Simulator
from consul_proto.simulator.engine.answers import Parked
from consul_proto.simulator.engine.settings import Settings

NO_LEADER = Response(500, body=b"No cluster leader")


@dataclass(slots=True)
class Network:
    """How often what happens to a request. late: the longest delay of a request or an answer, in seconds."""

    lost_request: float = 0.0
    lost_answer: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0
    latest: float = 20.0


@dataclass(slots=True)
class Flight:
    """A call in flight. number: tells it from a later call of the same name."""

    number: int
    send: Send
    sent: float
    parked: Parked | None = None


@dataclass(slots=True, eq=False)
class Worker:
    """A process with one machine. slots: how many blocking queries its client has connections for."""

    name: str
    machine: Any
    slots: int = 9
    on_told: Callable[[Worker, Any], object] = lambda _worker, _event: None
    #: What its machine's `next_deadline` is since its last step.
    deadline: float | None = None
    is_cut: bool = False
    is_paused: bool = False
    #: When it was resumed last.
    resumed_at: float = -1.0
    #: What arrived during a pause.
    backlog: list[tuple[Flight, Event]] = field(default_factory=list)
    flights: dict[str, Flight] = field(default_factory=dict)
    told: list[tuple[float, Any]] = field(default_factory=list)
    #: When the last creation or renewal that was answered was sent.
    alive: float = -1.0
    #: Whether an operator destroyed its session.
    is_robbed: bool = False
    #: The largest token of all when its acquiring transaction was sent.
    before: int = 0


class World:
    """Drive machines and the simulator."""

    def __init__(self, seed: int = 0, network: Network | None = None, *, version: Any = None) -> None:
        self.random = Random(seed)
        self.network = network or Network()
        settings = Settings(seed=seed) if version is None else Settings(seed=seed, version=version)
        self.simulator = Simulator(settings, jitter=self.random.random)
        self.now = 0.0
        self.steps = 0
        self.workers: list[Worker] = []
        #: Whether the cluster has a leader.
        self.has_leader = True
        self._given: set[str] = set()
        #: Called after each step of a machine.
        self.check: Callable[[Worker], object] = lambda _worker: None
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count(1)

    @property
    def sessions(self) -> dict[str, Any]:
        """The sessions that Consul has."""
        return self.simulator._groups.sessions.sessions

    @property
    def keys(self) -> dict[str, Any]:
        """The keys that Consul has."""
        return self.simulator._groups.kv.entries

    # What a test does.

    def at(self, time: float, action: Callable[[], object]) -> None:
        """Do something at a time."""
        heapq.heappush(self._due, (time, next(self._order), action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something after some seconds."""
        self.at(self.now + seconds, action)

    def add(self, name: str, machine: Any, **options: Any) -> Worker:
        """Begin a machine in a process of its own."""
        worker = Worker(name, machine, **options)
        self.workers.append(worker)
        self._do(worker, machine.begin(self.now))
        return worker

    def restart(self, worker: Worker, machine: Any) -> None:
        """Begin another machine in the process of one that is over."""
        assert worker.machine.is_over
        assert not worker.flights
        worker.machine, worker.alive, worker.is_robbed = machine, -1.0, False
        self._do(worker, machine.begin(self.now))

    def stop(self, worker: Worker) -> None:
        """Tell a machine that its user is done."""
        self._do(worker, worker.machine.advance(self.now))
        self._do(worker, worker.machine.handle(Stop(), self.now))

    def pause(self, worker: Worker, is_paused: bool) -> None:
        """Pause or resume a process. What arrived in between is handled late."""
        worker.is_paused = is_paused
        if not is_paused:
            worker.resumed_at = self.now
            self._do(worker, worker.machine.advance(self.now))
            backlog, worker.backlog = worker.backlog, []
            for flight, event in backlog:
                self._report(worker, flight, event)

    def lead(self, *, has_leader: bool) -> None:
        """Lose the leader of the cluster, or elect one. A new leader begins all TTLs anew."""
        if has_leader is self.has_leader:
            return
        self.has_leader = has_leader
        if has_leader:
            for session in self.sessions:
                self.simulator._groups.sessions.renew(session, self.now)
            return
        for worker in self.workers:
            for flight in [flight for flight in worker.flights.values() if flight.parked and self.random.random() < 0.5]:
                self._forget(flight)
                self._answer(worker, flight, NO_LEADER)

    def give_session(self, ttl: float, delay: float) -> str:
        """Create a session as a user does who gives it to a machine. It is destroyed when the machine is over."""
        create: Operation[str] = Session[Pure]().create(ttl=ttl, delay=delay)
        response = self.simulator.handle(create.request, self.now)
        assert isinstance(response, Response)
        session = create.decode(response)
        self._given.add(session)
        return session

    def end_given(self, session: str) -> None:
        """Destroy a session, if it was given to a machine."""
        if session in self._given:
            self._given.remove(session)
            self.end_session(session)

    def end_session(self, session: str) -> None:
        """Destroy a session."""
        self.simulator._groups.sessions.end(session, self.now)
        self.simulator._wake()

    def rob(self, worker: Worker) -> None:
        """Destroy the session of a worker, as an operator or a failing check does."""
        session = session_of(worker.machine)
        if session in self.sessions:
            worker.is_robbed = True
            self.end_session(session)

    def run(self, until: float, *, while_: Callable[[], bool] = lambda: True) -> None:
        """Let time pass."""
        while while_():
            times = [self._due[0][0]] if self._due else []
            times += [worker.deadline for worker in self.workers if not worker.is_paused and worker.deadline is not None]
            if (deadline := self.simulator.next_deadline()) is not None:
                times.append(deadline)
            if not times or min(times) > until:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, min(times))
            if deadline is not None and deadline <= self.now:
                self.simulator.advance(self.now)
            for worker in self.workers:
                if not worker.is_paused and worker.deadline is not None and worker.deadline <= self.now:
                    self._do(worker, worker.machine.advance(self.now))
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()

    # What a shell does.

    def _do(self, worker: Worker, effects: Iterable[Any]) -> None:
        self.steps += 1
        for effect in effects:
            if isinstance(effect, Send):
                self._send(worker, effect)
            elif isinstance(effect, Cancel):
                self._forget(worker.flights.pop(effect.name))
            elif isinstance(effect, Tell):
                worker.told.append((self.now, effect.event))
                worker.on_told(worker, effect.event)
        worker.deadline = worker.machine.next_deadline()
        if worker.machine.is_over:
            assert not worker.flights, "a machine that is over has no call in flight"
            assert worker.deadline is None, "a machine that is over waits for nothing"
        self.check(worker)

    def _send(self, worker: Worker, send: Send) -> None:
        assert send.name not in worker.flights, f"{send.name} is in flight already"
        assert send.may_block == (send.operation.request.wait > 0)
        flight = worker.flights[send.name] = Flight(next(self._order), send, self.now)
        busy = sum(other.send.may_block for other in worker.flights.values())
        if send.may_block and busy > worker.slots:
            self.after(
                0.0, lambda: self._report(worker, flight, Failed(send.name, NoConnectionFree("no connection free", maybe_applied=False)))
            )
            return
        timeout = RequestTimeout("the time is over")
        self.after(send.timeout + send.operation.request.wait, lambda: self._report(worker, flight, Failed(send.name, timeout)))
        if worker.is_cut or self.random.random() < self.network.lost_request:
            return
        self.after(self._latency(), lambda: self._arrive(worker, flight))
        if self.random.random() < self.network.duplicate and not send.may_block:
            self.after(self.random.uniform(0, 8), lambda: self.has_leader and self.simulator.handle(send.operation.request, self.now))

    def _latency(self) -> float:
        if self.random.random() < self.network.late:
            return self.random.uniform(0, self.network.latest)
        return self.random.uniform(0.0005, 0.005)

    def _arrive(self, worker: Worker, flight: Flight) -> None:
        """The request arrives at Consul."""
        if not self.has_leader:
            self._answer(worker, flight, NO_LEADER)
            return
        answer = self.simulator.handle(flight.send.operation.request, self.now)
        if isinstance(answer, Response):
            self._answer(worker, flight, answer)
        elif worker.flights.get(flight.send.name) is not flight:
            self.simulator.forget(answer)
        else:
            flight.parked = answer
            answer.wake = lambda: self._answer(worker, flight, answer.response)

    def _answer(self, worker: Worker, flight: Flight, response: Response | None) -> None:
        """Consul answers; the answer may not arrive."""
        flight.parked = None
        if response is None or worker.is_cut or self.random.random() < self.network.lost_answer:
            return
        try:
            operation = flight.send.operation
            event: Event = Answered(flight.send.name, Reply(operation.decode(response), Meta.of(response.headers)))
        except ConsulateException as error:
            event = Failed(flight.send.name, error)
        self.after(self._latency(), lambda: self._report(worker, flight, event))

    def _report(self, worker: Worker, flight: Flight, event: Event) -> None:
        if worker.flights.get(flight.send.name) is not flight or isinstance(event, Stop):
            return  # cancelled, or too late
        if worker.is_paused:
            worker.backlog.append((flight, event))
            return
        del worker.flights[flight.send.name]
        self._forget(flight)
        if isinstance(event, Answered) and event.name in ("create", "renew"):
            worker.alive = flight.sent
        self._do(worker, worker.machine.handle(event, self.now))

    def _forget(self, flight: Flight) -> None:
        if flight.parked is not None:
            self.simulator.forget(flight.parked)
            flight.parked = None


def session_of(machine: Any) -> str:
    """Return the ID of the session that a machine has."""
    machine = getattr(machine, "_lock", machine)
    session: str = getattr(machine, "_session", machine).id
    return session


def acquired(worker: Worker) -> list[int]:
    """Return the fencing tokens that a worker was told."""
    return [event.fencing_token for _, event in worker.told if isinstance(event, Acquired)]


def losses(worker: Worker) -> list[float]:
    """Return when a worker was told a loss."""
    return [time for time, event in worker.told if isinstance(event, Lost)]
