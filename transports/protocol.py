"""What a transport is: two hooks and a way to close it. Anything with these methods carries Consulate's calls.

A transport sends one request once and returns the whole answer. It knows nothing of tokens, retries or JSON: whoever drives it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from consul_proto.message import Request, Response


class Transport(Protocol):
    """Carries requests for threads."""

    def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request and return its answer, all within `timeout` seconds; None: no limit.

        A request with a `wait` above 0 is a blocking query: its answer may take that long, and it must not keep others waiting.
        Raises RequestError, with `maybe_applied` False only where the server cannot have got the request.
        """
        ...

    def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
        ...

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        ...


class AsyncTransport(Protocol):
    """Carries requests for tasks."""

    async def send(self, request: Request, timeout: float | None) -> Response:
        """As `Transport.send`. A request that is cancelled leaves nothing behind that a later one could read."""
        ...

    async def sleep(self, seconds: float) -> None:
        """As `Transport.sleep`."""
        ...

    async def aclose(self) -> None:
        """As `Transport.close`."""
        ...
