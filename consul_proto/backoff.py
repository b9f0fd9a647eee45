"""Decide when to retry: full-jitter backoff within the time limit of the call.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter": a random part of a ceiling that doubles).
The caller passes the random number; nothing here reads a clock.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from consul_proto.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a retry, and how many attempts to make.

    first: the limit of the first pause, in seconds. ceiling: the limit of any pause. attempts: how often a request is sent in total.
    longest: the limit of a pause that a server asks for.
    least: seconds that must be left after a pause; with less, another attempt would only turn a clear refusal into a timeout.
    """

    first: float = 0.1
    ceiling: float = 2.0
    attempts: int = 10
    least: float = 0.1
    longest: float = 86400.0

    def pause(self, attempt: int, share: float, left: float | None, asked: float = 0.0) -> float | None:
        """Return the seconds to sleep after the failed attempt number `attempt` (1 is the first), or None to give up.

        share: a random number from 0 to 1. left: the seconds that the call has left; None: no limit.
        asked: the seconds that the server asks to wait; the pause is not shorter.
        """
        if attempt >= self.attempts or asked > self.longest:
            return None
        pause = max(asked, min(self.ceiling, self.first * 2 ** (attempt - 1)) * share)
        return pause if left is None or pause + self.least <= left else None


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

#: A date as HTTP writes it (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
_DATE = r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"


def retry_after(value: str, date: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks to wait; None if the header is invalid.

    value: seconds, or a date, which is compared with `date`, the Date header of the same answer. If that is invalid, it is compared with
    `now`, in seconds since 1970. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    due, said = _seconds_of(value), _seconds_of(date)
    return None if due is None else max(0.0, due - (now if said is None else said))


def _seconds_of(date: str) -> float | None:
    """Return the seconds from 1970 to an HTTP date; None if it is not a valid date."""
    found = re.fullmatch(_DATE, date.strip())
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[part]) for part in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


DEFAULT_BACKOFF = Backoff()
