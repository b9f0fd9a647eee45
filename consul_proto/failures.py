"""Choose the exception for an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
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
from consul_proto.message import Request
from consul_proto.percent import unquote

if TYPE_CHECKING:
    from consul_proto.message import Response

#: The request of an answer that is read without it.
_ANY_REQUEST = Request("GET", "/")

#: Returns the exception for an answer, or None if its status has the usual meaning.
Explain: TypeAlias = Callable[["Response"], ConsulateException | None]

#: Statuses with which a server may say when to try again (RFC 9110, section 10.2.3).
WITH_RETRY_AFTER = (429, 503)

#: RFC 9110, section 15.5.9: the server gave up waiting for the request, or a proxy for the server.
_REQUEST_TIMEOUT = 408

_BAD_REQUEST = 400

# These expressions are compiled when an answer is an error, and `re` keeps them.

#: Parts of a name that older agents remove, as if the name were a path.
_FOLDERS = r"%2F|%2E"

#: Consul's own words for a 401. A proxy that wants a password answers with the same status.
_ACL_DISABLED = rb"(?:rpc error[^:]*: )*ACL support disabled\s*"

#: How Go, nginx and Apache refuse plain HTTP on a port for TLS.
_NEEDS_TLS = rb"HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL"

#: Consul's words for an object that does not exist; they differ from those for an unknown endpoint.
_NOT_FOUND = rb"(?i)\b(?:unknown|not found|does not exist|cannot find)\b"
_NO_ENDPOINT = rb"(?i)\s*(?:404\b|not found\b|Invalid URL path|[<{\[])"

#: Consul's words for a prepared query or an intention that does not exist, when it is changed or deleted.
_MISSING_OBJECT = rb"(?:rpc error[^:]*: )*Cannot (?:modify|delete) non-existent "

#: The characters of a line of a PEM key that are enough to be a secret; the last line of a key may be shorter.
_LINE_OF_A_KEY = 16

#: The text for an unknown token or a missing rule when another server reports it: its status is lost on the way (`event.fire`).
_FORBIDDEN = rb"(?:rpc error[^:]*: )*(?:ACL not found|Permission denied)\b"


def error_for(request: Request, response: Response, explain: Explain | None = None) -> ConsulateException:
    """Return the exception for an answer. explain: the function of the operation, which is called first."""
    error = (explain(response) if explain is not None else None) or _usual_error(request, response)
    error.status, error.body = response.status, error.body or response.body
    error.about(request)
    return error


def missing_object(response: Response) -> NotFound | None:
    """Return NotFound if Consul refuses to change or delete an object that does not exist, with the status 500: an `explain` function."""
    if response.status == 500 and re.match(_MISSING_OBJECT, response.body):
        return NotFound(words(response.body), maybe_applied=False)
    return None


def hiding(secrets: Iterable[str], explain: Explain | None = None) -> Explain | None:
    """Return an `explain` function that hides secrets which the answer quotes. explain: the operation's own function, if it has one."""
    texts = [text.encode("utf-8", "surrogatepass") for secret in secrets if secret for text in _quoted(secret)]
    if not texts:
        return explain

    def explained(response: Response) -> ConsulateException | None:
        body = response.body
        for text in texts:
            body = body.replace(text, b"<hidden>")
        if body == response.body:
            return explain(response) if explain is not None else None
        shown = replace(response, body=body)
        error = (explain(shown) if explain is not None else None) or _usual_error(_ANY_REQUEST, shown)
        error.body = body
        return error

    return explained


def _quoted(secret: str) -> list[str]:
    """Return the forms in which an answer may quote a secret: as it is, escaped (as in JSON or Go), and the single lines of a key."""
    lines = [line for line in secret.split() if len(line) >= _LINE_OF_A_KEY]
    return [secret, json.dumps(secret, ensure_ascii=False)[1:-1], *lines]


def _usual_error(request: Request, response: Response) -> ConsulateException:
    """Return the exception that this status means for every call."""
    status, body = response.status, response.body
    said = words(body, response.headers.get("content-type") or "")
    if is_retryable(status, body):
        return (RateLimited if status == 429 else NoLeader)((said or "too many requests") + _asked_to_wait(response), maybe_applied=False)
    if 300 <= status < 400:
        return _redirect(request, response)
    if status == 404:
        return not_found(response)
    if 400 <= status < 500:
        return _refusal(response, said or _unexplained(request, status))
    if status == 500 and re.match(_FORBIDDEN, body):
        return Forbidden(said, maybe_applied=False)
    if status >= 500:
        return ServerError((said or "failed without an explanation") + _asked_to_wait(response))
    return DecodeError(f"unexpected status: {said}".rstrip(": "))


