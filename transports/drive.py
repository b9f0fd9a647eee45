"""Runs an operation or a flow over a transport: the sync and the async driver side by side, and the decisions that they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import random
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from consul_proto.backoff import DEFAULT_BACKOFF, Backoff
from consul_proto.errors import Cancelled, ConsulateException, RequestError, StaleConnection, is_retryable
from consul_proto.flow import Sleep
from consul_proto.message import Response
from consul_proto.operation import Operation
from transports.cancel import Cancel, send_cancellable
from transports.clocks import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from consul_proto.flow import Flow
    from consul_proto.message import Request
    from consul_proto.options import Settings
    from transports.protocol import AsyncClock, AsyncTransport, Clock, Transport

T = TypeVar("T")
K = TypeVar("K", bound="Clock | AsyncClock", covariant=True)

#: `logging.DEBUG`.
_DEBUG = 10

#: Seconds that a request is given at least.
_LEAST = 0.001

_NO_ANSWER = Response(204)

#: What `retry=False` means: each request goes out once.
_ONCE = Backoff(attempts=1)


def logger() -> Logger:
    """Return the logger "consulate". DEBUG: a line for each request. WARNING: a request that is sent again."""
    import logging  # imported when the first client is made: it takes longer than all of this library

    log = logging.getLogger("consulate")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # silent until the program sets up logging
    return log


class Repeatable(Protocol):
    """What the decision to send a request again looks at: an operation, or a stream."""

    @property
    def is_read(self) -> bool:
        """Whether sending the request twice does no more than sending it once."""
        ...

    @property
    def answers(self) -> tuple[int, ...]:
        """The statuses that are good answers."""
        ...


class Budget:
    """What one call may still spend (seconds, and attempts at the request at hand), and what ends it early.

    timeout: seconds for the whole call; None: no limit. backoff: when a request is sent again. now: tells the transport's time.
    cancel: the caller's handle. log: where requests are logged.
    """

    __slots__ = ("_log", "attempt", "backoff", "cancel", "is_noted", "now", "started", "timeout")

    def __init__(self, timeout: float | None, backoff: Backoff, now: Callable[[], float], cancel: Cancel | None, log: Logger) -> None:
        self._log = log
        self.is_noted = log.isEnabledFor(_DEBUG)
        self.timeout = timeout
        self.backoff = backoff
        self.now = now
        self.cancel = cancel
        self.started = now() if timeout is not None else 0.0
        self.attempt = 1

    def left(self, wait: float) -> float | None:
        """Return the seconds left for a request that may be held back for `wait` seconds; None: no limit. At least a little."""
        if self.timeout is None:
            return None
        left = self.timeout + wait - (self.now() - self.started)
        return left if left > _LEAST else _LEAST

    def pause_after(self, call: Repeatable, request: Request, response: Response) -> float | None:
        """Return the seconds to sleep before the request is sent again, or None where this is the answer."""
        if response.status in call.answers or not is_retryable(response.status, response.body):
            return None
        pause = self.backoff.pause(self.attempt, random(), self.left(0.0))  # noqa: S311 - not a secret
        self.attempt += 1
        if pause is not None:
            self._log.warning("%s: %d, nothing was done; attempt %d in %.3f s", request.shown, response.status, self.attempt, pause)
        return pause

    def may_resend(self, call: Repeatable, request: Request, error: RequestError) -> bool:
        """Return whether a request goes out once more: an idle connection lost it, and it is a read or certainly had no effect."""
        if not isinstance(error, StaleConnection):
            return False
        self.attempt += 1
        again = self.attempt <= self.backoff.attempts and (call.is_read or not error.maybe_applied)
        if again:
            self._log.warning("%s: an idle connection was closed; attempt %d on another", request.shown, self.attempt)
        return again

    def note(self, request: Request, outcome: object, began: float) -> None:
        """Log one request, and what came of it: a status, or the kind of error."""
        self._log.debug("%s: %s in %.1f ms (attempt %d)", request.shown, outcome, (self.now() - began) * 1000, self.attempt)

    def check(self) -> None:
        """Raise Cancelled where the caller's handle is set: nothing of the request at hand was sent."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("the call was cancelled", maybe_applied=False)


@dataclass(frozen=True, slots=True)
class Context(Generic[K]):
    """What every call of a client shares: settings, the agent's address, the transport's clock, and when a request is sent again."""

    settings: Settings
    address: str
    clock: K
    backoff: Backoff = DEFAULT_BACKOFF
    log: Logger = field(default_factory=logger)

    def budget(self, timeout: float | EllipsisType | None = ..., retry: bool = True, cancel: Cancel | None = None) -> Budget:
        """Return what one call may spend. timeout: seconds, None for no limit; the client's own where it is not given."""
        if timeout is ...:
            timeout = self.settings.timeout
        elif timeout is not None and not timeout > 0:
            raise ValueError(f"timeout must be a number of seconds above 0, or None for no limit, not {timeout!r}")
        return Budget(timeout, self.backoff if retry else _ONCE, self.clock.now, cancel, self.log)

    def complete(self, error: ConsulateException, request: Request | None) -> None:
        """Add to an error what only the driver knows, and remove from it what it must not tell."""
        if error.method is None and request is not None:
            error.about(request)
        error.address = self.address
        error.conceal(self.settings.secrets)


