"""`Stream`: a call whose answer is read piece by piece, as events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar

from consul_proto.errors import ConsulateException, DecodeError
from consul_proto.failures import error_for
from consul_proto.frozen import dataclass

if TYPE_CHECKING:
    from types import EllipsisType, TracebackType

    from consul_proto.failures import Explain
    from consul_proto.message import Request, Response

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Decoder(Protocol[E_co]):
    """Turns the bytes of a body into events. It does not matter how the bytes are split."""

    def feed(self, data: bytes) -> Iterable[E_co]:
        """Take the next bytes and return the events that are complete. Raises DecodeError."""
        ...

    def end(self) -> Iterable[E_co]:
        """Return the last events. Raises DecodeError if the body ended too early."""
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
        """End the stream; see `Events.close`. It never waits."""
        ...


class Pieces:
    """A decoder whose events are the bytes of the body, unchanged."""

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
    defaults: which of the client's settings apply, as in an `Operation`.
    answers: the statuses whose body is the stream; any other status raises an exception.
    explain: returns the exception for an answer whose status has another meaning than usual.
    is_empty: returns whether an answer with another status says that there are no events, as for a prefix without keys. It may raise the
        exception for the answer instead.
    silence: the longest pause between two parts of the answer, in seconds; None: no limit. Without it, the time limit of the call applies
        to each pause. The start of the answer always has the time limit of the call.
    """

    name: str
    request: Request
    decoder: Callable[[], Decoder[E]]
    defaults: Collection[str] = ()
    answers: tuple[int, ...] = (200,)
    explain: Explain | None = None
    silence: float | EllipsisType | None = ...
    is_empty: Callable[[Response], bool] | None = None

    #: A stream is always sent with the client's token.
    token: ClassVar[None] = None

    @property
    def is_read(self) -> bool:
        """Whether sending the request twice has the same effect as sending it once."""
        return self.request.method == "GET"

    def error(self, response: Response) -> ConsulateException:
        """Return the exception for an answer with any other status."""
        error = error_for(self.request, response, self.explain)
        error.came_from(response)
        return error

    def check_empty(self, response: Response) -> None:
        """Raise the exception for an answer with any other status, unless it says that there are no events."""
        try:
            if self.is_empty is not None and self.is_empty(response):
                return
        except ConsulateException as error:
            error.status, error.body = response.status, response.body
            error.came_from(response)
            error.about(self.request)
            raise
        raise self.error(response)

    def decode(self, response: Response) -> list[E]:
        """Return the events of a whole answer. Raises a ConsulateException for an answer with any other status, or a broken one."""
        if response.status not in self.answers:
            self.check_empty(response)
            return []
        decoder = self.decoder()
        try:
            return [*decoder.feed(response.body), *decoder.end()]
        except DecodeError as error:
            error.status, error.body = response.status, response.body
            error.about(self.request)
            raise

    def __repr__(self) -> str:
        return f"<Stream {self.name}: {self.request!r}>"