def _refusal(response: Response, said: str) -> ClientError:
    """Return the error for a status from 400 to 499 that has its usual meaning in this call."""
    status, body = response.status, response.body
    if status == 401 and re.fullmatch(_ACL_DISABLED, body):
        return ACLDisabled(said, maybe_applied=False)
    if status == 401:
        return ClientError(f"{said}; a proxy in front of Consul may require credentials: give them with basic_auth=", maybe_applied=False)
    if status == 407:
        says = f"{said}; the HTTP proxy requires credentials: give them in its URL, as in proxy='http://user:password@proxy:3128'"
        return ClientError(says, maybe_applied=False)
    if status == 403 and not _is_text(response):
        return ClientError(f"{said}; something in front of Consul refuses the request", maybe_applied=False)
    if status == 403:
        return Forbidden(said, maybe_applied=False)
    if re.search(_NEEDS_TLS, body):
        return ClientError(f"{said}; the port is for TLS: use https://, or CONSUL_HTTP_SSL=true", maybe_applied=False)
    return ClientError(said, maybe_applied=status == _REQUEST_TIMEOUT)


def _is_text(response: Response) -> bool:
    """Return whether an error can come from Consul: its errors are plain text, never HTML or JSON."""
    return "html" not in (response.headers.get("content-type") or "") and response.body.strip()[:1] not in (b"<", b"{")


def _redirect(request: Request, response: Response) -> ClientError:
    """Return Redirected if Consul itself redirects to another name. Any other redirect, such as to a login page, is not from Consul."""
    location = response.headers.get("location") or ""
    if response.status in (301, 307) and f"{location.partition('?')[0]}/".startswith("/v1/"):
        return _other_name(request, location)
    where = "another address" if request.shown_path or not location else location.partition("?")[0].partition("#")[0]
    return ClientError(
        f"something in front of Consul redirects to {where}; check the address of the agent: http:// or https://, host, port and prefix."
        " A proxy may want credentials: give them with basic_auth=",
        maybe_applied=False,
    )


def _other_name(request: Request, location: str) -> Redirected:
    """Return the error for a redirect of Consul's own. Agents before 1.21.5 clean names in a path as if they were folders."""
    does = f"Consul redirects to {'another address' if request.shown_path else location} and did nothing"
    name = request.path.rpartition("/")[2]
    if request.path.startswith("/v1/kv/") or not re.search(_FOLDERS, name):
        return Redirected(f"{does}; use the name in that address", maybe_applied=False)
    named = "" if request.shown_path else f" {unquote(name)!r}"
    return Redirected(
        f"{does}: before 1.21.5, a name in a path must not have an empty, '.' or '..' part between slashes, as{named or ' this one'} has;"
        " use another name, or a newer agent",
        maybe_applied=False,
    )


def _unexplained(request: Request, status: int) -> str:
    """Return the text for an error without a body. Agents answer so if a path has characters that they cannot print."""
    if status == _BAD_REQUEST and "%" in request.path:
        return "refused without an explanation, as Consul does if it cannot print a character of the path; older agents know fewer"
    return "refused without an explanation"


def _asked_to_wait(response: Response) -> str:
    """Return the part of a message that says when to try again."""
    after = words((response.headers.get("retry-after") or "").encode())
    return f"; it asks to wait: Retry-After: {after}" if after and response.status in WITH_RETRY_AFTER else ""


def not_found(response: Response) -> ClientError:
    """Return NotFound for a 404 in Consul's own words, and ClientError for any other 404: it does not come from the endpoint."""
    said = words(response.body, response.headers.get("content-type") or "")
    if re.search(_NOT_FOUND, response.body) and not re.match(_NO_ENDPOINT, response.body):
        return NotFound(said, maybe_applied=False)
    return ClientError(
        f"{said or 'an empty answer'}: the agent has no such endpoint, or something other than Consul answered;"
        " check the agent's version and address",
        maybe_applied=False,
    )


def missing(what: str) -> Explain:
    """Return an `explain` for an endpoint that answers an empty 404 for what does not exist. what: "no such node".

    A proxy may answer the same. Agents since 1.9 add a header of their own; an answer without one can be either.
    """

    def explain(response: Response) -> ConsulateException | None:
        if response.status != 404 or response.body:
            return None
        if any(name.startswith("x-consul-") for name, _ in response.headers):
            return NotFound(what, maybe_applied=False)
        return ClientError(
            f"{what}; or the agent has no such endpoint, or something other than Consul answered: check the agent's version and address",
            maybe_applied=False,
        )

    return explain


def enterprise(response: Response) -> ConsulateException | None:
    """Explain the 404 of an endpoint that only Consul Enterprise has."""
    if response.status != 404:
        return None
    said = words(response.body, response.headers.get("content-type") or "") or "an empty answer"
    return ClientError(
        f"{said}: the agent has no such endpoint, since only Consul Enterprise has it, or something other than Consul answered;"
        " check the agent's version and address",
        maybe_applied=False,
    )
