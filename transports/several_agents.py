"""Transports over the transports of several agents, for threads and for tasks. `consul_proto.agents` decides where a request goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from consul_proto.agents import Agents, RoutedCall
from consul_proto.errors import RequestError
from consul_proto.message import Response
from transports.cancel import is_cancellable, send_cancellable
from transports.clients.fork import renew_after_fork
from transports.clocks import async_clock_of, clock_of
from transports.log import debug, warning
from transports.streams import (
    AsyncWholeAnswer,
    WholeAnswer,
    open_answer,
    open_answer_async,
    refusal,
    refusal_async,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.agents import AgentOrder, Draw
    from consul_proto.message import Request
    from transports.cancel import Cancel
    from transports.protocol import AsyncOpenAnswer, AsyncTransport, OpenAnswer, Transport

#: The first status that is an error.
_ERROR = 400


class _Router:
    """What both transports share: the agents, and what a call looks like in it. now: returns the time."""

    def __init__(self, transports: Mapping[str, Any], order: AgentOrder, draw: Draw, now: Callable[[], float]) -> None:
        self.transports = list(transports.values())
        self.is_closed = False
        self._agents = Agents([*transports], order, draw)
        self._now = now
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Make a new lock: in a forked process, a thread of the parent may hold the old one for ever."""
        self._lock = threading.Lock()

    after_fork = renew

    def begin(self, request: Request, timeout: float | None) -> RoutedCall:
        """Begin a call."""
        with self._lock:
            return self._agents.route(request, timeout, self._now())

    def report(self, call: RoutedCall, outcome: Response | RequestError) -> Response | None:
        """Return the answer of the call; None: go on. Raises RequestError. outcome: of the current agent."""
        address = call.address
        if self.is_closed and isinstance(outcome, RequestError):
            outcome.address = address
            raise outcome
        with self._lock:
            result = call.report(outcome, self._now())
        said = type(outcome).__name__ if isinstance(outcome, RequestError) else outcome.status
        debug("%s: %s from %s", call.request.shown, said, address)
        if isinstance(result, RequestError):
            raise result
        if result is None and call.address != address:
            warning("%s: %s from %s; goes on with %s", call.request.shown, said, address, call.address)
        return result

    def has_place(self) -> bool:
        """Return whether a blocking query would get a connection at once, whichever agent it goes to."""
        return all(getattr(transport, "has_place", lambda: True)() for transport in self.transports)


class AgentsTransport:
    """A `Transport` to several agents. transports: that of each agent, by its address. draw: returns random numbers from 0 to 1."""

    def __init__(self, transports: Mapping[str, Transport], order: AgentOrder, draw: Draw) -> None:
        first, *_ = transports.values()
        self.clock = clock_of(first)
        self.limits = getattr(first, "limits", None)
        self.is_cancellable = all(is_cancellable(transport) for transport in transports.values())
        self._router = _Router(transports, order, draw, self.clock.now)
        self.has_place = self._router.has_place

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Send a request to one agent after another, until one answers. Raises RequestError."""
        call = self._router.begin(request, timeout)
        outcome: Response | RequestError
        while True:
            try:
                outcome = send_cancellable(self._router.transports[call.agent], call.request, call.timeout, cancel)
            except RequestError as error:
                outcome = error
            if (response := self._router.report(call, outcome)) is not None:
                return response

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
        """Open an answer of one agent after another, until the head of one has arrived. Raises RequestError."""
        call = self._router.begin(request, timeout)
        outcome: Response | RequestError
        while True:
            answer: OpenAnswer | None = None
            try:
                answer = open_answer(self._router.transports[call.agent], call.request, call.timeout, cancel)
                outcome = Response(answer.status, answer.headers)
                if answer.status >= _ERROR:
                    outcome, answer = refusal(answer, lambda: call.timeout), None
            except RequestError as error:
                outcome, answer = error, None
            if (response := self._router.report(call, outcome)) is not None:
                return WholeAnswer(response) if answer is None else _Answer(answer, call.address)

    def close(self) -> None:
        """Close the transports of all agents."""
        self._router.is_closed = True
        for transport in self._router.transports:
            transport.close()


class AsyncAgentsTransport:
    """An `AsyncTransport` to several agents; see `AgentsTransport`."""

    def __init__(self, transports: Mapping[str, AsyncTransport], order: AgentOrder, draw: Draw) -> None:
        first, *_ = transports.values()
        self.clock = async_clock_of(first)
        self.limits = getattr(first, "limits", None)
        self._router = _Router(transports, order, draw, self.clock.now)
        self.has_place = self._router.has_place

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request to one agent after another; see `AgentsTransport.send`."""
        call = self._router.begin(request, timeout)
        outcome: Response | RequestError
        while True:
            try:
                outcome = await self._router.transports[call.agent].send(call.request, call.timeout)
            except RequestError as error:
                outcome = error
            if (response := self._router.report(call, outcome)) is not None:
                return response

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """Open an answer of one agent after another; see `AgentsTransport.open`."""
        call = self._router.begin(request, timeout)
        outcome: Response | RequestError
        while True:
            answer: AsyncOpenAnswer | None = None
            try:
                answer = await open_answer_async(self._router.transports[call.agent], call.request, call.timeout)
                outcome = Response(answer.status, answer.headers)
                if answer.status >= _ERROR:
                    outcome, answer = await refusal_async(answer, lambda: call.timeout), None
            except RequestError as error:
                outcome, answer = error, None
            if (response := self._router.report(call, outcome)) is not None:
                return AsyncWholeAnswer(response) if answer is None else _AsyncAnswer(answer, call.address)

    async def aclose(self) -> None:
        """Close the transports of all agents."""
        self._router.is_closed = True
        for transport in self._router.transports:
            await transport.aclose()


class _Answer:
    """An open answer whose errors name the agent."""

    def __init__(self, answer: OpenAnswer, address: str) -> None:
        self.status, self.headers = answer.status, answer.headers
        self.close = answer.close
        self._answer = answer
        self._address = address

    def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body; see `OpenAnswer.read`."""
        try:
            return self._answer.read(timeout)
        except RequestError as error:
            error.address = self._address
            raise


class _AsyncAnswer:
    """An open answer whose errors name the agent, for tasks."""

    def __init__(self, answer: AsyncOpenAnswer, address: str) -> None:
        self.status, self.headers = answer.status, answer.headers
        self.close = answer.close
        self._answer = answer
        self._address = address

    async def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body; see `OpenAnswer.read`."""
        try:
            return await self._answer.read(timeout)
        except RequestError as error:
            error.address = self._address
            raise
