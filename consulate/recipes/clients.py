"""What recipes need of a client. (The clients import the recipes, so the recipes do not import the clients.)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from consul_proto.codec import Codec
    from consul_proto.meta import Reply
    from consul_proto.operation import Operation, T


class AnyRecipeClient(Protocol):
    """What both clients have."""

    _context: Any
    _transport: Any
    _codec: Codec

    @property
    def _shells(self) -> dict[str, Any]: ...


class ThreadClient(AnyRecipeClient, Protocol):
    """A client for threads."""

    def perform(self, call: Operation[T], /) -> T:
        """Run an operation."""
        ...

    def perform_with_meta(self, call: Operation[T], /) -> Reply[T]:
        """Run an operation, and return its headers too."""
        ...


class TaskClient(AnyRecipeClient, Protocol):
    """A client for tasks."""

    def perform(self, call: Operation[T], /) -> Coroutine[Any, Any, T]:
        """Run an operation."""
        ...

    def perform_with_meta(self, call: Operation[T], /) -> Coroutine[Any, Any, Reply[T]]:
        """Run an operation, and return its headers too."""
        ...


def client_of(namespace: Any, call: str) -> Any:
    """Return the client whose calls these are. call: the name of the one that needs it. Raises TypeError without one."""
    client = getattr(namespace._run, "__self__", None)  # noqa: SLF001 - the other half of Namespace
    if not hasattr(client, "perform_with_meta"):
        raise TypeError(f"{call.rpartition('.')[2]}() needs a client: client.{call}(...)")
    return client
