"""`Stream`: a call whose answer is read piece by piece, as events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from consul_proto.failures import error_for

if TYPE_CHECKING:
    from types import TracebackType

    from consul_proto.errors import ConsulateException
    from consul_proto.message import Request, Response

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Decoder(Protocol[E_co]):
    """Turns the bytes of a body into events: the same events however the bytes are cut."""

    def feed(self, data: bytes) -> Iterable[E_co]:
        """Take the next bytes and return the events that are complete. Raises DecodeError."""
        ...

    def end(self) -> Iterable[E_co]:
        """Return the last events. Raises DecodeError where the body ended too early."""
        ...


class Events(Protocol[E_co]):
    """The events of a stream, for threads: `with client.agent.monitor() as lines: for line in lines: ...`."""

    def __enter__(self) -> Self:
        """Send the request, and wait until its answer begins. Raises ConsulateException."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        """Close the stream."""
        ...

    def __iter__(self) -> Iterator[E_co]:
        """Iterate over the events as they come. Raises ConsulateException."""
        ...

    def close(self) -> None:
        """End the stream at once, from any thread: the iteration stops. Closing twice does nothing."""
        ...


class AsyncEvents(Protocol[E_co]):
    """The events of a stream, for tasks: `async with client.agent.monitor() as lines: async for line in lines: ...`."""

    async def __aenter__(self) -> Self:
        """As `Events.__enter__`."""
        ...

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        """Close the stream."""
        ...

    def __aiter__(self) -> AsyncIterator[E_co]:
        """As `Events.__iter__`."""
        ...

    def close(self) -> None:
        """As `Events.close`. It never waits."""
        ...


class Pieces:
    """The decoder of a body that is bytes and nothing else."""

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the bytes as they came."""
        return (data,)

    def end(self) -> Iterable[bytes]:
        """Return nothing more."""
        return ()


@dataclass(frozen=True, slots=True, repr=False)
class Stream(Generic[E]):
    """One call of the API whose answer is a stream of events. It holds no token and no defaults of a client.

    name: the call's name in the endpoint manifest ("agent.monitor").
    request: what to send.
    decoder: makes the decoder of one answer.
    defaults: which of a client's settings the endpoint obeys, as of an `Operation`.
    answers: the statuses whose body is the stream; any other is an exception.
    """

    name: str
    request: Request
    decoder: Callable[[], Decoder[E]]
    defaults: Collection[str] = ()
    answers: tuple[int, ...] = (200,)

    @property
    def is_read(self) -> bool:
        """Whether sending the request twice does no more than sending it once."""
        return self.request.method == "GET"

    def error(self, response: Response) -> ConsulateException:
        """Return the exception that an answer with another status is."""
        return error_for(self.request, response)

    def __repr__(self) -> str:
        return f"<Stream {self.name}: {self.request!r}>"
