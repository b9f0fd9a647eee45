"""The `filter` parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.filters.expressions import Fields, compile_filter

_FAILED = "Failed to create boolean expression evaluator: "


def read_filter(request: ServerRequest, fields: Fields, *, late: bool = False) -> Callable[[Mapping[str, Any]], bool]:
    """Return a function that says which values pass the filter. late: an invalid filter is refused only when there is a value to test."""
    text = request.first("filter")
    if not text:
        return lambda _value: True
    try:
        return compile_filter(text, fields, request.settings.version)
    except SyntaxError as error:
        raise Refusal(500, f"{_FAILED}{error}") from None
    except ValueError as error:
        if late:
            return _late_refusal(str(error))
        raise Refusal(500, f"{_FAILED}{error}") from None


def _late_refusal(why: str) -> Callable[[Mapping[str, Any]], bool]:
    def keep(_value: Mapping[str, Any]) -> bool:
        raise Refusal(500, why)

    return keep
