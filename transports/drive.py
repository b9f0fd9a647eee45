"""The driver: it runs an operation or a flow over a transport. The sync and the async driver share their decisions."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from os import urandom
from time import time
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from consul_proto.backoff import DEFAULT_BACKOFF, Backoff, retry_after
from consul_proto.errors import Cancelled, ConsulateException, RequestError, StaleConnection, is_retryable
from consul_proto.failures import WITH_RETRY_AFTER
from consul_proto.flow import Sleep
from consul_proto.frozen import dataclass
from consul_proto.message import Response
from consul_proto.operation import Operation
from consul_proto.stream import Stream
from transports.cancel import Cancel, send_cancellable
from transports.clocks import SYSTEM_CLOCK
from transports.log import debug, logs_requests, warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.flow import Flow
    from consul_proto.message import Request
    from consul_proto.options import Settings
    from transports.protocol import AsyncClock, AsyncTransport, Clock, Transport

T = TypeVar("T")
K = TypeVar("K", bound="Clock | AsyncClock", covariant=True)

#: The shortest time limit of a request, in seconds.
_MIN_TIMEOUT = 0.001

_NO_ANSWER = Response(204)

#: The backoff of `retry=False`: each request is sent once.
_ONCE = Backoff(attempts=1)


def _draw() -> float:
    """Return a random number from 0 to 1. `random` takes long to import, and cannot be imported where no more files can be opened."""
    return int.from_bytes(urandom(7)) / (1 << 56)


class Repeatable(Protocol):
    """An operation or a stream, as the decision about a retry sees it."""

    @property
    def is_read(self) -> bool:
        """Whether sending the request twice has the same effect as sending it once."""
        ...

    @property
    def answers(self) -> tuple[int, ...]:
        """The statuses that mean success."""
        ...


class Budget:
    """The limits of one call: its time, the attempts at the current request, and the handle that can cancel it.

    timeout: seconds for the whole call; None: no limit. backoff: how often a request is retried, and after which pauses.
    now: returns the time of the transport's clock. cancel: the caller's handle.
    """

    __slots__ = ("attempt", "backoff", "cancel", "is_logged", "now", "started", "timeout")

    def __init__(self, timeout: float | None, backoff: Backoff, now: Callable[[], float], cancel: Cancel | None) -> None:
        self.is_logged = logs_requests()
        self.timeout = timeout
        self.backoff = backoff
        self.now = now
        self.cancel = cancel
        #: When the first request was sent; None before it.
        self.started: float | None = None
        self.attempt = 1

    def left(self, wait: float) -> float | None:
        """Return the seconds that a request has left; None: no limit. wait: seconds for which Consul may hold the answer back."""
        if self.timeout is None:
            return None
        if self.started is None:
            self.started = self.now()
            left = self.timeout + wait
        else:
            left = self.timeout + wait - (self.now() - self.started)
        return left if left > _MIN_TIMEOUT else _MIN_TIMEOUT

    def pause_after(self, call: Repeatable, request: Request, response: Response) -> float | None:
        """Return the seconds to sleep before the next attempt; None if this response is final."""
        if response.status in call.answers:
            return None
        asked = _asked_pause(response)
        # A proxy may send a 503 after a write was carried out.
        if not is_retryable(response.status, response.body) and (asked is None or not call.is_read):
            return None
        pause = self.backoff.pause(self.attempt, _draw(), self.left(0.0), asked or 0.0)
        self.attempt += 1
        if pause is not None:
            warning("%s: %d, nothing was done; attempt %d in %.3f s", request.shown, response.status, self.attempt, pause)
        return pause

    def may_resend(self, call: Repeatable, request: Request, error: RequestError) -> bool:
        """Return whether to resend a request after its idle connection was closed: a read, or a write that certainly had no effect."""
        if not isinstance(error, StaleConnection):
            return False
        self.attempt += 1
        again = self.attempt <= self.backoff.attempts and (call.is_read or not error.maybe_applied)
        if again:
            warning("%s: an idle connection was closed; attempt %d on another", request.shown, self.attempt)
        return again

    def log_request(self, request: Request, outcome: object, began: float) -> None:
        """Log one request with its outcome: a status, or the name of an error."""
        debug("%s: %s in %.1f ms (attempt %d)", request.shown, outcome, (self.now() - began) * 1000, self.attempt)

    def check(self) -> None:
        """Raise Cancelled if the caller's handle is set. It is called before the next request is sent."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("the call was cancelled", maybe_applied=False)


