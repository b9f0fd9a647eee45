"""The `filter` parameter's expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]

NODE: Fields = {}
NODE_SERVICE: Fields = {}
SERVICE_NODE: Fields = {}
HEALTH_CHECK: Fields = {}
HEALTH_SERVICE: Fields = {}
AGENT_SERVICE: Fields = {}
AGENT_CHECK: Fields = {}


def compile_filter(text: str, fields: Fields) -> Callable[[Mapping[str, Any]], bool]:
    """Read an expression. Raises ValueError."""
    raise ValueError(f"the simulator does not read {text!r} on {fields!r}")
