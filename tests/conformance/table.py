"""The table: a row for every call and every example of the document, with the words of it that the row holds Consulate to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.conformance.world import World

Check = Callable[[Any, World], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Row:
    """covers: the callable of the document, or "example ...". quote: its words. legacy: whether it needs the legacy ACL system."""

    covers: str
    quote: str
    check: Check
    legacy: bool

    def __str__(self) -> str:
        return f"{self.covers} {self.check.__name__}".replace("_", " ")


ROWS: list[Row] = []


def row(covers: str, quote: str, *, legacy: bool = False) -> Callable[[Check], Check]:
    """Add a row to the table."""

    def add(check: Check) -> Check:
        ROWS.append(Row(covers, quote, check, legacy))
        return check

    return add
