"""What a golden row is: one for a request, one for a recorded answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consul_proto.api import Operations
from consul_proto.operation import Operation
from consul_proto.stream import Stream


@dataclass(frozen=True)
class RequestRow:
    """operation: its name in the manifest. call: as a user types it. The rest: what is sent, and for how long Consul may hold it."""

    operation: str
    call: Callable[[Operations], Operation[Any] | Stream[Any]]
    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0

    def __str__(self) -> str:
        return f"{self.operation} {self.method} {self.target}"


@dataclass(frozen=True)
class AnswerRow:
    """operation: its name in the manifest. call: as a user types it. status, body: recorded. value: what the call gives.

    The answers are those of Consul 1.22.5, or of 1.8.7 for the legacy ACL system and a few others; white space is left out.
    `tests/samples` has the recordings.
    """

    operation: str
    call: Callable[[Operations], Operation[Any] | Stream[Any]]
    status: int
    body: bytes
    value: object

    def __str__(self) -> str:
        return f"{self.operation} {self.status} {str(self.value)[:30]}"
