"""What the transports of an identity share, for threads and for tasks."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from consul_proto.errors import Cancelled, ConsulateException, RequestTimeout
from consul_proto.identity.answers import is_unknown_token
from consul_proto.message import Headers, Request
from transports.clocks import EVENT_LOOP_CLOCK, SYSTEM_CLOCK
from transports.log import warning
from transports.machines.clocks import boot_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.operation import Operation
    from transports.drive import Budget, Context
    from transports.identity.login import Attempt, LoginTokens
    from transports.identity.token_file import FileTokens
    from transports.protocol import AsyncClock, Clock

K = TypeVar("K", bound="Clock | AsyncClock")

#: Seconds for a renewal while the old token is good, if the call has no time limit, and for the logout.
RENEWAL_TIMEOUT, LOGOUT_TIMEOUT = 10.0, 5.0

#: Seconds between two checks whether the login of another concurrent program of a test is over.
LOOK = 0.01

#: How often a call is sent again because its token was replaced meanwhile.
_MOST_REPLACED = 8

#: Answers whose words are looked at.
REFUSALS = (403, 500)

#: The shortest time limit of a request, in seconds.
_LEAST = 0.001


@dataclass(slots=True)
class Call:
    """One call: when it must end, how often it paused, and how often its token was refused, or replaced meanwhile."""

    deadline: float | None
    pauses: int = 0
    refusals: int = 0
    replaced: int = 0


class Identified(Generic[K]):
    """The decisions about a call, its token and a login."""

    def __init__(self, identity: FileTokens | LoginTokens, login: LoginTokens | None, context: Context[K]) -> None:
        self._identity, self._login = identity, login
        self.clock: K = context.clock
        #: Programs of a test run one at a time: a wait that its clock does not see would stop them all.
        self._polls = hasattr(context.clock, "machines")
        self._context = replace(
            context, settings=replace(context.settings, token=None, consistency="default"), more_secrets=lambda: identity.secrets
        )
        self._time = _time_of(context.clock)
        self._is_closed = False
        if login is not None:
            login.attach()

    def _begin(self, timeout: float | None) -> Call:
        return Call(None if timeout is None else self.clock.now() + timeout)

    def _left(self, call: Call) -> float | None:
        return None if call.deadline is None else max(_LEAST, call.deadline - self.clock.now())

    def _retry(self, call: Call, request: Request, token: str | None) -> float | None:
        """Return the seconds to pause before a refused call is sent again, and log that; None: the refusal is final."""
        pause = self._pause(call, token)
        if pause is not None:
            warning("%s: the token is not known, nothing was done; another attempt in %.3f s", request.shown, pause)
        return pause

    def _pause(self, call: Call, token: str | None) -> float | None:
        retry = self._identity.refused(token, self._time(), call.pauses)
        if retry is None:
            return None
        if retry.is_replaced:
            # The token changed while the call was under way. On a busy machine, that may happen again.
            call.replaced += 1
            return 0.0 if call.replaced <= _MOST_REPLACED else None
        if retry.pause == 0:
            call.refusals += 1
            return 0.0 if call.refusals == 1 else None
        call.pauses += 1
        left = self._left(call)
        return retry.pause if left is None or left > retry.pause else None

    def _login_timeout(self, call: Call, spare: str | None) -> float | None:
        """Return the time limit of a login. While the old token is good, a login that hangs must leave time for the call."""
        left = self._left(call)
        if spare is None:
            return left
        return RENEWAL_TIMEOUT if left is None else min(RENEWAL_TIMEOUT, left / 2)

    def _goes_on(self, error: BaseException, spare: str | None) -> bool:
        """Return whether a call goes on with the old token after a failed renewal, and log that."""
        if spare is None or not isinstance(error, ConsulateException) or isinstance(error, Cancelled):
            return False
        self._context.complete(error, None)
        warning("a new login failed, the old token is used until it expires: %s", error)
        return True

    def _check_wait(self, attempt: Attempt) -> None:
        """After waiting for the login of another call: raise what it raised, or RequestTimeout."""
        if attempt.error is not None:
            raise copy(attempt.error)  # each call adds to its own
        if not attempt.is_over:
            raise RequestTimeout("no answer within the time limit; it waited for the login of another call", maybe_applied=False)

    def _logout(self) -> tuple[Operation[bool], Budget] | None:
        """Note that this client is closed. Return the logout, if it must log out."""
        if self._is_closed or self._login is None:
            return None
        self._is_closed = True
        token = self._login.detach()
        if token is None:
            return None
        from consul_proto.endpoints.acl import ACL
        from consul_proto.namespace import Pure

        acl: ACL[Pure] = ACL()
        return replace(acl.logout(), token=token), self._context.budget(LOGOUT_TIMEOUT, retry=False)

    def _log_failed_logout(self, error: ConsulateException) -> None:
        """Log that a token was not deleted, unless it was deleted before."""
        if not is_unknown_token(error.status or 0, error.body):
            warning("the logout failed, the token lives until it expires: %s", error)


def _time_of(clock: Any) -> Callable[[], float]:
    """Return the time by which tokens expire. Clients with different real clocks may share an identity, so it is the computer's."""
    is_real = clock is SYSTEM_CLOCK or clock is EVENT_LOOP_CLOCK or not getattr(clock, "is_virtual", True)
    now: Callable[[], float] = boot_time if is_real else clock.now
    return now


def with_token(request: Request, token: str | None) -> Request:
    """Return a request with a token."""
    if token is None:
        return request
    return request.changed(request.query, Headers((*request.headers.items, ("X-Consul-Token", token))), request.body)


def own_token(token: str | None) -> Request:
    """Return the request that asks whether Consul knows a token."""
    return with_token(Request("GET", "/v1/acl/token/self"), token)


def is_refused(status: int, body: bytes, token: str | None) -> bool:
    """Return whether Consul does not know the token."""
    return status in REFUSALS and token is not None and is_unknown_token(status, body)
