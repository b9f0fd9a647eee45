"""Two tables of checks. The first has a row for every call and every example of the document, with the sentence that the row checks.

The second has checks of what Consulate does beyond the document, on the same clients.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.conformance.world import World

Check = Callable[[Any, World], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Row:
    """A row of the first table.

    covers: the callable of the document, or "example ...". quote: the document's words.
    """

    covers: str
    quote: str
    check: Check

    def __str__(self) -> str:
        return f"{self.covers} {self.check.__name__}".replace("_", " ")


ROWS: list[Row] = []

BEYOND: list[Check] = []


def row(covers: str, quote: str) -> Callable[[Check], Check]:
    """Add a row to the first table."""

    def add(check: Check) -> Check:
        ROWS.append(Row(covers, quote, check))
        return check

    return add


def beyond(check: Check) -> Check:
    """Add a check to the second table."""
    BEYOND.append(check)
    return check