def _asked_pause(response: Response) -> float | None:
    """Return the seconds that the server asks to wait before another attempt; None if it does not ask."""
    value = response.headers.get("retry-after") if response.status in WITH_RETRY_AFTER else None
    return None if value is None else retry_after(value, response.headers.get("date") or "", time())


class FirstAttempt(Protocol):
    """The first attempt at a request, which was made elsewhere, and is over."""

    @property
    def began(self) -> float:
        """When it was sent, by the transport's clock."""
        ...

    def outcome(self) -> Response:
        """Return the answer. Raises RequestError."""
        ...


@dataclass(frozen=True, slots=True)
class Context(Generic[K]):
    """What all calls of a client share: its settings, the agent's address, the transport's clock, and the backoff of retries.

    more_secrets: returns further texts that no error may contain, such as the tokens of a login.
    """

    settings: Settings
    address: str
    clock: K
    backoff: Backoff = DEFAULT_BACKOFF
    more_secrets: Callable[[], tuple[str, ...]] = tuple

    def budget(self, timeout: float | EllipsisType | None = ..., retry: bool = True, cancel: Cancel | None = None) -> Budget:
        """Return the limits of one call.

        timeout: seconds, None for no limit; without it, the client's own limit. Raises ValueError for a timeout of 0 or less.
        """
        if timeout is ...:
            timeout = self.settings.timeout
        elif timeout is not None and not timeout > 0:
            raise ValueError(f"timeout must be a number of seconds above 0, or None for no limit, not {timeout!r}")
        return Budget(timeout, self.backoff if retry else _ONCE, self.clock.now, cancel)

    def complete(self, error: ConsulateException, request: Request | None, token: str | None = None, address: str | None = None) -> None:
        """Add the request and the agent's address to an error, and remove secrets from it.

        token: that of the operation. address: of the agent that was used, if the client has several and the error does not say.
        """
        if error.method is None and request is not None:
            error.about(request)
        if error.address is None:
            error.address = address or self.address
        error.conceal((*self.settings.secrets, *self.more_secrets(), *((token,) if token else ())))


def run(
    transport: Transport, call: Operation[T] | Flow[T], context: Context[Clock], budget: Budget, first: FirstAttempt | None = None
) -> tuple[T, Response]:
    """Run a call. Return its value and its last response. Raises ConsulateException.

    first: the first attempt at an operation, which is over.
    """
    if isinstance(call, Operation):
        response = _exchange(transport, call, context, budget, first)
        try:
            return call.decode(response), response
        except ConsulateException as error:
            context.complete(error, call.request)
            raise
    return _run_flow(transport, call, context, budget)


def _exchange(
    transport: Transport, operation: Operation[Any], context: Context[Clock], budget: Budget, first: FirstAttempt | None = None
) -> Response:
    """Send the request of an operation until a response is final. first: the first attempt, which is over."""
    request, cancel = context.settings.apply(operation), budget.cancel
    is_logged = budget.is_logged
    try:
        while True:
            began = budget.now() if is_logged else 0.0
            try:
                if first is not None:
                    began, attempt, first = first.began, first, None
                    response = attempt.outcome()
                elif cancel is None:
                    response = transport.send(request, budget.left(request.wait))
                else:
                    budget.check()
                    response = send_cancellable(transport, request, budget.left(request.wait), cancel)
            except RequestError as error:
                if is_logged:
                    budget.log_request(request, type(error).__name__, began)
                if budget.may_resend(operation, request, error):
                    continue
                raise
            if is_logged:
                budget.log_request(request, response.status, began)
            pause = budget.pause_after(operation, request, response)
            if pause is None:
                return response
            sleep(context.clock, pause, budget)
    except ConsulateException as error:
        context.complete(error, request, operation.token)
        raise


