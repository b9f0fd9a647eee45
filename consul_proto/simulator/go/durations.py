"""Durations as Go writes them: "1h2m3.5s", "300ms"."""

from __future__ import annotations

import re
from decimal import Decimal

#: Nanoseconds of each unit: https://pkg.go.dev/time#ParseDuration
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}

_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")

_DURATION = re.compile(rf"[+-]?(?:0|(?:{_PART.pattern})+)", re.ASCII)


def nanoseconds(text: str) -> int:
    """Read a duration. Raises ValueError with Go's words."""
    if not _DURATION.fullmatch(text):
        kind = "missing unit in" if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text, re.ASCII) else "invalid"
        raise ValueError(f'time: {kind} duration "{text}"')
    total = sum(int(Decimal(number) * _UNITS[unit]) for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total


def as_go_writes(seconds: float) -> str:
    """Write a duration as Go's Duration.String does."""
    if seconds < 0:
        return f"-{as_go_writes(-seconds)}"
    total = round(seconds * 10**9)
    if total < 10**9:
        unit, size = next(((name, size) for name, size in (("ms", 10**6), ("µs", 10**3)) if total >= size), ("ns", 1))
        return "0s" if not total else f"{Decimal(total) / size:f}{unit}"
    minutes, rest = divmod(total, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    shown = f"{(Decimal(rest) / 10**9).normalize():f}s"
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + shown
