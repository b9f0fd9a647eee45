"""A simulated agent in the same process, and the transport to it for threads; `transports.simulated.tasks` has the one for tasks.

Any number of clients can share one agent. Its clock is either virtual, and moves only when `advance` is called, or real.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from typing import TYPE_CHECKING, NoReturn, Protocol
from weakref import WeakSet

from consul_proto.errors import Cancelled, ClientClosed
from consul_proto.message import Response
from consul_proto.simulator import OpenResponse, Parked
from transports.errors import timeout_error
from transports.streams import WholeAnswer

if TYPE_CHECKING:
    from consul_proto.message import Request
    from consul_proto.simulator import Feed, Simulator
    from transports.cancel import Cancel
    from transports.protocol import OpenAnswer

Wake = Callable[[], object]

#: The most alarms of ended calls that are stored before they are removed.
_OLD_ALARMS = 1000

#: The shortest pause of the thread that watches a real clock, in seconds.
_LEAST_PAUSE = 0.001


_FOREVER = float("inf")

#: The real seconds for which a virtual clock waits for what is due, and how often in a row it must find that nothing is.
_PATIENCE, _SETTLED = 10.0, 3


class Shell(Protocol):
    """A shell of threads that waits by a virtual clock."""

    def is_own_thread(self) -> bool:
        """Return whether this thread belongs to a shell."""
        ...

    def is_settled(self) -> bool:
        """Return whether the shell has done everything that is due, and waits."""
        ...


class SimulatedAgent:
    """A simulator that threads and event loops share, with its clock.

    is_real: whether the clock is real (`time.monotonic`) instead of virtual.
    """

    def __init__(self, simulator: Simulator, *, is_real: bool = False) -> None:
        self.is_real = is_real
        self._simulator = simulator
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._advanced = 0.0
        self._start = time.monotonic()
        #: Calls with a time limit, by the time of that limit.
        self._alarms: list[tuple[float, int, Wake, Parked | Feed]] = []
        self._order = count()
        #: The queries and the endless answers that somebody waits for.
        self._parked: set[Parked | Feed] = set()
        #: What to do at which time: of those who wait by this clock.
        self._clocks: dict[object, tuple[float, Wake]] = {}
        #: The queries of the threads of shells.
        self._parked_by_shells: set[Parked | Feed] = set()
        #: The shells of threads that wait by this clock. It moves on when they have done what is due.
        self._shells: WeakSet[Shell] = WeakSet()
        self._clock_thread: threading.Thread | None = None

    @property
    def now(self) -> float:
        """The seconds since the agent began."""
        return self._advanced + (time.monotonic() - self._start if self.is_real else 0.0)

    @property
    def waiting(self) -> int:
        """The number of blocking queries that wait for an answer."""
        return sum(isinstance(parked, Parked) and not parked.is_ready for parked in list(self._parked))

    def next_event(self) -> float | None:
        """Return the time of the next event: a session expires, a wait ends, a call times out. None if there is no such event."""
        with self._lock:
            times = [self._simulator.next_deadline(), self.next_alarm(), *(alarm[0] for alarm in self._alarms[:1])]
            return min((due for due in times if due is not None), default=None)

    def next_alarm(self) -> float | None:
        """Return the first time at which somebody who waits by this clock must be woken."""
        with self._lock:
            return min((due for due, _ in self._clocks.values()), default=None)

    def advance(self, seconds: float) -> None:
        """Move the clock forward: sessions expire, waits and lock delays end, and calls time out. Raises ValueError below 0.

        It stops wherever a recipe of a client for threads is due, until that has been done.
        """
        if not seconds >= 0:
            raise ValueError(f"time cannot go back: seconds must be 0 or more, not {seconds!r}")
        if self.is_real or self._is_in_shell():
            self._move(seconds)
            return
        self.settle()
        end = self.now + seconds
        while (due := self.next_alarm()) is not None and self.now < due < end:
            self._move(due - self.now)
            self.settle()
        self._move(max(0.0, end - self.now))
        self.settle()

    def _move(self, seconds: float) -> None:
        with self._lock:
            self._advanced += seconds
            self._catch_up()
            self._changed.notify_all()

    def _catch_up(self) -> None:
        """Process all events that are due."""
        now = self.now
        self._simulator.advance(now)
        while self._alarms and self._alarms[0][0] <= now:
            heapq.heappop(self._alarms)[2]()
        for key, (due, wake) in list(self._clocks.items()):
            if due <= now:
                del self._clocks[key]
                wake()

    @contextmanager
    def alarm(self, due: float, wake: Wake) -> Iterator[None]:
        """Call `wake` at a time of a virtual clock, from the thread that moves it; at once if it has come. It ends with the block."""
        key = object()
        with self._lock:
            self._clocks[key] = due, wake
            self._catch_up()
        try:
            yield
        finally:
            with self._lock:
                self._clocks.pop(key, None)

    def follow(self, shell: Shell) -> None:
        """Let the clock stop wherever this shell has something to do."""
        self._shells.add(shell)

    def settle(self) -> None:
        """Wait until the shells of threads have done what is due, and have got the answers that are there."""
        deadline = time.monotonic() + _PATIENCE
        seen = 0
        while self._shells and seen < _SETTLED and time.monotonic() < deadline:
            seen = seen + 1 if self._is_settled() else 0
            time.sleep(_LEAST_PAUSE / 2)

    def _is_settled(self) -> bool:
        with self._lock:
            is_answered = any(parked.is_ready for parked in self._parked_by_shells)
        return not is_answered and all(shell.is_settled() for shell in list(self._shells))

    def _is_in_shell(self) -> bool:
        """Return whether a thread of a shell calls this."""
        return any(shell.is_own_thread() for shell in list(self._shells))

    def begin(self, request: Request) -> Response | Parked:
        """Answer a request, or park it. The caller waits for a parked query with `wait_for`, and ends it with `forget`.

        An `OpenResponse` does not end: the caller waits for its pieces in the same way.
        """
        with self._lock:
            answer = self._simulator.handle(request, self.now)
            if self._parked:
                self._wake_clock()
            return answer

    def wait_for(self, parked: Parked | Feed, timeout: float | None, wake: Wake) -> None:
        """Call `wake`, from any thread, when a query has its answer or reaches its time limit; at once if it has its answer already.

        Of an endless answer, wait for its next piece in the same way.
        """
        with self._lock:
            self._parked.add(parked)
            if self._is_in_shell():
                self._parked_by_shells.add(parked)
            parked.wake = wake
            if timeout is not None:
                heapq.heappush(self._alarms, (self.now + timeout, next(self._order), wake, parked))
            if parked.is_ready:
                wake()
            self._wake_clock()

    def take(self, feed: Feed) -> bytes:
        """Return what an endless answer has got since the last time."""
        with self._lock:
            return feed.take()

    def end(self, parked: Parked) -> Response:
        """Return the answer of a query that was woken. Raises RequestTimeout if there is none."""
        with self._lock:
            if parked.response is None:
                self._simulator.forget(parked)
                raise timeout_error(sent=True)
            return parked.response

    def forget(self, parked: Parked | Feed) -> None:
        """Remove a query: its caller has the answer, or has gone away."""
        with self._lock:
            self._parked.discard(parked)
            self._parked_by_shells.discard(parked)
            parked.wake = None
            if isinstance(parked, Parked) and not parked.is_ready:
                self._simulator.forget(parked)
            if len(self._alarms) > _OLD_ALARMS + 2 * len(self._parked):
                self._alarms = [alarm for alarm in self._alarms if alarm[3] in self._parked]
                heapq.heapify(self._alarms)
            if not self._parked:
                self._changed.notify_all()

    def _wake_clock(self) -> None:
        """With a real clock, start or wake the thread that processes events. The thread ends when no query waits."""
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
    """An agent's clock, for threads. With a virtual clock, a sleep moves the clock forward and returns at once."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent

    def now(self) -> float:
        """Return the seconds since the agent began."""
        return self._agent.now

    def sleep(self, seconds: float) -> None:
        """Sleep for this many seconds of the agent's clock."""
        if self._agent.is_real:
            time.sleep(seconds)
        else:
            self._agent.advance(seconds)

    def wait(self, woken: threading.Event, until: float | None) -> None:
        """Wait until the event is set or the time has come; None: only for the event. Waiting does not move a virtual clock."""
        if self._agent.is_real or until is None:
            woken.wait(None if until is None else max(0.0, until - self._agent.now))
        else:
            with self._agent.alarm(until, woken.set):
                woken.wait()

    @property
    def is_virtual(self) -> bool:
        """Whether the clock moves only when somebody moves it."""
        return not self._agent.is_real

    def settle(self) -> None:
        """Wait until the shells have done what is due, and have got the answers that are there."""
        self._agent.settle()

    def follow(self, shell: Shell) -> None:
        """Let a virtual clock stop wherever this shell has something to do."""
        self._agent.follow(shell)


