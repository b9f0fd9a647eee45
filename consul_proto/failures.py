"""Which exception an answer is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from consul_proto.errors import (
    ACLDisabled,
    ClientError,
    ConsulateException,
    DecodeError,
    Forbidden,
    NoLeader,
    NotFound,
    RateLimited,
    Redirected,
    ServerError,
    is_retryable,
    words,
)

if TYPE_CHECKING:
    from consul_proto.message import Request, Response

#: What an answer means where its status alone does not tell; None: what its status usually means.
Explain: TypeAlias = Callable[["Response"], ConsulateException | None]

#: RFC 9110, section 15.5.9: the server gave up waiting for the request, or a proxy for the server.
_REQUEST_TIMEOUT = 408

_BY_STATUS: dict[int, type[ClientError]] = {
    401: ACLDisabled,
    403: Forbidden,
}


#: How Consul says in text that something does not exist, and not that it has no such endpoint.
_NOT_FOUND = re.compile(rb"(?i)\b(?:unknown|not found|does not exist|cannot find)\b")
_NO_ENDPOINT = re.compile(rb"(?i)\s*(?:404\b|not found\b|Invalid URL path|[<{\[])")

#: What an unknown token or a missing rule is on the way from another server, where the status is lost: `event.fire` does it to this day.
_FORBIDDEN = re.compile(rb"(?:rpc error[^:]*: )*(?:ACL not found|Permission denied)\b")


def error_for(request: Request, response: Response, explain: Explain | None = None) -> ConsulateException:
    """Return the exception that this answer to this request is. explain: what the operation knows of its own answers, asked first."""
    error = (explain(response) if explain is not None else None) or _usual_error(request, response)
    error.status, error.body = response.status, response.body
    error.about(request)
    return error


def _usual_error(request: Request, response: Response) -> ConsulateException:
    """What an answer with this status means to every call."""
    status, body = response.status, response.body
    said = words(body, response.headers.get("content-type") or "")
    if is_retryable(status, body):
        return (RateLimited if status == 429 else NoLeader)(said or "too many requests", maybe_applied=False)
    if 300 <= status < 400:
        location = response.headers.get("location")
        where = "another address" if location is None or request.shown_path else location
        return Redirected(f"Consul redirects to {where} and did nothing; use the name in that address", maybe_applied=False)
    if status == 404:
        return not_found(response)
    if 400 <= status < 500:
        kind = _BY_STATUS.get(status, ClientError)
        return kind(said or "refused without an explanation", maybe_applied=status == _REQUEST_TIMEOUT)
    if status == 500 and _FORBIDDEN.match(body):
        return Forbidden(said, maybe_applied=False)
    if status >= 500:
        return ServerError(said or "failed without an explanation")
    return DecodeError(f"no call of the API is answered with this status: {said}".rstrip(": "))


def not_found(response: Response) -> ClientError:
    """Return what an answer with 404 means: NotFound where Consul says so in words, else that this endpoint did not answer."""
    said = words(response.body, response.headers.get("content-type") or "")
    if _NOT_FOUND.search(response.body) and not _NO_ENDPOINT.match(response.body):
        return NotFound(said, maybe_applied=False)
    return ClientError(
        f"{said or 'an empty answer'}: the agent has no such endpoint, or something other than Consul answered;"
        " check the agent's version and address",
        maybe_applied=False,
    )