def sleep(clock: Clock, seconds: float, budget: Budget) -> None:
    """Sleep. Raises Cancelled as soon as the caller's handle is set."""
    if budget.cancel is not None and clock is SYSTEM_CLOCK:
        budget.cancel.wait(seconds)
    else:
        clock.sleep(seconds)
    budget.check()


def _check_flow(flow: object) -> None:
    """Raise TypeError unless this is a flow. A coroutine is closed first, since nobody will await it."""
    if isinstance(flow, Generator):
        return
    if isinstance(flow, Coroutine):
        flow.close()
    advice = "use client.ops: perform(client.ops.kv.get(...)), not perform(client.kv.get(...)), which runs at once"
    if isinstance(flow, Stream):
        advice = "open() reads a stream"
    raise TypeError(f"perform() and perform_with_meta() take an operation or a flow, not an object of {type(flow).__name__}; {advice}")


def _check_step(step: object) -> None:
    """Raise TypeError for a value that a flow must not yield."""
    if not isinstance(step, Operation):
        raise TypeError(f"a flow must yield operations and sleeps, not an object of {type(step).__name__}; see consul_proto.flow.call")


def _run_flow(transport: Transport, flow: Flow[T], context: Context[Clock], budget: Budget) -> tuple[T, Response]:
    _check_flow(flow)
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
            _check_step(step)
            budget.attempt = 1
            try:
                answer = last = _exchange(transport, step, context, budget)
            except ConsulateException as error:
                failure = error
    except StopIteration as stop:
        return cast("T", stop.value), last
    except ConsulateException as error:
        context.complete(error, None, address=last.address)
        raise


async def run_async(
    transport: AsyncTransport, call: Operation[T] | Flow[T], context: Context[AsyncClock], budget: Budget
) -> tuple[T, Response]:
    """Run a call; see `run`."""
    if isinstance(call, Operation):
        response = await _exchange_async(transport, call, context, budget)
        try:
            return call.decode(response), response
        except ConsulateException as error:
            context.complete(error, call.request)
            raise
    return await _run_flow_async(transport, call, context, budget)


async def _exchange_async(transport: AsyncTransport, operation: Operation[Any], context: Context[AsyncClock], budget: Budget) -> Response:
    """Send the request of an operation; see `_exchange`."""
    request = context.settings.apply(operation)
    is_logged = budget.is_logged
    try:
        while True:
            began = budget.now() if is_logged else 0.0
            try:
                response = await transport.send(request, budget.left(request.wait))
            except RequestError as error:
                if is_logged:
                    budget.log_request(request, type(error).__name__, began)
                if budget.may_resend(operation, request, error):
                    continue
                raise
            if is_logged:
                budget.log_request(request, response.status, began)
            pause = budget.pause_after(operation, request, response)
            if pause is None:
                return response
            await context.clock.sleep(pause)
    except ConsulateException as error:
        context.complete(error, request, operation.token)
        raise


async def _run_flow_async(transport: AsyncTransport, flow: Flow[T], context: Context[AsyncClock], budget: Budget) -> tuple[T, Response]:
    _check_flow(flow)
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
            _check_step(step)
            budget.attempt = 1
            try:
                answer = last = await _exchange_async(transport, step, context, budget)
            except ConsulateException as error:
                failure = error
    except StopIteration as stop:
        return cast("T", stop.value), last
    except ConsulateException as error:
        context.complete(error, None, address=last.address)
        raise
