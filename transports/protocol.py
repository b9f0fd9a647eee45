"""What a transport is. Anything with `send` and a way to close it carries Consulate's calls.

A transport sends one request once and returns the whole answer. It knows nothing of tokens, retries or JSON: the driver does.
A transport may offer more: `clock`, where its time is not the system's; `open`, to read an answer piece by piece; and `send` with a third
parameter, `cancel`, to end one call early. Ours offer all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from consul_proto.message import Headers, Request, Response


class CancelHandle(Protocol):
    """What ends a call of another thread: `transports.cancel.Cancel`."""

    def is_set(self) -> bool:
        """Return whether the call is to end."""
        ...

    def on_set(self, action: Callable[[], object]) -> AbstractContextManager[None]:
        """Call `action` if the call is to end inside this block, or was before."""
        ...


class Clock(Protocol):
    """The time that time limits, pauses between attempts and flows go by."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Let this many seconds pass."""
        ...


class AsyncClock(Protocol):
    """A clock for tasks."""

    def now(self) -> float:
        """As `Clock.now`."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """As `Clock.sleep`."""
        ...


class Transport(Protocol):
    """Carries requests for threads: the least that a transport needs."""

    def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request and return its answer, all within `timeout` seconds; None: no limit.

        A request with a `wait` above 0 is a blocking query: its answer may take that long, and it must not keep others waiting.
        Raises RequestError, with `maybe_applied` False only where the server cannot have got the request.
        """
        ...

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        ...


class AsyncTransport(Protocol):
    """Carries requests for tasks: the least that a transport needs."""

    async def send(self, request: Request, timeout: float | None) -> Response:
        """As `Transport.send`. A request that is cancelled leaves nothing behind that a later one could read."""
        ...

    async def aclose(self) -> None:
        """As `Transport.close`."""
        ...


class OpenAnswer(Protocol):
    """An answer whose body is read piece by piece, for threads."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The headers of the answer."""
        ...

    def read(self) -> bytes:
        """Return the next piece of the body, b"" at its end or after `close`. Raises RequestError."""
        ...

    def close(self) -> None:
        """End the answer at once, from any thread. Closing twice does nothing."""
        ...


class AsyncOpenAnswer(Protocol):
    """An answer whose body is read piece by piece, for tasks."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The headers of the answer."""
        ...

    async def read(self) -> bytes:
        """As `OpenAnswer.read`. A read that is cancelled closes the answer."""
        ...

    def close(self) -> None:
        """As `OpenAnswer.close`. It never waits."""
        ...


class StreamingTransport(Transport, Protocol):
    """A transport that can open an answer, for threads."""

    def open(self, request: Request, timeout: float | None, cancel: CancelHandle | None = None) -> OpenAnswer:
        """Send a request and return its answer once its head is there.

        timeout: seconds until the head is there, and for each piece of the body after it; None: no limit.
        An open answer takes one of the places of blocking queries. Raises RequestError.
        """
        ...


class AsyncStreamingTransport(AsyncTransport, Protocol):
    """A transport that can open an answer, for tasks."""

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """As `StreamingTransport.open`."""
        ...


class CancellableTransport(Transport, Protocol):
    """A transport that can end one call early."""

    def send(self, request: Request, timeout: float | None, cancel: CancelHandle | None = None) -> Response:
        """As `Transport.send`; ends with Cancelled within 100 ms once `cancel` is set."""
        ...
