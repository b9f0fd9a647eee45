"""From an answer to the exception that it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

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

#: Returns the exception for an answer, or None where its status has the usual meaning.
Explain: TypeAlias = Callable[["Response"], ConsulateException | None]

#: RFC 9110, section 15.5.9: the server gave up waiting for the request, or a proxy for the server.
_REQUEST_TIMEOUT = 408

_BAD_REQUEST = 400

#: In a name that is one segment of a path: what is cleaned away as if the name were a path.
_FOLDERS = re.compile(r"%2F|%2E")

_BY_STATUS: dict[int, type[ClientError]] = {
    401: ACLDisabled,
    403: Forbidden,
}


#: How Consul says in text that something does not exist, and not that it has no such endpoint.
_NOT_FOUND = re.compile(rb"(?i)\b(?:unknown|not found|does not exist|cannot find)\b")
_NO_ENDPOINT = re.compile(rb"(?i)\s*(?:404\b|not found\b|Invalid URL path|[<{\[])")

#: How an unknown token or a missing rule is reported by another server, whose status is lost on the way (`event.fire`).
_FORBIDDEN = re.compile(rb"(?:rpc error[^:]*: )*(?:ACL not found|Permission denied)\b")


def error_for(request: Request, response: Response, explain: Explain | None = None) -> ConsulateException:
    """Return the exception for an answer. explain: of the operation; it is asked first."""
    error = (explain(response) if explain is not None else None) or _usual_error(request, response)
    error.status, error.body = response.status, response.body
    error.about(request)
    return error


def _usual_error(request: Request, response: Response) -> ConsulateException:
    """Return what an answer with this status means for every call."""
    status, body = response.status, response.body
    said = words(body, response.headers.get("content-type") or "")
    if is_retryable(status, body):
        return (RateLimited if status == 429 else NoLeader)(said or "too many requests", maybe_applied=False)
    if 300 <= status < 400:
        return _redirected(request, response.headers.get("location"))
    if status == 404:
        return not_found(response)
    if 400 <= status < 500:
        kind = _BY_STATUS.get(status, ClientError)
        return kind(said or _unexplained(request, status), maybe_applied=status == _REQUEST_TIMEOUT)
    if status == 500 and _FORBIDDEN.match(body):
        return Forbidden(said, maybe_applied=False)
    if status >= 500:
        return ServerError(said or "failed without an explanation")
    return DecodeError(f"unexpected status: {said}".rstrip(": "))


def _redirected(request: Request, location: str | None) -> Redirected:
    """Return the error for a redirect. Agents before 1.21.5 clean names in a path as if they were folders."""
    where = "another address" if location is None or request.shown_path else location
    does = f"Consul redirects to {where} and did nothing"
    name = request.path.rpartition("/")[2]
    if request.path.startswith("/v1/kv/") or not _FOLDERS.search(name):
        return Redirected(f"{does}; use the name in that address", maybe_applied=False)
    named = "" if request.shown_path else f" {unquote(name)!r}"
    return Redirected(
        f"{does}: before 1.21.5 it finds no name with an empty, '.' or '..' part between slashes in a path, as{named or ' this one'} has;"
        " use another name, or a newer agent",
        maybe_applied=False,
    )


def _unexplained(request: Request, status: int) -> str:
    """Return what to say of an answer without a body: agents give one for a path with characters that they cannot print."""
    if status == _BAD_REQUEST and "%" in request.path:
        return "refused without an explanation, as Consul does where it cannot print a character of the path; older agents know fewer"
    return "refused without an explanation"


def not_found(response: Response) -> ClientError:
    """Return NotFound for a 404 in Consul's own words; any other 404 is not the endpoint's answer."""
    said = words(response.body, response.headers.get("content-type") or "")
    if _NOT_FOUND.search(response.body) and not _NO_ENDPOINT.match(response.body):
        return NotFound(said, maybe_applied=False)
    return ClientError(
        f"{said or 'an empty answer'}: the agent has no such endpoint, or something other than Consul answered;"
        " check the agent's version and address",
        maybe_applied=False,
    )
