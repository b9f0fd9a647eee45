"""What Consul's answers mean for the identity of a client."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from consul_proto.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consul_proto.message import Request, Response

#: Consul's words for a token that it does not know, on 1.8.7 and 1.22.5. A token that has expired is unknown too.
_UNKNOWN = re.compile(
    rb"(?:rpc error[^:]*: )*(?:rpc error: code = \w+ desc = )?(?:token does not exist: )?(?:ACL not found|token expired)\s*"
)

#: `event.fire` answers 500. In each case, nothing was done.
_STATUSES = (403, 500)

#: RFC 3339, as Go writes it; the digits of a second that Python cannot read are left out.
_FRACTION = re.compile(r"(\.\d{1,6})\d*")

#: Paths whose answers may use the same words about the requested object.
_AMBIGUOUS = "/v1/acl/"


def is_unknown_token(status: int, body: bytes) -> bool:
    """Return whether Consul refused a request because it does not know its token. Then it did nothing, also for a write."""
    return status in _STATUSES and _UNKNOWN.fullmatch(body) is not None


def may_be_about_another(request: Request, response: Response) -> bool:
    """Return whether the same answer is given if the ACL object of the request does not exist."""
    own = request.path == "/v1/acl/token/self"
    return request.path.startswith(_AMBIGUOUS) and not own and is_unknown_token(response.status, response.body)


def login_token(answer: Mapping[str, object]) -> tuple[str, float | None]:
    """Return the token of a login, and the seconds for which it lives; None: it does not expire.

    The life is the difference of two times of Consul's own clock, so the clock of this computer may be wrong. Raises DecodeError.
    """
    token, created, expires = (answer.get(name) for name in ("SecretID", "CreateTime", "ExpirationTime"))
    if not isinstance(token, str) or not token:
        raise DecodeError("the answer to the login has no SecretID")
    if not isinstance(created, str) or not isinstance(expires, str):
        return token, None
    try:
        return token, max(0.0, (_time(expires) - _time(created)).total_seconds())
    except ValueError:
        raise DecodeError("the answer to the login has times that are not in the format of RFC 3339") from None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text))
