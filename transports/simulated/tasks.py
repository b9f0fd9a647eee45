"""The transport for tasks to a simulated agent in the same process. Event loops and threads can share an agent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from consul_proto.errors import ClientClosed
from consul_proto.message import Response

if TYPE_CHECKING:
    from consul_proto.message import Request
    from transports.simulated.agent import SimulatedAgent


class _ThreadSafeEvent:
    """An event that any thread can set without waiting."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._thread = threading.get_ident()
        token = anyio.lowlevel.current_token()
        # Before anyio 4.11, the token is the event loop itself.
        self._loop: Any = getattr(token, "native_token", token)

    def set(self) -> None:
        """Set the event. Does nothing if its event loop has ended."""
        if self._thread == threading.get_ident() and self._is_running():
            self._event.set()
            return
        # The name of the method in asyncio's loop, and in trio's token.
        soon: Callable[..., object] = getattr(self._loop, "call_soon_threadsafe", None) or self._loop.run_sync_soon
        with suppress(RuntimeError):  # the loop is closed, and no task waits there
            soon(self._event.set)

    def _is_running(self) -> bool:
        try:
            token = anyio.lowlevel.current_token()
        except Exception:  # no event loop runs in this thread; the exception depends on anyio's version
            return False
        return getattr(token, "native_token", token) is self._loop

    async def wait(self) -> None:
        """Wait until the event is set."""
        await self._event.wait()


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
        else:
            await anyio.lowlevel.checkpoint()
            self._agent.advance(seconds)


class AsyncSimulatedTransport:
    """An `AsyncTransport` to a simulated agent. A blocking query waits for a write by another task or thread, or for the clock."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self.clock = AsyncAgentClock(agent)
        self._agent = agent
        self._closed = False
        self._waiting: set[_ThreadSafeEvent] = set()

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Return the agent's answer. A blocking query waits for it; if its task is cancelled, the query is removed. Raises RequestError."""
        await anyio.lowlevel.checkpoint()
        self._check_open(maybe_applied=False)
        answer = self._agent.begin(request)
        if isinstance(answer, Response):
            return answer
        woken = _ThreadSafeEvent()
        self._waiting.add(woken)
        try:
            self._agent.wait_for(answer, timeout, woken.set)
            if not self._closed:
                await woken.wait()
            if answer.response is None:
                self._check_open(maybe_applied=True)
            return self._agent.end(answer)
        finally:
            self._waiting.discard(woken)
            self._agent.forget(answer)

    def _check_open(self, *, maybe_applied: bool) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=maybe_applied)

    async def aclose(self) -> None:
        """End the calls that wait. They raise ClientClosed."""
        self._closed = True
        for woken in list(self._waiting):
            woken.set()
