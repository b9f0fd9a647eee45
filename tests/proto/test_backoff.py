"""When a request is sent again: the pauses, and what a Retry-After header asks for."""

from __future__ import annotations

import pytest

from consul_proto.backoff import Backoff, retry_after

_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"

#: The same moment in seconds since 1970.
_SECONDS = 784111777.0


@pytest.mark.parametrize(
    ("value", "date", "asked"),
    [
        ("0", "", 0.0),
        ("120", "", 120.0),
        (" 7 ", _DATE, 7.0),
        ("9" * 5000, "", float("inf")),
        ("Sun, 06 Nov 1994 08:49:40 GMT", _DATE, 3.0),
        ("Sun, 06 Nov 1994 08:49:40 GMT", "", 13.0),
        ("Sun, 06 Nov 1994 08:49:40 GMT", "yesterday", 13.0),
        ("Mon, 07 Nov 1994 08:49:37 GMT", _DATE, 86400.0),
        ("Sat, 05 Nov 1994 08:49:37 GMT", _DATE, 0.0),
        ("", "", None),
        ("-1", "", None),
        ("1.5", "", None),
        ("soon", "", None),
        ("²", "", None),
        ("Sun, 31 Feb 1994 08:49:37 GMT", _DATE, None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", _DATE, None),
        ("Sun, 06 Nov 1994 08:49:37 CET", _DATE, None),
    ],
)
def test_retry_after(value: str, date: str, asked: float | None) -> None:
    assert retry_after(value, date, _SECONDS - 10) == asked


def test_what_a_server_asks_for_is_the_least() -> None:
    backoff = Backoff(first=0.1, ceiling=2.0)
    assert backoff.pause(1, 0.5, 10.0) == 0.05
    assert backoff.pause(1, 0.5, 10.0, asked=3.0) == 3.0
    assert backoff.pause(5, 1.0, 10.0, asked=0.5) == 1.6


def test_a_pause_that_does_not_fit_is_none() -> None:
    backoff = Backoff(least=0.1)
    assert backoff.pause(1, 0.5, 3.1, asked=3.0) == 3.0
    assert backoff.pause(1, 0.5, 3.0, asked=3.0) is None
    assert backoff.pause(1, 0.5, None, asked=3600.0) == 3600.0
    assert backoff.pause(1, 0.5, None, asked=1e9) is None
    assert backoff.pause(10, 0.5, None, asked=1.0) is None
