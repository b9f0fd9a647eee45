"""The TypedDict of a call's `**options: Unpack[...]`, at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def options_of(annotation: Any, build: Callable[..., Any]) -> Any:
    """Return the TypedDict in `Unpack[...]`, found in the method's module or in `consul_proto.types.options`; None if there is none."""
    if isinstance(annotation, str):
        from consul_proto.types import options

        name = annotation.partition("Unpack[")[2].removesuffix("]").partition("[")[0]
        named = getattr(build, "__globals__", {}).get(name) or getattr(options, name, None)
    else:
        named = next(iter(getattr(annotation, "__args__", ())), None)
    return named if hasattr(named, "__optional_keys__") else None
