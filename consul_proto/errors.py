"""All exceptions. `consul_proto.failures` chooses the exception for an answer.

`ValueError` and `TypeError` are raised before anything is sent: the call is wrong. `RequestError`: the connection failed.
`ClientError` and `ServerError`: Consul answered with an error status. `DecodeError`: the answer is not what the API promises.

Each exception has the method, the path, the address, the status and the body. `maybe_applied` says whether Consul may have carried
out the request. No exception contains the token: the driver of an operation removes it from the server's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from consul_proto.percent import unquote

if TYPE_CHECKING:
    from consul_proto.types.txn import TxnError

#: How much of an answer an error message quotes, in characters; the whole body stays in `body`.
_QUOTED = 300


class _Sent(Protocol):
    """The parts of a `consul_proto.message.Request` that an error needs."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def shown_path(self) -> str | None: ...


class _Received(Protocol):
    """The parts of a `consul_proto.message.Response` that an error needs."""

    @property
    def address(self) -> str | None: ...
    @property
    def earlier(self) -> str: ...


class ConsulateException(Exception):
    """The base class of all exceptions that are raised after a call has begun.

    message: what happened, in a sentence.
    maybe_applied: False only if Consul certainly did not carry out the request.
    status, body: those of the answer, if there was one.
    method, path, address: those of the request; a path that contains a secret is shown with a placeholder.
    """

    #: What to do about the error, if its class alone decides that.
    advice: str = ""

    #: The statuses that do not help to understand the error.
    unsaid: tuple[int, ...] = ()

    def __init__(self, message: str, *, maybe_applied: bool = True, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(message)
        self.message = message
        self.maybe_applied = maybe_applied
        self.status = status
        self.body = body
        self.method: str | None = None
        self.path: str | None = None
        self.address: str | None = None

    def about(self, request: _Sent) -> None:
        """Record which request failed. If the last segment of its path is a secret, hide it."""
        self.method, self.path = request.method, request.shown_path or request.path
        if request.shown_path:
            secret = request.path.rpartition("/")[2]
            self.conceal((secret, unquote(secret)))

    def came_from(self, response: _Received) -> None:
        """Record which of several agents gave the answer, and what those before it said."""
        self.address = response.address
        if response.earlier and response.earlier not in self.message:
            self.add(response.earlier)

    def conceal(self, secrets: Sequence[str]) -> None:
        """Replace these texts in everything that this exception contains (a proxy may echo the headers that it received)."""
        for secret in secrets:
            self.message = self.message.replace(secret, "<hidden>")
            self.body = self.body.replace(secret.encode(), b"<hidden>")
            if any(secret in repr(cause) for cause in (self.__cause__, self.__context__)):
                self.__cause__ = self.__context__ = None
        self.args = (self.message,)

    def add(self, says: str) -> None:
        """Add to the message what else happened, such as what was done about the error."""
        self.message = f"{self.message}; {says}"
        self.args = (self.message,)

    def __str__(self) -> str:
        call = f"{self.method} {self.path}" if self.method else ""
        if self.address:
            call = f"{call} on {self.address}".strip()
        status = "" if self.status is None or self.status in self.unsaid else f"{self.status} "
        text = f"{call}: {status}{self.message}" if call else f"{status}{self.message}"
        return f"{text} ({self.advice})" if self.advice else text

    def __reduce__(self) -> tuple[Callable[..., ConsulateException], tuple[object, ...]]:
        return _restored, (type(self), self.message, self.__dict__)


def _restored(kind: type[ConsulateException], message: str, state: dict[str, Any]) -> ConsulateException:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    return error


class RequestError(ConsulateException):
    """The connection failed: refused, reset, cut off, not HTTP, a certificate that does not verify, an answer that is too large."""


class RequestTimeout(RequestError):
    """The call took longer than its `timeout` (in seconds: of the client, of a view from `using(timeout=...)`, or of the call)."""


class StaleConnection(RequestError):
    """The server closed an idle connection just when it was used again. A read may be sent again."""


class UnreadableBody(RequestError):
    """The body of the request could not be read while it was sent, or it has another size than announced: Consul did not get all of it."""


class ClientClosed(RequestError):
    """The client was closed; nothing was sent."""


class Cancelled(RequestError):
    """The call's `cancel` handle was set. `maybe_applied` says whether Consul may have carried the request out."""


class NoConnectionFree(RequestError):
    """All connections for blocking queries are in use, and this call does not wait for one; nothing was sent."""


class DecodeError(ConsulateException):
    """The answer is not what the API promises: not JSON, another shape, not base64."""


class ClientError(ConsulateException):
    """Consul refused the request (a status from 300 to 499)."""


#: Consul's words -> what to do, if a token with more rules does not help.
_FORBIDDEN_ADVICE = {
    "ACL bootstrap no longer allowed": "this works once for each cluster: use the token that it gave then, or reset the ACL system"
    " with the reset index; https://developer.hashicorp.com/consul/docs/secure/acl/troubleshoot",
    "ACL not found": "Consul does not know this token: it was deleted, has expired, or is of another cluster; give another"
    " with token= or CONSUL_HTTP_TOKEN",
    "Supplied token does not exist": "this call is about the token that it is sent with: give one that exists"
    " with token= or CONSUL_HTTP_TOKEN",
    "wasn't created via login": "only a token that acl.login returned can log out; acl.token.delete deletes any other",
    "no binding rule of the auth method applies": "look at acl.binding_rule.list(authmethod=...) and acl.auth_method.read(...)",
    "a new peering token must be generated": "this one was used, or a newer one was generated: call peering.generate_token again there",
}


class Forbidden(ClientError):
    """The token may not do this (403)."""

    advice = "give a token that has the rule, with token= or CONSUL_HTTP_TOKEN"

    def __init__(self, message: str, *, maybe_applied: bool = True, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(message, maybe_applied=maybe_applied, status=status, body=body)
        self.advice = next((advice for said, advice in _FORBIDDEN_ADVICE.items() if said in message), self.advice)


class NotFound(ClientError):
    """The requested object does not exist (a 404 in Consul's own words, or an answer that says so)."""

    #: Of an empty list, and of a transaction: how Consul happens to say it.
    unsaid = (200, 409)


class KeyNotFound(NotFound, KeyError, AttributeError):
    """The key does not exist. This is also a KeyError and an AttributeError: the documented API promises both, in different places."""

    def __str__(self) -> str:
        return ConsulateException.__str__(self)


class ACLDisabled(ClientError):
    """ACLs are off on this agent (401)."""


class LegacyACLRemoved(ACLDisabled):
    """The agent no longer has the legacy ACL system: Consul 1.11 removed it."""


class Redirected(ClientError):
    """Consul redirected the request (301, 307), for example to another key; nothing was done."""


class TransactionFailed(ClientError):
    """The transaction was rolled back (409). `errors` has an object for each operation that failed."""

    def __init__(
        self, message: str, *, errors: Sequence[TxnError] = (), maybe_applied: bool = False, status: int | None = None, body: bytes = b""
    ) -> None:
        super().__init__(message, maybe_applied=maybe_applied, status=status, body=body)
        self.errors = list(errors)


class CASFailed(ClientError, KeyError):
    """Other writers changed the key before each attempt of a check-and-set. Also a KeyError, as the documented API promises."""

    def __str__(self) -> str:
        return ConsulateException.__str__(self)


class RateLimited(ClientError):
    """The server asks to slow down (429); nothing was done."""


class ServerError(ConsulateException):
    """Consul failed (500 or above). Consul also answers some invalid requests with 500."""


class NoLeader(ServerError):
    """The cluster has no leader at the moment; nothing was done."""


class LockFailure(ConsulateException):
    """A lock, a slot of a semaphore or a leadership could not be acquired, or was lost."""


class LockConflict(LockFailure):
    """The key is used for something else: it has other flags, or the semaphore has another limit. Nothing was changed."""


class LockNotAcquired(LockFailure):
    """The time to wait is over, and others still hold it; or the session that the caller gave has ended.

    is_time_over: whether it was the time.
    """

    is_time_over = False


class LockLost(LockFailure):
    """The lock was lost while it was held: from then on, another may have it."""


#: https://developer.hashicorp.com/consul/api-docs/api-structure: failures are text, and may be prefixed along the way.
_NO_LEADER = rb"(?:rpc error[^:]*: |rpc error: code = \w+ desc = )*No cluster leader\s*"

#: Since Consul 1.15: the rate limit is exceeded, and only the leader can carry out the request, so another server cannot help.
_LEADER_RATE_LIMIT = b"rate limit exceeded for operation that can only be performed by the leader"


def is_retryable(status: int, body: bytes) -> bool:
    """Return whether the request may be sent again: Consul did nothing, because of a rate limit or because there is no leader."""
    if status == 429:
        return True
    if status == 500:
        return re.fullmatch(_NO_LEADER, body) is not None
    return status == 503 and _LEADER_RATE_LIMIT in body


def words(body: bytes, content_type: str = "") -> str:
    """Return a server's text as one line for a message."""
    text = body.decode("utf-8", "replace").strip()
    if "html" in content_type or text[:1] == "<":
        return f"an HTML page of {len(body)} bytes, so a proxy answered rather than Consul"
    text = " ".join("".join(character if character.isprintable() else " " for character in text[: 2 * _QUOTED]).split())
    return text if len(text) <= _QUOTED else text[:_QUOTED] + "..."
