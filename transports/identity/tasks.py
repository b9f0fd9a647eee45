"""The transport of an identity, for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from consul_proto.errors import ConsulateException
from consul_proto.identity.answers import may_be_about_another
from consul_proto.identity.tokens import Obtain, Use
from consul_proto.message import Response
from transports.drive import run_async
from transports.identity.call import LOOK, REFUSALS, Call, Identified, is_refused, own_token, with_token
from transports.streams import AsyncWholeAnswer, open_answer_async, refusal_async
from transports.thread_safe_event import ThreadSafeEvent

if TYPE_CHECKING:
    from consul_proto.message import Request
    from transports.drive import Context
    from transports.identity.login import LoginTokens
    from transports.identity.token_file import FileTokens
    from transports.protocol import AsyncClock, AsyncOpenAnswer, AsyncTransport


class AsyncIdentityTransport(Identified["AsyncClock"]):
    """An `AsyncTransport` that puts the token of an identity on each request that has none; see `IdentityTransport`."""

    def __init__(
        self, transport: AsyncTransport, identity: FileTokens | LoginTokens, login: LoginTokens | None, context: Context[AsyncClock]
    ) -> None:
        super().__init__(identity, login, context)
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        """Return what else the other transport has, such as its limits."""
        if name == "_transport":
            raise AttributeError(name)
        return getattr(self._transport, name)

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request, and once more if its token is no longer known; see `AsyncTransport.send`. Raises ConsulateException."""
        if request.headers.get("x-consul-token") is not None:
            return await self._transport.send(request, timeout)
        call = self._begin(timeout)
        while True:
            token = await self._token(call)
            response = await self._transport.send(with_token(request, token), self._left(call))
            if not await self._goes_again(call, request, response, token):
                return response

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """Open an answer; see `send`."""
        if request.headers.get("x-consul-token") is not None:
            return await open_answer_async(self._transport, request, timeout)
        call = self._begin(timeout)
        while True:
            token = await self._token(call)
            answer = await open_answer_async(self._transport, with_token(request, token), self._left(call))
            if answer.status not in REFUSALS:
                return answer
            response = await refusal_async(answer, lambda: self._left(call))
            if not await self._goes_again(call, request, response, token):
                return AsyncWholeAnswer(response)

    async def _goes_again(self, call: Call, request: Request, response: Response, token: str | None) -> bool:
        """Return whether to send a call again, after the pause that it takes."""
        if not is_refused(response.status, response.body, token):
            return False
        if may_be_about_another(request, response):
            own = await self._transport.send(own_token(token), self._left(call))
            if not is_refused(own.status, own.body, token):
                return False
        pause = self._retry(call, request, token)
        if pause:
            await self.clock.sleep(pause)
        return pause is not None

    async def _token(self, call: Call) -> str | None:
        """Return the token to send. If there is none, log in, or wait for the login of another call."""
        while True:
            step = self._identity.next(self._time())
            if isinstance(step, Use):
                return step.token
            if self._login is not None and isinstance(step, Obtain):
                await self._log_in(self._login, call, step.spare)
            elif self._login is not None:
                await self._wait(self._login, call)

    async def _log_in(self, login: LoginTokens, call: Call, spare: str | None) -> None:
        began = self._time()
        try:
            budget = self._context.budget(self._login_timeout(call, spare))
            answer, _ = await run_async(self._transport, login.operation(), self._context, budget)
            login.obtained(answer, began)
        except BaseException as error:
            failure = login.failed(error, self._time())
            if not self._goes_on(failure, spare):
                raise failure from None

    async def _wait(self, login: LoginTokens, call: Call) -> None:
        woken = ThreadSafeEvent()  # a thread may log in
        attempt = login.join(woken.set)
        if attempt is None:
            return
        try:
            if self._polls:
                while not attempt.is_over and (call.deadline is None or self.clock.now() < call.deadline):
                    await self.clock.sleep(LOOK)
            else:
                with anyio.move_on_after(self._left(call)):
                    await woken.wait()
        finally:
            login.leave(attempt, woken.set)
        self._check_wait(attempt)

    async def aclose(self) -> None:
        """Log out if this is the last client of a login, and close the other transport."""
        try:
            if (logout := self._logout()) is not None:
                await run_async(self._transport, logout[0], self._context, logout[1])
        except ConsulateException as error:
            self._log_failed_logout(error)
        finally:
            await self._transport.aclose()
