"""Whether a machine tries again after an error, and when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consul_proto.errors import ClientClosed, ClientError, DecodeError, RateLimited, ServerError

if TYPE_CHECKING:
    from consul_proto.errors import ConsulateException

#: Seconds: the ceiling of the first pause, which doubles with each failure, and the ceiling of any pause.
_FIRST, _LONGEST = 0.1, 2.0

#: Refusals that Consul sends with the status 500: the arguments of a session are wrong, or one of its checks fails. That the agent's node
#: counts as failed or is not known yet (serfHealth) passes, when the agent was started again.
_REFUSED = re.compile(
    rb"Session TTL|Invalid Behavior|Missing check '(?!serfHealth')|Missing service|Check '(?!serfHealth')[^\n]* is in critical state"
    rb"|Permission denied|ACL not found"
)


def may_help(error: ConsulateException) -> bool:
    """Return whether the same call may succeed later: the network, the leader, a server or a rate limit was in the way."""
    if isinstance(error, RateLimited):
        return True
    if isinstance(error, (ClientError, ClientClosed, DecodeError)):
        return False
    return not (isinstance(error, ServerError) and _REFUSED.search(error.body))


def pause(failures: int, share: float) -> float:
    """Return the seconds to wait after this many failures in a row (from 1). share: a random number from 0 to 1."""
    ceiling: float = min(_LONGEST, _FIRST * 2 ** min(failures - 1, 10))
    return ceiling * (0.5 + share / 2)


def second(share: float) -> float:
    """Return the pause of a machine that can only look from time to time: up to a second. share: a random number from 0 to 1."""
    return 0.75 + share / 4
