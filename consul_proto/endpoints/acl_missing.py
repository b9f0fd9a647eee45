"""The answers by which the ACL endpoints say that a token, policy, role, binding rule or auth method does not exist.

They differ by endpoint and version: a 403, a 404 or a 500, and before 1.15 some have the text for an unknown token of the client's own.
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
    _FORWARDED + rb"(?:(?:token|Requested [a-z ]+) does not exist: ACL not found|cannot find [a-z ]+\b\S*)\s*", re.IGNORECASE
)

_NOT_FOUND = re.compile(_FORWARDED + rb"ACL not found\s*")


def explain_missing(what: str) -> Explain:
    """Return the `explain` function of calls on one object. what: the object that does not exist ("role with this ID")."""

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
            said = f"{words(response.body)}; before Consul 1.15, this may also mean that there is no {what}"
            return Forbidden(said, maybe_applied=False)
        return missing(response)

    return explain


def _is_empty_404(response: Response) -> bool:
    """Return whether this is how agents before 1.15 answer. Unlike this, the 404 of an agent without the endpoint has no Vary header."""
    return response.status == 404 and not response.body and response.headers.get("vary") == "Accept-Encoding"
