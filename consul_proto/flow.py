"""`Flow`: a call that needs several requests, as one generator.

A flow yields operations and sleeps, receives the answer to each operation, and returns its value. Only `call` and `sleep` contain a bare
`yield`; every other flow uses `yield from` with these. A flow never yields while it is being closed, so it can be closed at any time.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from consul_proto.frozen import dataclass
from consul_proto.operation import Operation

if TYPE_CHECKING:
    from consul_proto.message import Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sleep:
    """Ask the driver to let this many seconds pass."""

    seconds: float


#: Yields operations and sleeps, receives the answer to each operation, returns a T.
Flow: TypeAlias = Generator[Operation[Any] | Sleep, "Response | None", T]


class NamedFlow(Generator[Operation[Any] | Sleep, "Response | None", T]):
    """A flow that shows the name of its call. It shows no argument, since one may be a secret.

    name: the name of the call ("kv.set"). steps: the flow itself.
    """

    def __init__(self, name: str, steps: Flow[T]) -> None:
        self._name = name
        self._steps = steps

    def send(self, value: Response | None, /) -> Operation[Any] | Sleep:
        """Continue with the answer to the last step."""
        return self._steps.send(value)

    def throw(self, kind: Any, value: Any = None, trace: Any = None, /) -> Operation[Any] | Sleep:
        """Continue with the error of the last step."""
        return self._steps.throw(kind) if value is None and trace is None else self._steps.throw(kind, value, trace)

    def close(self) -> None:
        """End the flow."""
        self._steps.close()

    def __repr__(self) -> str:
        return f"<Flow {self._name}>"


def call(operation: Operation[T]) -> Flow[T]:
    """Send one operation and return its value. Raises what its `decode` raises."""
    response = yield operation
    if response is None:
        raise TypeError("the driver of this flow answered an operation with None; it must send the Response")
    return operation.decode(response)


def sleep(seconds: float) -> Flow[None]:
    """Let this many seconds pass."""
    yield Sleep(seconds)
