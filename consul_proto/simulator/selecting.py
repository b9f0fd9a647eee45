"""The `filter` parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from consul_proto.simulator.asking import Asked, Refusal
from consul_proto.simulator.filters import Fields, compile_filter


def compiled(asked: Asked, fields: Fields) -> Callable[[Mapping[str, Any]], bool]:
    """Which values the `filter` parameter lets through."""
    text = asked.first("filter")
    if not text:
        return lambda _value: True
    try:
        return compile_filter(text, fields)
    except ValueError as error:
        raise Refusal(500, f"Failed to create boolean expression evaluator: {error}") from None
