"""The transport for tasks to a simulated agent in the same process. Event loops and threads can share an agent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import anyio
import anyio.lowlevel

from consul_proto.errors import ClientClosed
from consul_proto.message import Response, StreamedBody
from consul_proto.simulator import OpenResponse
from transports.errors import timeout_error
from transports.streams import AsyncWholeAnswer
from transports.thread_safe_event import ThreadSafeEvent
from transports.worker_threads import in_thread

if TYPE_CHECKING:
    from consul_proto.message import Request
    from consul_proto.simulator import Feed, Parked
    from transports.machines.clocks import TaskEvent
    from transports.protocol import AsyncOpenAnswer
    from transports.simulated.agent import SimulatedAgent


_FOREVER = float("inf")

#: How often all tasks may run before a sleep looks whether all of them wait: a call to an agent in memory takes less.
_ROUNDS = 20


class AsyncAgentClock:
    """An agent's clock, for tasks. With a virtual clock, a sleep moves the clock forward and returns at once."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent

    def now(self) -> float:
        """Return the seconds since the agent began."""
        return self._agent.now

    async def sleep(self, seconds: float) -> None:
        """Sleep for this many seconds of the agent's clock."""
        if self._agent.is_real:
            await anyio.sleep(seconds)
            return
        await anyio.lowlevel.checkpoint()
        end = self._agent.now + seconds
        # The recipes of other tasks do what is due on the way.
        while (due := self._agent.next_alarm()) is not None and due < end:
            self._agent.advance(max(0.0, due - self._agent.now))
            await self.settle()
            await anyio.wait_all_tasks_blocked()  # on asyncio, this takes a tenth of a second if a task is not blocked yet
        self._agent.advance(max(0.0, end - self._agent.now))

    @property
    def is_virtual(self) -> bool:
        """Whether the clock moves only when somebody moves it."""
        return not self._agent.is_real

    async def settle(self) -> None:
        """Let the tasks that can go on do so."""
        for _ in range(_ROUNDS):
            await anyio.lowlevel.checkpoint()

    def event(self) -> ThreadSafeEvent:
        """Return a new event, which any thread can set."""
        return ThreadSafeEvent()

    async def wait(self, woken: TaskEvent, until: float | None) -> None:
        """Wait until the event is set or the time has come; None: only for the event. Waiting does not move a virtual clock."""
        if self._agent.is_real or until is None:
            with anyio.move_on_after(None if until is None else max(0.0, until - self._agent.now)):
                await woken.wait()
        else:
            with self._agent.alarm(until, woken.set):
                await woken.wait()


class AsyncSimulatedTransport:
    """An `AsyncTransport` to a simulated agent. A blocking query waits for a write by another task or thread, or for the clock."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self.clock = AsyncAgentClock(agent)
        self._agent = agent
        self._closed = False
        self._waiting: set[ThreadSafeEvent] = set()

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Return the agent's answer. A blocking query waits for it; if its task is cancelled, the query is removed. Raises RequestError."""
        answer = await self._begin(request)
        if isinstance(answer, OpenResponse):
            return await self._read_to_end(AsyncSimulatedAnswer(self, answer), timeout)
        if isinstance(answer, Response):
            return answer
        await self.wait(answer, timeout, ThreadSafeEvent())
        return self._agent.end(answer)

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """Return the agent's answer; of one that does not end, its head. Raises RequestError."""
        answer = await self._begin(request)
        if isinstance(answer, OpenResponse):
            return AsyncSimulatedAnswer(self, answer)
        if isinstance(answer, Response):
            return AsyncWholeAnswer(answer)
        await self.wait(answer, timeout, ThreadSafeEvent())
        return AsyncWholeAnswer(self._agent.end(answer))

    async def _begin(self, request: Request) -> Response | Parked:
        await anyio.lowlevel.checkpoint()
        self._check_open(maybe_applied=False)
        if isinstance(request.body, StreamedBody):
            request = replace(request, body=await in_thread(request.read_body))
        return self._agent.begin(request)

    async def wait(self, parked: Parked | Feed, timeout: float | None, woken: ThreadSafeEvent) -> None:
        """Wait for an answer or its next piece; see `SimulatedTransport.wait`."""
        self._waiting.add(woken)
        try:
            self._agent.wait_for(parked, timeout, woken.set)
            if not self._closed:
                await woken.wait()
            if not parked.is_ready:
                self._check_open(maybe_applied=True)
        finally:
            self._waiting.discard(woken)
            self._agent.forget(parked)

    def take(self, feed: Feed) -> bytes:
        """Return what an endless answer has got since the last time."""
        return self._agent.take(feed)

    async def _read_to_end(self, answer: AsyncSimulatedAnswer, timeout: float | None) -> NoReturn:
        """Wait for the end of an answer that has none: until the time limit."""
        deadline = _FOREVER if timeout is None else self._agent.now + timeout
        while (left := deadline - self._agent.now) > 0:
            await answer.read(None if timeout is None else left)
        raise timeout_error(sent=True)

    def _check_open(self, *, maybe_applied: bool) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=maybe_applied)

    async def aclose(self) -> None:
        """End the calls that wait. They raise ClientClosed."""
        self._closed = True
        for woken in list(self._waiting):
            woken.set()


class AsyncSimulatedAnswer:
    """An answer that does not end, for tasks."""

    def __init__(self, transport: AsyncSimulatedTransport, response: OpenResponse) -> None:
        self.status, self.headers = response.status, response.headers
        self._transport, self._feed = transport, response.feed
        self._woken: ThreadSafeEvent | None = None
        self._is_closed = False

    async def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body; see `SimulatedAnswer.read`."""
        if not self._is_open():
            return b""
        await anyio.lowlevel.checkpoint()
        if not self._feed.is_ready:
            self._woken = ThreadSafeEvent()
            await self._transport.wait(self._feed, timeout, self._woken)
        piece = self._transport.take(self._feed)
        if not self._is_open():
            return b""
        if not piece:
            self._is_closed = True
            raise timeout_error(sent=True)
        return piece

    def _is_open(self) -> bool:
        return not self._is_closed

    def close(self) -> None:
        """End the answer at once, without waiting. Closing twice does nothing."""
        self._is_closed = True
        if self._woken is not None:
            self._woken.set()
