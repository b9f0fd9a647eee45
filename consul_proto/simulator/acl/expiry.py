"""The expiration of tokens: dates as Go reads them, and limits.

https://pkg.go.dev/time#Parse; https://developer.hashicorp.com/consul/api-docs/acl/tokens#expirationtime
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, NamedTuple, NoReturn

from consul_proto.simulator.agent.checks import seconds
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_X, Version
from consul_proto.simulator.go.durations import as_go_writes
from consul_proto.simulator.go.json import Anything, decode
from consul_proto.simulator.go.json_text import Unreadable

#: Seconds: the shortest and the longest lifetime of a token (acl.token_min_ttl, acl.token_max_ttl; the second only in 1.8).
_LEAST, _LONGEST = 60.0, 86400.0

#: Go's longest duration in seconds, and its text in Go, which a float cannot give exactly.
_FOREVER, _AS_FOREVER = (2**63 - 1) / 10**9, "2562047h47m16.854775807s"

#: Seconds from 1970 to Go's zero time, which stands for no date, and to the last date that is written.
_NEVER, LAST = -62135596800.0, 253402300799.0

#: The days in 400 years. Python has no year 0; it is like the year 400.
_CYCLE = 146097


def _days(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


class Date(NamedTuple):
    """A time: seconds since 1970, and the text that Go writes."""

    seconds: float
    text: str

    def __bool__(self) -> bool:
        return self.seconds != _NEVER


class _Reader:
    """Reads a date in the format of https://pkg.go.dev/time#RFC3339. Raises ValueError with Go's words."""

    def __init__(self, text: str, *, version: Version) -> None:
        self.whole = self.rest = text
        self.version = version

    def _quote(self, text: str) -> str:
        if self.version < V1_X:
            return f'"{text}"'
        return '"' + "".join(_render(one) for one in text) + '"'

    def _fail(self, element: str, rest: str) -> NoReturn:
        layout = '"2006-01-02T15:04:05Z07:00"'
        layout = self._quote(layout) if self.version < V1_X else layout
        quoted = self._quote
        raise ValueError(f"parsing time {quoted(self.whole)} as {layout}: cannot parse {quoted(rest)} as {quoted(element)}")

    def _out_of_range(self, what: str) -> NoReturn:
        raise ValueError(f"parsing time {self._quote(self.whole)}: {what} out of range")

    def skip(self, literal: str) -> None:
        """Read a fixed character."""
        if not self.rest.startswith(literal):
            self._fail(literal, self.rest)
        self.rest = self.rest[1:]

    def year(self) -> int:
        """Read four digits. If they are invalid, 1.8 quotes the text after them."""
        before = self.rest
        if not re.match(r"[0-9].{3}", before, re.DOTALL):
            self._fail("2006", before)
        self.rest = before[4:]
        if not re.match(r"[0-9]{4}", before):
            self._fail("2006", self.rest if self.version < V1_X else before)
        return int(before[:4])

    def number(self, element: str, what: str, allowed: range, digits: str = "{2}") -> int:
        """Read a number of two digits, or of fewer."""
        found = re.match(f"[0-9]{digits}", self.rest)
        if not found:
            self._fail(element, self.rest)
        self.rest = self.rest[found.end() :]
        if int(found[0]) not in allowed:
            self._out_of_range(what)
        return int(found[0])

    def fraction(self) -> int:
        """Read nanoseconds, 0 if there are none."""
        found = re.match(r"\.([0-9]+)" if self.version < V1_X else r"[.,]([0-9]{1,9})[0-9]*", self.rest)
        if not found:
            return 0
        self.rest = self.rest[found.end() :]
        value = float(found[1])  # may have more digits than Python reads as an int
        if value >= 1 << 63:
            self._fail("05", self.rest)
        if value >= 10**9:
            self._out_of_range("fractional second")
        for _ in range(9 - len(found[1])):
            value *= 10
        return int(value)

    def zone(self) -> int:
        """Read the offset from UTC, in minutes. If it is invalid, 1.8 quotes the text after it."""
        before = self.rest
        if before.startswith("Z"):
            self.rest = before[1:]
            return 0
        if before[3:4] != ":" or len(before) < 6:
            self._fail("Z07:00", before)
        self.rest = before[6:]
        found = re.match(r"([+-])([0-9]{2}):([0-9]{2})", before)
        if not found:
            self._fail("Z07:00", self.rest if self.version < V1_X else before)
        hours, minutes = int(found[2]), int(found[3])
        for is_beyond, what in ((hours > 24, "hour"), (minutes > 60, "minute")):
            if is_beyond and self.version >= V1_X:
                self._out_of_range(f"time zone offset {what}")
        later = hours * 60 + minutes
        return -later if found[1] == "-" else later

    def end(self, year: int, month: int, day: int) -> int:
        """Check that nothing follows and that the day exists, and return the days since 1970."""
        if self.version >= V1_X and self.rest:
            raise ValueError(f"parsing time {self._quote(self.whole)}: extra text: {self._quote(self.rest)}")
        if not 1 <= day <= _days(year, month):
            self._out_of_range("day")
        return date(year or 400, month, day).toordinal() - date(1970, 1, 1).toordinal() - (0 if year else _CYCLE)


