"""Transports to a function in the same process: any `handle(Request) -> Response`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from consul_proto.errors import ClientClosed

if TYPE_CHECKING:
    from consul_proto.message import Request, Response

Handle = Callable[["Request"], "Response"]


class MemoryTransport:
    """A `Transport` that answers each request with `handle(request)`. A function that wants the body as bytes calls `request.read_body()`.

    sleep: called with the seconds instead of sleeping. A test can pass a function that does nothing.
    """

    def __init__(self, handle: Handle, sleep: Callable[[float], object] = time.sleep) -> None:
        self._handle: Handle | None = handle
        self._sleep = sleep

    def send(self, request: Request, timeout: float | None) -> Response:  # noqa: ARG002 - a function cannot be interrupted
        """Return the function's answer. Raises ClientClosed after `close`."""
        if self._handle is None:
            raise ClientClosed("the client is closed", maybe_applied=False)
        return self._handle(request)

    def sleep(self, seconds: float) -> None:
        """Call the `sleep` that was given."""
        self._sleep(seconds)

    def close(self) -> None:
        """Forget the function."""
        self._handle = None


class AsyncMemoryTransport:
    """An `AsyncTransport` that answers each request with `handle(request)`; by default its sleeps end at once."""

    def __init__(self, handle: Handle, sleep: Callable[[float], object] | None = None) -> None:
        self._transport = MemoryTransport(handle, sleep or (lambda _seconds: None))

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Return the function's answer. Raises ClientClosed after `aclose`."""
        return self._transport.send(request, timeout)

    async def sleep(self, seconds: float) -> None:
        """Call the `sleep` that was given."""
        self._transport.sleep(seconds)

    async def aclose(self) -> None:
        """Forget the function."""
        self._transport.close()
