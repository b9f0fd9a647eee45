"""A plan of faults around any transport, for threads and for tasks."""

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

#: How many different answers to one read, and to how many reads, are kept for stale answers.
_ANSWERS, _READS = 8, 256

#: What says how an answer is waited for, not what is asked.
_WAITING = frozenset({"index", "wait", "hash"})


class AnswerHistory:
    """The answers that reads got. Clients of one agent may share it: what one of them saw can be stale news to another."""

    def __init__(self) -> None:
        self._answers: dict[object, deque[Response]] = {}
        self._lock = threading.Lock()

    def record(self, request: Request, response: Response) -> None:
        """Keep the answer to a read."""
        if request.method != "GET":
            return
        with self._lock:
            known = self._answers.setdefault(self._key(request), deque(maxlen=_ANSWERS))
            if not known or known[-1] != response:
                known.append(response)
            if len(self._answers) > _READS:
                del self._answers[next(iter(self._answers))]

    def earlier(self, request: Request) -> Sequence[Response]:
        """The answers to the same read, oldest first."""
        with self._lock:
            return tuple(self._answers.get(self._key(request), ()))

    def _key(self, request: Request) -> object:
        return request.path, tuple(item for item in request.query if item[0] not in _WAITING), request.headers.get("x-consul-token")


class PlanProgress:
    """How far a client is in its plan, and which of its requests met a fault.

    now: tells the transport's time. memory: the answers that may come again; its own where none is given.
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
        """What becomes of a request; None: nothing befalls it."""
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
        """Keep an answer of Consul's own."""
        self._history.record(request, response)


class _Injector:
    """What befalls requests by a plan, however they are carried."""

    def __init__(self, plan: FaultPlan, now: Callable[[], float], history: AnswerHistory | None) -> None:
        self._progress = PlanProgress(plan, now, history)

    @property
    def injections(self) -> Sequence[Injection]:
        """What befell the requests so far."""
        return self._progress.injections

    def inject(self, fault: Fault) -> None:
        """Let the next request that counts meet a fault, whatever the plan says."""
        self._progress.next_faults.append(fault)


class FaultyTransport(_Injector):
    """A `Transport` around another one, whose requests meet what a plan says; times are those of the other one's clock.

    memory: shared by the clients of one agent.
    """

    def __init__(self, transport: Transport, plan: FaultPlan, *, history: AnswerHistory | None = None) -> None:
        self.clock = clock_of(transport)
        super().__init__(plan, self.clock.now, history)
        self._transport = transport

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Carry a request, or what a fault makes of it. Raises RequestError."""
        steps = self._progress.steps(request, timeout)
        if steps is None:
            return self._forward(request, timeout, cancel)
        return self._run_steps(steps, timeout, cancel)

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
        """Open an answer; where a fault meets the request, what is left of the answer comes in one piece. Raises RequestError."""
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
    """An `AsyncTransport` around another one; parameters as of `FaultyTransport`."""

    def __init__(self, transport: AsyncTransport, plan: FaultPlan, *, history: AnswerHistory | None = None) -> None:
        self.clock = async_clock_of(transport)
        super().__init__(plan, self.clock.now, history)
        self._transport = transport

    async def send(self, request: Request, timeout: float | None) -> Response:
        """As `FaultyTransport.send`."""
        steps = self._progress.steps(request, timeout)
        return await (self._forward(request, timeout) if steps is None else self._run_steps(steps, timeout))

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """As `FaultyTransport.open`."""
        steps = self._progress.steps(request, timeout)
        if steps is None:
            return await open_answer_async(self._transport, request, timeout)
        return AsyncWholeAnswer(await self._run_steps(steps, timeout))

    async def _run_steps(self, steps: Steps, timeout: float | None) -> Response:
        await self.clock.sleep(0)  # what raises at once lets others run as well
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
