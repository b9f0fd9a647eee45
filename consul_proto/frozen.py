"""Fast constructors for the frozen dataclasses that every call makes.

The constructor that `dataclass(frozen=True)` writes sets each field with `object.__setattr__`, which takes three times as long as the
setter of the field's own slot. `benchmarks/building.py` measures the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any


def setters(frozen: type[Any]) -> list[Callable[[Any, Any], None]]:
    """Return a setter for each field of a dataclass with slots, in order. Only its `__init__` may use them."""
    return [getattr(frozen, field.name).__set__ for field in fields(frozen)]
