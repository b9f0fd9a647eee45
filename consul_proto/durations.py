"""Durations as Consul writes them: Go duration strings.

A duration that a caller gives is a Go string ("1h30m"), a number of seconds, or a `timedelta`.
The format: https://pkg.go.dev/time#ParseDuration; a unit is required, there are no days.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from datetime import timedelta

#: A Go duration string, a number of seconds, or a timedelta.
Duration: TypeAlias = Union[str, int, float, "timedelta"]

_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
#: Compiled when they are used: few calls have a duration.
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_WHOLE = rf"(?:{_PART})+|0"

#: Go keeps a duration in a signed 64-bit number of nanoseconds.
_LONGEST = 2**63 - 1


def nanoseconds(duration: Duration) -> int:
    """Return a duration in nanoseconds. Raises ValueError if it is negative, too long or not a duration, TypeError for another type."""
    if isinstance(duration, bool) or duration is None:
        raise TypeError(f"a duration must be a Go string such as '10s', a number of seconds or a timedelta, not {duration!r}")
    if isinstance(duration, str):
        whole = _parsed(duration)
    elif isinstance(duration, int):
        whole = duration * 10**9
    elif isinstance(duration, float):
        if duration != duration or duration in (float("inf"), float("-inf")):
            raise ValueError(f"a duration must be a finite number of seconds, not {duration!r}")
        from decimal import Decimal  # imported when it is used, as below

        whole = round(Decimal(repr(duration)) * 10**9)
    elif hasattr(duration, "total_seconds"):
        whole = ((duration.days * 86400 + duration.seconds) * 10**6 + duration.microseconds) * 1000
    else:
        raise TypeError(f"a duration must be a Go string such as '10s', a number of seconds or a timedelta, not {duration!r}")
    if not 0 <= whole <= _LONGEST:
        raise ValueError(f"a duration must be between 0 and 2**63 - 1 nanoseconds, not {duration!r}")
    return whole


def _parsed(text: str) -> int:
    if not re.fullmatch(_WHOLE, text, re.ASCII):
        raise ValueError(f"a duration must be a Go string such as '10s', '1h30m' or '500ms', with a unit, not {text!r}")
    from decimal import Decimal

    return int(sum(Decimal(amount) * _NANOSECONDS[unit] for amount, unit in re.findall(_PART, text, re.ASCII)))


def seconds(duration: Duration) -> float:
    """Return a duration in seconds. Raises as `nanoseconds` does."""
    return nanoseconds(duration) / 10**9


def go_duration(duration: Duration) -> str:
    """Return a duration as the shortest exact Go string in one unit; a Go string is returned as it is. Raises as `nanoseconds` does."""
    whole = nanoseconds(duration)
    if isinstance(duration, str):
        return duration
    for unit in ("s", "ms", "us"):
        if whole % _NANOSECONDS[unit] == 0:
            return f"{whole // _NANOSECONDS[unit]}{unit}"
    return f"{whole}ns"