def run(transport: Transport, call: Operation[T] | Flow[T], context: Context[Clock], budget: Budget) -> tuple[T, Response]:
    """Run a call; return its value and its last answer. Raises ConsulateException."""
    if isinstance(call, Operation):
        response = _exchange(transport, call, context, budget)
        try:
            return call.decode(response), response
        except ConsulateException as error:
            context.complete(error, call.request)
            raise
    return _run_flow(transport, call, context, budget)


def _exchange(transport: Transport, operation: Operation[Any], context: Context[Clock], budget: Budget) -> Response:
    """Send an operation until there is an answer to keep."""
    request, cancel = context.settings.apply(operation), budget.cancel
    is_noted = budget.is_noted
    try:
        while True:
            began = budget.now() if is_noted else 0.0
            try:
                if cancel is None:
                    response = transport.send(request, budget.left(request.wait))
                else:
                    budget.check()
                    response = send_cancellable(transport, request, budget.left(request.wait), cancel)
            except RequestError as error:
                if is_noted:
                    budget.note(request, type(error).__name__, began)
                if budget.may_resend(operation, request, error):
                    continue
                raise
            if is_noted:
                budget.note(request, response.status, began)
            pause = budget.pause_after(operation, request, response)
            if pause is None:
                return response
            sleep(context.clock, pause, budget)
    except ConsulateException as error:
        context.complete(error, request)
        raise


def sleep(clock: Clock, seconds: float, budget: Budget) -> None:
    """Let time pass, as long as nobody cancels the call."""
    if budget.cancel is not None and clock is SYSTEM_CLOCK:
        budget.cancel.wait(seconds)
    else:
        clock.sleep(seconds)
    budget.check()


def _run_flow(transport: Transport, flow: Flow[T], context: Context[Clock], budget: Budget) -> tuple[T, Response]:
    answer: Response | None = None
    last = _NO_ANSWER
    failure: ConsulateException | None = None
    try:
        while True:
            step = flow.send(answer) if failure is None else flow.throw(failure)
            answer = failure = None
            if isinstance(step, Sleep):
                sleep(context.clock, step.seconds, budget)
                continue
            budget.attempt = 1
            try:
                answer = last = _exchange(transport, step, context, budget)
            except ConsulateException as error:
                failure = error
    except StopIteration as stop:
        return cast("T", stop.value), last
    except ConsulateException as error:
        context.complete(error, None)
        raise


async def run_async(
    transport: AsyncTransport, call: Operation[T] | Flow[T], context: Context[AsyncClock], budget: Budget
) -> tuple[T, Response]:
    """As `run`."""
    if isinstance(call, Operation):
        response = await _exchange_async(transport, call, context, budget)
        try:
            return call.decode(response), response
        except ConsulateException as error:
            context.complete(error, call.request)
            raise
    return await _run_flow_async(transport, call, context, budget)


async def _exchange_async(transport: AsyncTransport, operation: Operation[Any], context: Context[AsyncClock], budget: Budget) -> Response:
    """As `_exchange`."""
    request = context.settings.apply(operation)
    is_noted = budget.is_noted
    try:
        while True:
            began = budget.now() if is_noted else 0.0
            try:
                response = await transport.send(request, budget.left(request.wait))
            except RequestError as error:
                if is_noted:
                    budget.note(request, type(error).__name__, began)
                if budget.may_resend(operation, request, error):
                    continue
                raise
            if is_noted:
                budget.note(request, response.status, began)
            pause = budget.pause_after(operation, request, response)
            if pause is None:
                return response
            await context.clock.sleep(pause)
    except ConsulateException as error:
        context.complete(error, request)
        raise


async def _run_flow_async(transport: AsyncTransport, flow: Flow[T], context: Context[AsyncClock], budget: Budget) -> tuple[T, Response]:
    answer: Response | None = None
    last = _NO_ANSWER
    failure: ConsulateException | None = None
    try:
        while True:
            step = flow.send(answer) if failure is None else flow.throw(failure)
            answer = failure = None
            if isinstance(step, Sleep):
                await context.clock.sleep(step.seconds)
                continue
            budget.attempt = 1
            try:
                answer = last = await _exchange_async(transport, step, context, budget)
            except ConsulateException as error:
                failure = error
    except StopIteration as stop:
        return cast("T", stop.value), last
    except ConsulateException as error:
        context.complete(error, None)
        raise