def _render(character: str) -> str:
    """Quote a character as Go's errors about dates do since 1.17: bytes that are not ASCII are escaped."""
    if " " <= character < "\x80":
        return f"\\{character}" if character in '"\\' else character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "replace"))


def read_date(text: str, *, version: Version) -> Date:
    """Read a date; 1.8 reads it together with its quotes. Raises ValueError with Go's words."""
    reader = _Reader(text, version=version)
    if version < V1_X:
        reader.skip('"')
    year = reader.year()
    reader.skip("-")
    month = reader.number("01", "month", range(1, 13))
    reader.skip("-")
    day = reader.number("02", "day", range(100))
    reader.skip("T")
    hour = reader.number("15", "hour", range(24), "{1,2}")
    reader.skip(":")
    minute = reader.number("04", "minute", range(60))
    reader.skip(":")
    second = reader.number("05", "second", range(60))
    fraction, zone = reader.fraction(), reader.zone()
    if version < V1_X:
        reader.skip('"')
    days = reader.end(year, month, day)
    since = (days * 24 + hour) * 3600 + (minute - zone) * 60 + second + fraction / 10**9
    shown = f".{fraction:09}".rstrip("0") if fraction else ""
    where = f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02}:{abs(zone) % 60:02}" if zone else "Z"
    return Date(since, f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{shown}{where}")


def check_dates(request: ServerRequest, before: str) -> None:
    """Refuse invalid dates of a token. Go reports them before other members of a wrong type."""
    version = request.settings.version
    try:
        given = decode(request.body, Anything(), version=version)
        for name, value in given.items() if isinstance(given, dict) else ():
            if value is None or name.lower() not in ("expirationtime", "createtime"):
                continue
            if version >= V1_X and not isinstance(value, str):
                raise ValueError("Time.UnmarshalJSON: input is not a JSON string")
            _read(value, version=version)
    except (Unreadable, ValueError) as error:
        raise Refusal(400, f"{before}{error}") from None


def _read(value: Any, *, version: Version) -> Date:
    """Read a date from a JSON value."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return read_date(written if version < V1_X else written[1:-1], version=version)


def expiration(record: dict[str, Any], settings: Settings) -> Date | None:
    """Return the ExpirationTime of a token, or of a request. Go's zero time means none, but is shown."""
    value = record.get("ExpirationTime")
    return None if value is None else _read(value, version=settings.version)


def new_expiration(given: dict[str, Any], now: float, settings: Settings) -> dict[str, Any]:
    """Return when a new token expires: its members for answers, and the agent's time as `_ends`. Refuses invalid times."""
    ttl, at = seconds(given.get("ExpirationTTL")), expiration(given, settings)
    if ttl < 0:
        raise Refusal(500, f"Token Expiration TTL '{as_go_writes(ttl)}' should be > 0")
    if ttl and at:
        raise Refusal(500, "Token Expiration TTL and Expiration Time cannot both be set")
    if ttl:
        check_lifetime(ttl, settings)
        return {"ExpirationTime": settings.date(now + ttl), "_ends": now + ttl}
    if at:
        ends = at.seconds - settings.since
        check_lifetime(ends - now, settings)
        return {"ExpirationTime": at.text, "_ends": ends}
    return {} if at is None else {"ExpirationTime": at.text}


def check_lifetime(left: float, settings: Settings) -> None:
    """Refuse a lifetime that is too short or too long."""
    if left < 0:
        raise Refusal(500, "ExpirationTime cannot be before CreateTime")
    if left < _LEAST or (left > _LONGEST and settings.version < V1_X):
        limit = "less than 1m0s" if left < _LEAST else "more than 24h0m0s"
        shown = as_go_writes(left) if left < _FOREVER else _AS_FOREVER
        raise Refusal(500, f"ExpirationTime cannot be {limit} in the future (was {shown})")


def keep_expiration(given: dict[str, Any], before: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the ExpirationTime of a changed token, in the form of the request. Refuses a different time."""
    at, known = expiration(given, settings), expiration(before, settings)
    if given.get("ExpirationTTL") or (at and (known is None or at.seconds != known.seconds)):
        raise Refusal(500, f"Cannot change expiration time of {before['AccessorID']}")
    kept = at or known
    return {} if kept is None else {"ExpirationTime": kept.text}
