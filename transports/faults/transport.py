"""Transports that inject the faults of a plan around any other transport, for threads and for tasks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from consul_proto.flow import Sleep
from transports.cancel import Cancel, send_cancellable
from transports.clocks import async_clock_of, clock_of
from transports.faults.plans import Fault, FaultPlan, Injection, LeaderChange, Leaderless
from transports.streams import AsyncWholeAnswer, WholeAnswer, open_answer, open_answer_async

if TYPE_CHECKING:
    from consul_proto.message import Request, Response
    from transports.faults.plans import Steps
    from transports.protocol import AsyncOpenAnswer, AsyncTransport, OpenAnswer, Transport

#: How many different answers to one read are stored for `Stale`, and for how many reads.
_ANSWERS, _READS = 8, 256

#: Query parameters that say how to wait, not what to read.
_WAITING = frozenset({"index", "wait", "hash"})


class AnswerHistory:
    """The earlier answers to reads. Clients of one agent may share it: then a client can get an old answer that another client saw."""

    def __init__(self) -> None:
        self._answers: dict[object, deque[Response]] = {}
        self._lock = threading.Lock()

    def record(self, request: Request, response: Response) -> None:
        """Store the answer to a read."""
        if request.method != "GET":
            return
        with self._lock:
            known = self._answers.setdefault(self._key(request), deque(maxlen=_ANSWERS))
            if not known or known[-1] != response:
                known.append(response)
            if len(self._answers) > _READS:
                del self._answers[next(iter(self._answers))]

    def earlier(self, request: Request) -> Sequence[Response]:
        """Return the earlier answers to the same read, oldest first."""
        with self._lock:
            return tuple(self._answers.get(self._key(request), ()))

    def _key(self, request: Request) -> object:
        return request.path, tuple(item for item in request.query if item[0] not in _WAITING), request.headers.get("x-consul-token")


class PlanProgress:
    """The position of a client in its plan, and the faults that were injected so far.

    now: returns the time of the transport's clock. history: earlier answers; without it, those of this client alone.
    """

    def __init__(self, plan: FaultPlan, now: Callable[[], float], history: AnswerHistory | None = None) -> None:
        self.plan = plan
        self.injections: list[Injection] = []
        self.next_faults: deque[Fault] = deque()
        self._now = now
        self._history = history or AnswerHistory()
        self._count = 0
        self._leaderless_until = float("-inf")
        self._lock = threading.Lock()

    def steps(self, request: Request, timeout: float | None) -> Steps | None:
        """Return what happens to a request; None if no fault meets it."""
        fault = self._next(request)
        return None if fault is None else fault.steps(request, timeout, self._history.earlier)

    def _next(self, request: Request) -> Fault | None:
        if not self.plan.counts(request):
            return None
        with self._lock:
            number, self._count = self._count, self._count + 1
            fault = self.next_faults.popleft() if self.next_faults else self.plan[number]
            if self._now() < self._leaderless_until:
                fault = Leaderless()
            elif isinstance(fault, LeaderChange):
                self._leaderless_until = self._now() + fault.seconds
            if fault is not None:
                self.injections.append(Injection(number, request.shown, fault))
            return fault

    def record(self, request: Request, response: Response) -> None:
        """Store an answer of the agent."""
        self._history.record(request, response)


class _Injector:
    """What both transports share: the plan, and the faults that were injected."""

    def __init__(self, plan: FaultPlan, now: Callable[[], float], history: AnswerHistory | None) -> None:
        self._progress = PlanProgress(plan, now, history)

    @property
    def injections(self) -> Sequence[Injection]:
        """The faults that were injected so far."""
        return self._progress.injections

    def inject(self, fault: Fault) -> None:
        """Inject a fault into the next counted request, whatever the plan says."""
        self._progress.next_faults.append(fault)


class FaultyTransport(_Injector):
    """A `Transport` that injects the faults of a plan around another transport, and uses its clock.

    history: earlier answers, which the clients of one agent can share.
    """

    def __init__(self, transport: Transport, plan: FaultPlan, *, history: AnswerHistory | None = None) -> None:
        self.clock = clock_of(transport)
        super().__init__(plan, self.clock.now, history)
        self._transport = transport

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Send a request, with the fault that the plan has for it. Raises RequestError."""
        steps = self._progress.steps(request, timeout)
        if steps is None:
            return self._forward(request, timeout, cancel)
        return self._run_steps(steps, timeout, cancel)

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
        """Open an answer. If a fault meets the request, the body is one piece. Raises RequestError."""
        steps = self._progress.steps(request, timeout)
        if steps is None:
            return open_answer(self._transport, request, timeout, cancel)
        return WholeAnswer(self._run_steps(steps, timeout, cancel))

    def _run_steps(self, steps: Steps, timeout: float | None, cancel: Cancel | None) -> Response:
        answer: Response | None = None
        try:
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, Sleep):
                    self.clock.sleep(step.seconds)
                else:
                    answer = self._forward(step, timeout, cancel)
        except StopIteration as stop:
            result: Response = stop.value
            return result

    def _forward(self, request: Request, timeout: float | None, cancel: Cancel | None) -> Response:
        response = send_cancellable(self._transport, request, timeout, cancel)
        self._progress.record(request, response)
        return response

    def close(self) -> None:
        """Close the other transport."""
        self._transport.close()


class AsyncFaultyTransport(_Injector):
    """An `AsyncTransport` that injects the faults of a plan around another transport; see `FaultyTransport`."""

    def __init__(self, transport: AsyncTransport, plan: FaultPlan, *, history: AnswerHistory | None = None) -> None:
        self.clock = async_clock_of(transport)
        super().__init__(plan, self.clock.now, history)
        self._transport = transport

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request, with the fault that the plan has for it. Raises RequestError."""
        steps = self._progress.steps(request, timeout)
        return await (self._forward(request, timeout) if steps is None else self._run_steps(steps, timeout))

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """Open an answer; see `FaultyTransport.open`."""
        steps = self._progress.steps(request, timeout)
        if steps is None:
            return await open_answer_async(self._transport, request, timeout)
        return AsyncWholeAnswer(await self._run_steps(steps, timeout))

    async def _run_steps(self, steps: Steps, timeout: float | None) -> Response:
        await self.clock.sleep(0)  # a fault that raises at once must let other tasks run too
        answer: Response | None = None
        try:
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, Sleep):
                    await self.clock.sleep(step.seconds)
                else:
                    answer = await self._forward(step, timeout)
        except StopIteration as stop:
            result: Response = stop.value
            return result

    async def _forward(self, request: Request, timeout: float | None) -> Response:
        response = await self._transport.send(request, timeout)
        self._progress.record(request, response)
        return response

    async def aclose(self) -> None:
        """Close the other transport."""
        await self._transport.aclose()
