"""The interface of transports. Any object with `send` and `close` (or `aclose`) can carry Consulate's calls.

A transport sends one request once and returns the whole answer. Tokens, retries and JSON are handled by the driver.
A transport may offer more: `clock`, if its time is not the system's; `open`, to read an answer piece by piece; and a third parameter of
`send`, `cancel`, to end one call early. The transports of this package offer all three; `SocketTransport` also offers `start_exchange`, to
send a request now and read its answer later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from consul_proto.message import Headers, Request, Response


class CancelHandle(Protocol):
    """A handle that cancels a call of another thread: `transports.cancel.Cancel`."""

    def is_set(self) -> bool:
        """Return whether the call must end."""
        ...

    def on_set(self, action: Callable[[], object]) -> AbstractContextManager[None]:
        """Call `action` once the call must end, or at once if it must already. It is never called after the block."""
        ...


class Clock(Protocol):
    """The clock for time limits, for pauses between attempts, and for flows that sleep."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Sleep for this many seconds."""
        ...


class AsyncClock(Protocol):
    """The same clock, for tasks."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Sleep for this many seconds."""
        ...


class Transport(Protocol):
    """A transport for threads: the methods that every transport must have."""

    def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request and return its answer, all within `timeout` seconds (None: no limit).

        A request with a `wait` above 0 is a blocking query: its answer may take that long, and other calls must not wait for it.
        Raises RequestError. Its `maybe_applied` is False only if the server certainly did not receive the request.
        """
        ...

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        ...


class AsyncTransport(Protocol):
    """A transport for tasks: the methods that every transport must have."""

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request; see `Transport.send`. If the task is cancelled, no later request may read the answer of this one."""
        ...

    async def aclose(self) -> None:
        """Close every connection. Closing twice does nothing."""
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

    def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body within `timeout` seconds (None: no limit); b"" at its end, or after `close`.

        Raises RequestError.
        """
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

    async def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body; see `OpenAnswer.read`. If the task is cancelled, the answer is closed."""
        ...

    def close(self) -> None:
        """End the answer at once, without waiting. Closing twice does nothing."""
        ...


class StreamingTransport(Transport, Protocol):
    """A transport that can open an answer, for threads."""

    def open(self, request: Request, timeout: float | None, cancel: CancelHandle | None = None) -> OpenAnswer:
        """Send a request and return its answer as soon as the head has arrived.

        timeout: seconds until the head has arrived; None: no limit.
        An open answer counts as a blocking query in the client's `Limits`. Raises RequestError.
        """
        ...


class AsyncStreamingTransport(AsyncTransport, Protocol):
    """A transport that can open an answer, for tasks."""

    async def open(self, request: Request, timeout: float | None) -> AsyncOpenAnswer:
        """Send a request and return its answer as soon as the head has arrived; see `StreamingTransport.open`."""
        ...


class CancellableTransport(Transport, Protocol):
    """A transport that can cancel a call."""

    def send(self, request: Request, timeout: float | None, cancel: CancelHandle | None = None) -> Response:
        """Send a request; see `Transport.send`. Raises Cancelled within 100 ms once `cancel` is set."""
        ...
