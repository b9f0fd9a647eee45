"""Carries the requests of tasks to a simulated agent in the same process. All tasks that share an agent run in one event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from consul_proto.errors import ClientClosed
from consul_proto.message import Response

if TYPE_CHECKING:
    from consul_proto.message import Request
    from transports.simulated import SimulatedAgent


class AsyncSimulatedTransport:
    """An `AsyncTransport` to a simulated agent. A blocking query waits for a write of another task, or for the agent's time to pass."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._closed = False
        self._waiting: set[anyio.Event] = set()

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Return the agent's answer; a blocking query's when it comes. A query that is cancelled is forgotten."""
        await anyio.lowlevel.checkpoint()
        self._check_open(maybe_applied=False)
        woken = anyio.Event()
        answer = self._agent.begin(request, timeout, woken.set)
        if isinstance(answer, Response):
            return answer
        self._waiting.add(woken)
        try:
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

    async def sleep(self, seconds: float) -> None:
        """Let the agent's time pass: nobody sleeps."""
        await anyio.lowlevel.checkpoint()
        self._agent.advance(seconds)

    async def aclose(self) -> None:
        """End the calls that wait."""
        self._closed = True
        for woken in list(self._waiting):
            woken.set()
