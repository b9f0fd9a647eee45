"""Runs an operation or a flow over a transport: the sync and the async driver side by side, and the decisions that they share."""

from __future__ import annotations

from dataclasses import dataclass
from random import random
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

from consul_proto.backoff import DEFAULT_BACKOFF, Backoff
from consul_proto.errors import ConsulateException, StaleConnection, is_retryable
from consul_proto.flow import Sleep
from consul_proto.message import Response
from consul_proto.operation import Operation

if TYPE_CHECKING:
    from consul_proto.flow import Flow
    from consul_proto.message import Request
    from consul_proto.options import Settings
    from transports.protocol import AsyncTransport, Transport

T = TypeVar("T")

#: Seconds that a request is given at least.
_LEAST = 0.001

_NO_ANSWER = Response(204)


class Budget:
    """What a call may still spend: seconds, and attempts at the request at hand.

    Sleeps count for as long as they were asked to be, at least: a transport may have a clock of its own.
    """

    __slots__ = ("attempt", "backoff", "slept", "started", "timeout")

    def __init__(self, timeout: float | None, backoff: Backoff) -> None:
        self.timeout = timeout
        self.backoff = backoff
        self.started = monotonic() if timeout is not None else 0.0
        self.slept = 0.0
        self.attempt = 1

    def left(self, wait: float) -> float | None:
        """Seconds left for a request that may be held back for `wait` seconds; None: no limit. At least a little: a transport says when."""
        if self.timeout is None:
            return None
        spent = monotonic() - self.started
        left = self.timeout + wait - (spent if spent > self.slept else self.slept)
        return left if left > _LEAST else _LEAST

    def pause_after(self, operation: Operation[Any], response: Response) -> float | None:
        """Seconds to sleep before the request is sent again, or None where this is the answer."""
        if response.status in operation.answers or not is_retryable(response.status, response.body):
            return None
        pause = self.backoff.pause(self.attempt, random(), self.left(0.0))  # noqa: S311 - not a secret
        self.attempt += 1
        if pause is not None:
            self.slept += pause
        return pause

    def may_resend(self, operation: Operation[Any], error: StaleConnection) -> bool:
        """Whether a request that an idle connection lost may go out once more: it is a read, or cannot have been carried out."""
        self.attempt += 1
        return self.attempt <= self.backoff.attempts and (operation.is_read or not error.maybe_applied)


@dataclass(frozen=True, slots=True)
class Context:
    """What every call of a client shares: the settings that are applied to it, where it goes, and when it is tried again."""

    settings: Settings
    address: str
    backoff: Backoff = DEFAULT_BACKOFF

    def budget(self) -> Budget:
        """What one call may spend."""
        return Budget(self.settings.timeout, self.backoff)

    def complete(self, error: ConsulateException, request: Request | None) -> None:
        """Add to an error what only the driver knows, and take from it what it must not tell."""
        if error.method is None and request is not None:
            error.about(request)
        error.address = self.address
        error.conceal(self.settings.secrets)


def run(transport: Transport, call: Operation[T] | Flow[T], context: Context) -> tuple[T, Response]:
    """Run a call; return its value and its last answer. Raises ConsulateException."""
    budget = context.budget()
    if isinstance(call, Operation):
        response = exchange(transport, call, context, budget)
        try:
            return call.decode(response), response
        except ConsulateException as error:
            context.complete(error, call.request)
            raise
    return _run_flow(transport, call, context, budget)


def exchange(transport: Transport, operation: Operation[Any], context: Context, budget: Budget) -> Response:
    """Send an operation until there is an answer to keep."""
    request = context.settings.apply(operation)
    try:
        while True:
            try:
                response = transport.send(request, budget.left(request.wait))
            except StaleConnection as error:
                if not budget.may_resend(operation, error):
                    raise
                continue
            pause = budget.pause_after(operation, response)
            if pause is None:
                return response
            transport.sleep(pause)
    except ConsulateException as error:
        context.complete(error, request)
        raise


def _run_flow(transport: Transport, flow: Flow[T], context: Context, budget: Budget) -> tuple[T, Response]:
    answer: Response | None = None
    last = _NO_ANSWER
    failure: ConsulateException | None = None
    try:
        while True:
            step = flow.send(answer) if failure is None else flow.throw(failure)
            answer = failure = None
            if isinstance(step, Sleep):
                budget.slept += step.seconds
                transport.sleep(step.seconds)
                continue
            budget.attempt = 1
            try:
                answer = last = exchange(transport, step, context, budget)
            except ConsulateException as error:
                failure = error
    except StopIteration as stop:
        return cast("T", stop.value), last
    except ConsulateException as error:
        context.complete(error, None)
        raise


async def run_async(transport: AsyncTransport, call: Operation[T] | Flow[T], context: Context) -> tuple[T, Response]:
    """As `run`."""
    budget = context.budget()
    if isinstance(call, Operation):
        response = await exchange_async(transport, call, context, budget)
        try:
            return call.decode(response), response
        except ConsulateException as error:
            context.complete(error, call.request)
            raise
    return await _run_flow_async(transport, call, context, budget)


async def exchange_async(transport: AsyncTransport, operation: Operation[Any], context: Context, budget: Budget) -> Response:
    """As `exchange`."""
    request = context.settings.apply(operation)
    try:
        while True:
            try:
                response = await transport.send(request, budget.left(request.wait))
            except StaleConnection as error:
                if not budget.may_resend(operation, error):
                    raise
                continue
            pause = budget.pause_after(operation, response)
            if pause is None:
                return response
            await transport.sleep(pause)
    except ConsulateException as error:
        context.complete(error, request)
        raise


async def _run_flow_async(transport: AsyncTransport, flow: Flow[T], context: Context, budget: Budget) -> tuple[T, Response]:
    answer: Response | None = None
    last = _NO_ANSWER
    failure: ConsulateException | None = None
    try:
        while True:
            step = flow.send(answer) if failure is None else flow.throw(failure)
            answer = failure = None
            if isinstance(step, Sleep):
                budget.slept += step.seconds
                await transport.sleep(step.seconds)
                continue
            budget.attempt = 1
            try:
                answer = last = await exchange_async(transport, step, context, budget)
            except ConsulateException as error:
                failure = error
    except StopIteration as stop:
        return cast("T", stop.value), last
    except ConsulateException as error:
        context.complete(error, None)
        raise
