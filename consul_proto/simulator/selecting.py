"""The `filter` parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from consul_proto.simulator.asking import Asked, Refusal
from consul_proto.simulator.filters import Fields, compile_filter

_FAILED = "Failed to create boolean expression evaluator: "


def compiled(asked: Asked, fields: Fields, *, says_so: bool = True) -> Callable[[Mapping[str, Any]], bool]:
    """Which values the `filter` parameter lets through. says_so: whether the refusal of what does not fit says what failed."""
    text = asked.first("filter")
    if not text:
        return lambda _value: True
    try:
        return compile_filter(text, fields, asked.settings.version)
    except SyntaxError as error:
        raise Refusal(500, f"{_FAILED}{error}") from None
    except ValueError as error:
        raise Refusal(500, f"{_FAILED if says_so else ''}{error}") from None
