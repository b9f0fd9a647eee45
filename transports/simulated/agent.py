"""Carries requests to a simulated agent in the same process: for threads here, for tasks in `async_simulated`.

Any number of clients share one agent. Its time is its own, and stands still until somebody calls `advance`; or it is real time.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING

from consul_proto.errors import Cancelled, ClientClosed
from consul_proto.message import Response
from transports.errors import timeout_error

if TYPE_CHECKING:
    from consul_proto.message import Request
    from consul_proto.simulator import Parked, Simulator
    from transports.cancel import Cancel

Wake = Callable[[], object]

#: How many alarms of calls that ended are kept until they are cleared away.
_OLD_ALARMS = 1000

#: Seconds between two looks at a real clock at least.
_LEAST_PAUSE = 0.001


class SimulatedAgent:
    """A simulator that threads and event loops share, and its clock.

    is_real: whether time passes by itself, as `time.monotonic` says.
    """

    def __init__(self, simulator: Simulator, *, is_real: bool = False) -> None:
        self.is_real = is_real
        self._simulator = simulator
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._advanced = 0.0
        self._start = time.monotonic()
        #: Calls that give up at a time.
        self._alarms: list[tuple[float, int, Wake, Parked]] = []
        self._order = count()
        self._parked: set[Parked] = set()
        self._clock_thread: threading.Thread | None = None

    @property
    def now(self) -> float:
        """Seconds since the agent began."""
        return self._advanced + (time.monotonic() - self._start if self.is_real else 0.0)

    @property
    def waiting(self) -> int:
        """How many blocking queries wait for an answer."""
        return sum(parked.response is None for parked in list(self._parked))

    def next_event(self) -> float | None:
        """When something happens by itself next, as `now` counts: a session ends, a wait is over, a call times out; None: never."""
        with self._lock:
            times = [self._simulator.next_deadline(), *(alarm[0] for alarm in self._alarms[:1])]
            return min((due for due in times if due is not None), default=None)

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass at once: sessions expire, waits end, lock delays are over, and calls time out."""
        if not seconds >= 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._advanced += seconds
            self._catch_up()
            self._changed.notify_all()

    def _catch_up(self) -> None:
        """Do what is due."""
        now = self.now
        self._simulator.advance(now)
        while self._alarms and self._alarms[0][0] <= now:
            heapq.heappop(self._alarms)[2]()

    def begin(self, request: Request) -> Response | Parked:
        """Answer a request, or park it: then somebody waits for it, with `wait_for` and `forget`."""
        with self._lock:
            answer = self._simulator.handle(request, self.now)
            if self._parked:
                self._wake_clock()
            return answer

    def wait_for(self, parked: Parked, timeout: float | None, wake: Wake) -> None:
        """Have `wake` called when the answer of a query is there, or the time is up, by whatever thread; at once where it is there."""
        with self._lock:
            self._parked.add(parked)
            parked.wake = wake
            if timeout is not None:
                heapq.heappush(self._alarms, (self.now + timeout, next(self._order), wake, parked))
            if parked.response is not None:
                wake()
            self._wake_clock()

    def end(self, parked: Parked) -> Response:
        """The answer of a query that was woken. Raises RequestTimeout where there is none."""
        with self._lock:
            if parked.response is None:
                self._simulator.forget(parked)
                raise timeout_error(sent=True)
            return parked.response

    def forget(self, parked: Parked) -> None:
        """Forget a query: its caller has the answer, or went away."""
        with self._lock:
            self._parked.discard(parked)
            if parked.response is None:
                self._simulator.forget(parked)
            if len(self._alarms) > _OLD_ALARMS + 2 * len(self._parked):
                self._alarms = [alarm for alarm in self._alarms if alarm[3] in self._parked]
                heapq.heapify(self._alarms)
            if not self._parked:
                self._changed.notify_all()

    def _wake_clock(self) -> None:
        """Where time is real and somebody waits, have a thread that looks when something is due; it ends when nobody waits."""
        if not self.is_real:
            return
        if self._clock_thread is None:
            self._clock_thread = threading.Thread(target=self._run_clock, name="consul-agent-clock", daemon=True)
            self._clock_thread.start()
        else:
            self._changed.notify_all()

    def _run_clock(self) -> None:
        with self._lock:
            while self._parked:
                due = self.next_event()
                self._changed.wait(None if due is None else max(due - self.now, _LEAST_PAUSE))
                self._catch_up()
            self._clock_thread = None


class AgentClock:
    """An agent's time, for threads. In virtual time a sleep takes none: it lets the agent's time pass."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent

    def now(self) -> float:
        """Return the seconds since the agent began."""
        return self._agent.now

    def sleep(self, seconds: float) -> None:
        """Let this many seconds of the agent's time pass."""
        if self._agent.is_real:
            time.sleep(seconds)
        else:
            self._agent.advance(seconds)


class SimulatedTransport:
    """A `Transport` to a simulated agent. A blocking query waits for a write by another thread or task, or for time to pass."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self.clock = AgentClock(agent)
        self._agent = agent
        self._closed = False
        self._waiting: set[threading.Event] = set()

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Return the agent's answer; a blocking query's when it comes."""
        self._check_open(maybe_applied=False)
        answer = self._agent.begin(request)
        if isinstance(answer, Response):
            return answer
        woken = threading.Event()
        self._waiting.add(woken)
        try:
            self._agent.wait_for(answer, timeout, woken.set)
            with nullcontext() if cancel is None else cancel.on_set(woken.set):
                if not self._closed:
                    woken.wait()
            if answer.response is None:
                self._check_open(maybe_applied=True)
                if cancel is not None and cancel.is_set():
                    raise Cancelled("the call was cancelled", maybe_applied=True)
            return self._agent.end(answer)
        finally:
            self._waiting.discard(woken)
            self._agent.forget(answer)

    def close(self) -> None:
        """End the calls that wait."""
        self._closed = True
        for woken in list(self._waiting):
            woken.set()

    def _check_open(self, *, maybe_applied: bool) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=maybe_applied)