class SimulatedTransport:
    """A `Transport` to a simulated agent. A blocking query waits for a write by another thread or task, or for the clock."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self.clock = AgentClock(agent)
        self._agent = agent
        self._closed = False
        self._waiting: set[threading.Event] = set()

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Return the agent's answer. A blocking query waits for it. Raises RequestError."""
        self._check_open(maybe_applied=False)
        answer = self._agent.begin(request)
        if isinstance(answer, OpenResponse):
            return self._read_to_end(SimulatedAnswer(self, answer, cancel), timeout)
        if isinstance(answer, Response):
            return answer
        self.wait(answer, timeout, threading.Event(), cancel)
        return self._agent.end(answer)

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
        """Return the agent's answer; of one that does not end, its head. Raises RequestError."""
        self._check_open(maybe_applied=False)
        answer = self._agent.begin(request)
        if isinstance(answer, OpenResponse):
            return SimulatedAnswer(self, answer, cancel)
        if isinstance(answer, Response):
            return WholeAnswer(answer)
        self.wait(answer, timeout, threading.Event(), cancel)
        return WholeAnswer(self._agent.end(answer))

    def wait(self, parked: Parked | Feed, timeout: float | None, woken: threading.Event, cancel: Cancel | None) -> None:
        """Wait for an answer or its next piece. Raises ClientClosed, Cancelled; after the time limit, nothing is there.

        woken: is set when there is something, or by another thread to end the wait.
        """
        self._waiting.add(woken)
        try:
            self._agent.wait_for(parked, timeout, woken.set)
            with nullcontext() if cancel is None else cancel.on_set(woken.set):
                if not self._closed:
                    woken.wait()
            if not parked.is_ready:
                self._check_open(maybe_applied=True)
                if cancel is not None and cancel.is_set():
                    raise Cancelled("the call was cancelled", maybe_applied=True)
        finally:
            self._waiting.discard(woken)
            self._agent.forget(parked)

    def take(self, feed: Feed) -> bytes:
        """Return what an endless answer has got since the last time."""
        return self._agent.take(feed)

    def _read_to_end(self, answer: SimulatedAnswer, timeout: float | None) -> NoReturn:
        """Wait for the end of an answer that has none: until the time limit."""
        deadline = _FOREVER if timeout is None else self._agent.now + timeout
        while (left := deadline - self._agent.now) > 0:
            answer.read(None if timeout is None else left)
        raise timeout_error(sent=True)

    def close(self) -> None:
        """End the calls that wait. They raise ClientClosed."""
        self._closed = True
        for woken in list(self._waiting):
            woken.set()

    def _check_open(self, *, maybe_applied: bool) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=maybe_applied)


class SimulatedAnswer:
    """An answer that does not end, for threads."""

    def __init__(self, transport: SimulatedTransport, response: OpenResponse, cancel: Cancel | None) -> None:
        self.status, self.headers = response.status, response.headers
        self._transport, self._feed, self._cancel = transport, response.feed, cancel
        self._woken = threading.Event()
        self._is_closed = False

    def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body within `timeout` seconds; b"" after `close`. Raises RequestError."""
        if not self._is_open():
            return b""
        if not self._feed.is_ready:
            self._transport.wait(self._feed, timeout, self._woken, self._cancel)
        piece = self._transport.take(self._feed)
        if not self._is_open():
            return b""
        self._woken.clear()
        if not piece:
            self._is_closed = True
            raise timeout_error(sent=True)
        return piece

    def _is_open(self) -> bool:
        return not self._is_closed

    def close(self) -> None:
        """End the answer at once, from any thread. Closing twice does nothing."""
        self._is_closed = True
        self._woken.set()
