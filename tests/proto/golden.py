"""What a golden row is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consul_proto.api import Operations
from consul_proto.operation import Operation


@dataclass(frozen=True)
class Row:
    """operation: its name in the manifest. call: as a user types it. The rest: what is sent, and for how long Consul may hold it."""

    operation: str
    call: Callable[[Operations], Operation[Any]]
    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0

    def __str__(self) -> str:
        return f"{self.operation} {self.method} {self.target}"
