"""Calls that are sent at once and answered later: one thread can then wait for many answers. `drive` decides what an answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from consul_proto.operation import Operation
from transports.drive import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.message import Response
    from transports.cancel import Cancel
    from transports.clients.exchange import Exchange
    from transports.clients.sync_socket import SocketTransport
    from transports.drive import Budget, Context
    from transports.protocol import Transport


class Started:
    """An operation whose request was sent. exchange: the first attempt. began: when it was sent. budget: of the whole call."""

    def __init__(
        self, transport: Transport, operation: Operation[Any], context: Context[Any], budget: Budget, exchange: Exchange, began: float
    ) -> None:
        self.exchange = exchange
        self.began = began
        self._transport, self._operation, self._context, self._budget = transport, operation, context, budget

    @property
    def needs_time(self) -> bool:
        """Whether `result` may take a while: unless the answer means success, the request may be sent again after a pause."""
        response = self.exchange.response
        return response is None or response.status not in self._operation.answers

    def outcome(self) -> Response:
        """Return the answer to the first attempt. Raises RequestError."""
        return self.exchange.outcome()

    def result(self) -> Any:
        """Return the value of the operation, once the exchange is over. It is retried as in every call. Raises ConsulateException."""
        return run(self._transport, self._operation, self._context, self._budget, self)[0]


def starter(transport: Transport, context: Context[Any]) -> Callable[[object, Cancel], Started | None] | None:
    """Return what starts calls over a transport, or None if the transport cannot start one without waiting for its answer.

    It takes an operation and the handle that cancels it. It returns None, with nothing sent, for a call that must wait before it is sent.
    """
    # The class's own: one that only changes `send` of another, or wraps it, expects that each request comes there.
    if "start_exchange" not in vars(type(transport)):
        return None
    sockets = cast("SocketTransport", transport)

    def start(call: object, cancel: Cancel) -> Started | None:
        if not isinstance(call, Operation):
            return None
        budget = context.budget(cancel=cancel)
        request = context.settings.apply(call)
        began = budget.now()
        exchange = sockets.start_exchange(request, budget.left(request.wait))
        return None if exchange is None else Started(transport, call, context, budget, exchange, began)

    return start
