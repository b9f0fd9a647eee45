"""A login through an auth method: one at a time, whatever the number of clients, threads and tasks."""

from __future__ import annotations

import os
import threading
from copy import copy
from typing import TYPE_CHECKING

from consul_proto.errors import Cancelled, ClientClosed, ConsulateException, Forbidden, NotFound, RequestTimeout
from consul_proto.identity.answers import login_token
from consul_proto.identity.tokens import Obtain, TokenState
from consul_proto.message import check_header
from transports.clients.fork import renew_after_fork
from transports.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consul_proto.identity.tokens import Retry, Step
    from consul_proto.namespace import Pure
    from consul_proto.operation import Operation
    from consul_proto.types.acl_token import ACLToken
    from consul_proto.types.options import Scope

#: Failures that concern only the call that logs in: the calls that wait for it try again.
_OWN = (Cancelled, ClientClosed, RequestTimeout)

_OK = 200


class Attempt:
    """One login, and those who wait for it. error: why it failed, if that concerns them too."""

    def __init__(self) -> None:
        self.is_over = False
        self.error: ConsulateException | None = None
        self.wakes: list[Callable[[], object]] = []


class LoginTokens:
    """The current token of a login, and who logs in next."""

    def __init__(
        self,
        auth_method: str,
        bearer_token_file: str | os.PathLike[str],
        meta: Mapping[str, str] | None,
        datacenter: str | None,
        namespace: str | None,
    ) -> None:
        if not auth_method:
            raise ValueError("Login(): auth_method must be the name of an auth method")
        self.auth_method, self.bearer_token_file = auth_method, os.fspath(bearer_token_file)
        self._meta = None if meta is None else dict(meta)
        self._options: Scope = {}
        if datacenter is not None:
            self._options["datacenter"] = datacenter
        if namespace is not None:
            self._options["namespace"] = namespace
        self._state = TokenState()
        self._clients = 0
        self._attempt = Attempt()
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """In the child: a thread of the parent may hold the lock, or log in. The token is the parent's, which logs out."""
        self._lock = threading.Lock()
        token = self._state.token
        self._state = TokenState()
        if token is not None:
            self._state.remember(token)
        self._attempt = Attempt()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The tokens and bearer tokens that no error may contain."""
        return self._state.secrets

    def attach(self) -> None:
        """Note that a client uses this login."""
        with self._lock:
            self._clients += 1

    def detach(self) -> str | None:
        """Note that a client no longer uses this login. Return the token with which the last client must log out."""
        with self._lock:
            self._clients -= 1
            return self._state.drop() if self._clients == 0 else None

    def next(self, now: float) -> Step:
        """Return the token to send, or what to do to get one. After `Obtain`, the caller must call `obtained` or `failed`."""
        with self._lock:
            step = self._state.next(now)
            if isinstance(step, Obtain):
                self._attempt = Attempt()
            return step

    def join(self, wake: Callable[[], object]) -> Attempt | None:
        """Call `wake`, from any thread, when the login that runs is over. Return None if none runs."""
        with self._lock:
            attempt = self._attempt
            if attempt.is_over:
                return None
            attempt.wakes.append(wake)
            return attempt

    def leave(self, attempt: Attempt, wake: Callable[[], object]) -> None:
        """Stop waiting for a login."""
        with self._lock:
            if wake in attempt.wakes:
                attempt.wakes.remove(wake)

    def refused(self, token: str | None, now: float, attempt: int) -> Retry | None:
        """Return when to send a call again whose token Consul does not know."""
        with self._lock:
            return self._state.refused(token, now, attempt)

    def operation(self) -> Operation[ACLToken]:
        """Read the bearer token, and return the call that logs in. Raises ConsulateException."""
        # The file is small: reading it takes less time than handing it to a worker thread, so tasks read it themselves.
        try:
            with open(self.bearer_token_file, encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes longer to import than this module
                bearer = file.read().strip()
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise ConsulateException(
                f"{self._says}: the bearer token file {self.bearer_token_file} cannot be read: {why}", maybe_applied=False
            ) from None
        if not bearer:
            raise ConsulateException(f"{self._says}: the bearer token file {self.bearer_token_file} is empty", maybe_applied=False)
        with self._lock:
            self._state.remember(bearer)
        from consul_proto.endpoints.acl import ACL  # imported when it is used: other clients need none of it

        acl: ACL[Pure] = ACL()
        return acl.login(self.auth_method, bearer, meta=self._meta, **self._options)

    @property
    def _says(self) -> str:
        return f"the login through the auth method {self.auth_method!r} failed"

    def obtained(self, answer: ACLToken, began: float) -> None:
        """Take the answer to a login. began: when it was sent. Raises DecodeError."""
        token, lifetime = login_token(answer)
        try:
            check_header("X-Consul-Token", token)
        except ValueError as error:
            raise ConsulateException(f"{self._says}: {error}") from None
        with self._lock:
            self._state.obtained(token, began, lifetime)
        self._end(None)

    def failed(self, error: BaseException, now: float) -> BaseException:
        """Record that a login failed, and return what the caller must raise.

        The calls that wait for this login fail too, unless it was cancelled, or exceeded the time limit of the call that logged in.
        """
        if isinstance(error, ConsulateException):
            error = self._explained(error)
        with self._lock:
            self._state.failed(now)
        self._end(copy(error) if isinstance(error, ConsulateException) and not isinstance(error, _OWN) else None)
        return error

    def _explained(self, error: ConsulateException) -> ConsulateException:
        if isinstance(error, NotFound):
            # Not NotFound: the call that needed the token would seem to have found nothing.
            found = Forbidden(error.message, status=error.status, body=error.body)
            found.method, found.path, found.address = error.method, error.path, error.address
            found.advice = "look at acl.auth_method.list()"
            error = found
        # The call that needed the token was not sent. An answer that was not understood may contain a token.
        error.maybe_applied, error.body = False, b"" if error.status == _OK else error.body
        if self._says not in error.message:
            error.add(self._says)
        error.conceal(self.secrets)
        return error

    def _end(self, error: ConsulateException | None) -> None:
        with self._lock:
            attempt = self._attempt
            attempt.is_over, attempt.error = True, error
            wakes = [*attempt.wakes]
        for wake in wakes:
            wake()


class Login(Identity):
    """A login through an auth method: `Consul(auth=Login("kubernetes", "/var/run/secrets/.../token"))`.

    The client logs in when its first call needs a token, again before the token expires, and again if Consul no longer knows the token; a
    call that was refused for that is sent once more with the new token. There is one login at a time: meanwhile the other calls go on with
    the old token while it is good, and otherwise wait within their own time limits. The file is read at each login. The last client that
    uses a Login logs out when it is closed. One Login can serve any number of clients of one cluster, threads and tasks.

    A call whose login fails raises Forbidden for an unknown auth method or if no binding rule applies, ServerError for an invalid bearer
    token, ConsulateException if the file cannot be read, or what any call can raise. The call itself was not sent.

    auth_method: its name. bearer_token_file: a file with the JWT, or the token of a Kubernetes service account.
    meta: is stored in the description of the token. datacenter, namespace: where to log in, if not where the client's calls go.

    ```python
    from consulate import Consul, Login

    consul = Consul(auth=Login("kubernetes", "/var/run/secrets/kubernetes.io/serviceaccount/token", meta={"pod": "web-1"}))
    ```
    """

    def __init__(
        self,
        auth_method: str,
        bearer_token_file: str | os.PathLike[str],
        *,
        meta: Mapping[str, str] | None = None,
        datacenter: str | None = None,
        namespace: str | None = None,
    ) -> None:
        super().__init__(LoginTokens(auth_method, bearer_token_file, meta, datacenter, namespace))
        self.auth_method, self.bearer_token_file = auth_method, os.fspath(bearer_token_file)

    def __repr__(self) -> str:
        return f"Login({self.auth_method!r}, {self.bearer_token_file!r})"
