"""Carries requests to a simulated agent in the same process: for threads here, for tasks in `async_simulated`.

Any number of clients share one agent. Time is the agent's own: it stands still until somebody calls `advance`.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from consul_proto.errors import ClientClosed
from consul_proto.message import Response
from transports.errors import timed_out

if TYPE_CHECKING:
    from consul_proto.message import Request
    from consul_proto.simulator import Parked, Simulator

Wake = Callable[[], object]


class SimulatedAgent:
    """A simulator that threads share, and its clock."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._lock = threading.RLock()
        self._now = 0.0
        #: Calls that give up at a time.
        self._alarms: list[tuple[float, int, Wake]] = []
        self._order = count()
        self._parked: set[Parked] = set()

    @property
    def now(self) -> float:
        """Seconds since the agent began."""
        return self._now

    @property
    def waiting(self) -> int:
        """How many blocking queries wait for an answer."""
        return len(self._parked)

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass at once: sessions expire, waits end, lock delays are over, and calls time out."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._now += seconds
            self._simulator.advance(self._now)
            while self._alarms and self._alarms[0][0] <= self._now:
                heapq.heappop(self._alarms)[2]()

    def begin(self, request: Request, timeout: float | None, wake: Wake) -> Response | Parked:
        """Answer a request, or park it; then `wake` is called when the answer is there, or the time is up."""
        with self._lock:
            answer = self._simulator.handle(request, self._now)
            if not isinstance(answer, Response):
                answer.wake = wake
                self._parked.add(answer)
                if timeout is not None:
                    heapq.heappush(self._alarms, (self._now + timeout, next(self._order), wake))
            return answer

    def end(self, parked: Parked) -> Response:
        """The answer of a query that was woken. Raises RequestTimeout where there is none."""
        with self._lock:
            if parked.response is None:
                self._simulator.forget(parked)
                raise timed_out(sent=True)
            return parked.response

    def forget(self, parked: Parked) -> None:
        """Forget a query: its caller has the answer, or went away."""
        with self._lock:
            self._parked.discard(parked)
            if parked.response is None:
                self._simulator.forget(parked)


class SimulatedTransport:
    """A `Transport` to a simulated agent. A blocking query waits for a write of another thread, or for the agent's time to pass."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._closed = False
        self._waiting: set[threading.Event] = set()

    def send(self, request: Request, timeout: float | None) -> Response:
        """Return the agent's answer; a blocking query's when it comes."""
        self._check_open(maybe_applied=False)
        woken = threading.Event()
        answer = self._agent.begin(request, timeout, woken.set)
        if isinstance(answer, Response):
            return answer
        self._waiting.add(woken)
        try:
            woken.wait()
            if answer.response is None:
                self._check_open(maybe_applied=True)
            return self._agent.end(answer)
        finally:
            self._waiting.discard(woken)
            self._agent.forget(answer)

    def sleep(self, seconds: float) -> None:
        """Let the agent's time pass: nobody sleeps."""
        self._agent.advance(seconds)

    def close(self) -> None:
        """End the calls that wait."""
        self._closed = True
        for woken in list(self._waiting):
            woken.set()

    def _check_open(self, *, maybe_applied: bool) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=maybe_applied)
