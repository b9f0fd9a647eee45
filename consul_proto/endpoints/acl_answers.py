"""What the answers of the ACL endpoints mean, where their status does not say it.

Whatever does not exist gets a 403, a 404 or a 500, depending on endpoint and version. Before 1.15, some of these answers have the same
text as those to a client whose own token is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consul_proto.errors import Forbidden, NotFound, words

if TYPE_CHECKING:
    from consul_proto.errors import ConsulateException
    from consul_proto.failures import Explain
    from consul_proto.message import Response

#: What servers put before a text that they got from another server.
_FORWARDED = rb"(?:rpc error[^:]*: )*"

#: A read or a clone of what does not exist, since 1.15, and an update in every version.
_MISSING = re.compile(
    _FORWARDED + rb"(?:(?:token|Requested [a-z ]+) does not exist: ACL not found|[Cc]annot find (?:token|policy|role|binding rule) \S+)\s*"
)

_MISSING_TEMPLATE = re.compile(rb'(?:Invalid templated policy Name: .*|templated policy ".*" does not exist)\s*')

_NOT_FOUND = re.compile(_FORWARDED + rb"ACL not found\s*")

_MISSING_AUTH_METHOD = re.compile(_FORWARDED + rb"ACL not found(?:: auth method .*)?\s*")

_DENIED = re.compile(_FORWARDED + rb"Permission denied\s*")


def explain_missing(what: str) -> Explain:
    """Return the `explain` function of calls on one object. what: the object, as in "there is no role with this ID"."""

    def explain(response: Response) -> ConsulateException | None:
        if response.status in (403, 404, 500) and _MISSING.fullmatch(response.body):
            return NotFound(words(response.body), maybe_applied=False)
        if _is_empty_404(response):
            return NotFound(f"there is no {what}", maybe_applied=False)
        return None

    return explain


def explain_missing_or_forbidden(what: str) -> Explain:
    """Return the same for calls where Consul before 1.15 does not say whether the object or the client's own token is unknown."""
    missing = explain_missing(what)

    def explain(response: Response) -> ConsulateException | None:
        if response.status == 403 and _NOT_FOUND.fullmatch(response.body):
            says = f"{words(response.body)}; before Consul 1.15, this may also mean that there is no {what}"
            return Forbidden(says, maybe_applied=False)
        return missing(response)

    return explain


def explain_missing_template(response: Response) -> NotFound | None:
    """Return the error for a templated policy that does not exist."""
    if response.status == 400 and _MISSING_TEMPLATE.fullmatch(response.body):
        return NotFound(words(response.body), maybe_applied=False)
    return None


def explain_own_token(response: Response) -> Forbidden | None:
    """Return the error for a call whose own token does not exist, if the answer is not the usual 403."""
    if response.status in (401, 404) and response.body.strip() == b"Supplied token does not exist":
        return Forbidden(words(response.body), maybe_applied=False)
    return None


def explain_login(response: Response) -> ConsulateException | None:
    """Return the error for a login. Consul does not look at the token that is sent along, so the answer is never about that token."""
    if response.status == 403 and _MISSING_AUTH_METHOD.fullmatch(response.body):
        return NotFound(f"{words(response.body)}; there is no auth method with this name", maybe_applied=False)
    if response.status == 403 and _DENIED.fullmatch(response.body):
        says = f"{words(response.body)}; no binding rule of the auth method applies, or it does not accept the bearer token"
        return Forbidden(says, maybe_applied=False)
    return None


def explain_logout(response: Response) -> Forbidden | None:
    """Return the error for a logout. Consul before 1.13 does not say that the token is not one of a login."""
    if response.status == 403 and _DENIED.fullmatch(response.body):
        return Forbidden(f"{words(response.body)}; the token wasn't created via login", maybe_applied=False)
    return explain_own_token(response)


def _is_empty_404(response: Response) -> bool:
    """Return whether this is how agents before 1.15 answer. Unlike this, the 404 of an agent without the endpoint has no Vary header."""
    return response.status == 404 and not response.body and response.headers.get("vary") == "Accept-Encoding"
