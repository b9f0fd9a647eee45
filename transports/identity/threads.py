"""The transport of an identity, for threads."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from consul_proto.errors import Cancelled, ConsulateException
from consul_proto.identity.answers import may_be_about_another
from consul_proto.identity.tokens import Obtain, Use
from consul_proto.message import Response
from transports.cancel import Cancel, is_cancellable, send_cancellable
from transports.clocks import SYSTEM_CLOCK
from transports.drive import run
from transports.identity.call import LOOK, REFUSALS, Call, Identified, is_refused, own_token, with_token
from transports.streams import WholeAnswer, open_answer, refusal

if TYPE_CHECKING:
    from consul_proto.message import Request
    from transports.drive import Context
    from transports.identity.login import LoginTokens
    from transports.identity.token_file import FileTokens
    from transports.protocol import Clock, OpenAnswer, Transport


class IdentityTransport(Identified["Clock"]):
    """A `Transport` that puts the token of an identity on each request that has none, around a transport without `cancel`."""

    def __init__(
        self, transport: Transport, identity: FileTokens | LoginTokens, login: LoginTokens | None, context: Context[Clock]
    ) -> None:
        super().__init__(identity, login, context)
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        """Return what else the other transport has, such as its limits."""
        if name == "_transport":
            raise AttributeError(name)
        return getattr(self._transport, name)

    def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request, and once more if its token is no longer known; see `Transport.send`. Raises ConsulateException."""
        return self._send(request, timeout, None)

    def _send(self, request: Request, timeout: float | None, cancel: Cancel | None) -> Response:
        if request.headers.get("x-consul-token") is not None:
            return send_cancellable(self._transport, request, timeout, cancel)
        call = self._begin(timeout)
        while True:
            token = self._token(call, cancel)
            response = send_cancellable(self._transport, with_token(request, token), self._left(call), cancel)
            if not self._goes_again(call, request, response, token, cancel):
                return response

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
        """Open an answer; see `send`."""
        if request.headers.get("x-consul-token") is not None:
            return open_answer(self._transport, request, timeout, cancel)
        call = self._begin(timeout)
        while True:
            token = self._token(call, cancel)
            answer = open_answer(self._transport, with_token(request, token), self._left(call), cancel)
            if answer.status not in REFUSALS:
                return answer
            response = refusal(answer, lambda: self._left(call))
            if not self._goes_again(call, request, response, token, cancel):
                return WholeAnswer(response)

    def _goes_again(self, call: Call, request: Request, response: Response, token: str | None, cancel: Cancel | None) -> bool:
        """Return whether to send a call again, after the pause that it takes."""
        if not is_refused(response.status, response.body, token):
            return False
        if may_be_about_another(request, response):
            own = send_cancellable(self._transport, own_token(token), self._left(call), cancel)
            if not is_refused(own.status, own.body, token):
                return False
        pause = self._retry(call, request, token)
        if pause:
            self._sleep(pause, cancel)
        return pause is not None

    def _sleep(self, seconds: float, cancel: Cancel | None) -> None:
        if cancel is not None and self.clock is SYSTEM_CLOCK:
            cancel.wait(seconds)
        else:
            self.clock.sleep(seconds)
        _check(cancel)

    def _token(self, call: Call, cancel: Cancel | None) -> str | None:
        """Return the token to send. If there is none, log in, or wait for the login of another call."""
        while True:
            step = self._identity.next(self._time())
            if isinstance(step, Use):
                return step.token
            if self._login is not None and isinstance(step, Obtain):
                self._log_in(self._login, call, step.spare, cancel)
            elif self._login is not None:
                self._wait(self._login, call, cancel)

    def _log_in(self, login: LoginTokens, call: Call, spare: str | None, cancel: Cancel | None) -> None:
        began = self._time()
        try:
            budget = self._context.budget(self._login_timeout(call, spare), cancel=cancel)
            login.obtained(run(self._transport, login.operation(), self._context, budget)[0], began)
        except BaseException as error:
            failure = login.failed(error, self._time())
            if not self._goes_on(failure, spare):
                raise failure from None

    def _wait(self, login: LoginTokens, call: Call, cancel: Cancel | None) -> None:
        woken = threading.Event()
        attempt = login.join(woken.set)
        if attempt is None:
            return
        try:
            if self._polls:
                while not attempt.is_over and (call.deadline is None or self.clock.now() < call.deadline):
                    self._sleep(LOOK, cancel)
            else:
                with nullcontext() if cancel is None else cancel.on_set(woken.set):
                    woken.wait(self._left(call))
        finally:
            login.leave(attempt, woken.set)
        _check(cancel)
        self._check_wait(attempt)

    def close(self) -> None:
        """Log out if this is the last client of a login, and close the other transport."""
        try:
            if (logout := self._logout()) is not None:
                run(self._transport, logout[0], self._context, logout[1])
        except ConsulateException as error:
            self._log_failed_logout(error)
        finally:
            self._transport.close()


class CancellableIdentityTransport(IdentityTransport):
    """An `IdentityTransport` around a transport that can cancel a call."""

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Send a request; see `IdentityTransport.send`. Raises Cancelled once `cancel` is set."""
        return self._send(request, timeout, cancel)


def identity_transport(
    transport: Transport, identity: FileTokens | LoginTokens, login: LoginTokens | None, context: Context[Clock]
) -> Transport:
    """Return a transport that sends the token of an identity."""
    kind = CancellableIdentityTransport if is_cancellable(transport) else IdentityTransport
    return kind(transport, identity, login, context)


def _check(cancel: Cancel | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("the call was cancelled", maybe_applied=False)
