"""Run a stream over a transport, for threads and for tasks.

A transport with `open` gives the body piece by piece. With a transport that has only `send`, the whole body is one piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, cast

from consul_proto.errors import ConsulateException, RequestError
from consul_proto.message import Response
from consul_proto.stream import E, Stream
from transports.cancel import open_cancellable, send_cancellable
from transports.drive import Budget, Context, sleep

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from consul_proto.message import Request
    from transports.cancel import Cancel
    from transports.protocol import (
        AsyncClock,
        AsyncOpenAnswer,
        AsyncStreamingTransport,
        AsyncTransport,
        Clock,
        OpenAnswer,
        StreamingTransport,
        Transport,
    )

#: The largest part of an error's body that is read, in bytes. Consul's messages are shorter.
_REFUSAL = 1 << 16

_NOT_OPEN = "a stream must be used in a `with` block: `with client.open(stream) as events: ...`"


class WholeAnswer:
    """A complete answer, with the methods of an open one."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.status, self.headers = response.status, response.headers
        self._body = response.body

    def read(self, timeout: float | None = None) -> bytes:  # noqa: ARG002 - it is here already
        """Return the whole body, then b""."""
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Forget the body."""
        self._body = b""


class AsyncWholeAnswer:
    """A complete answer, with the methods of an open one, for tasks."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.status, self.headers = response.status, response.headers
        self._answer = WholeAnswer(response)

    async def read(self, timeout: float | None = None) -> bytes:  # noqa: ARG002 - it is here already
        """Return the whole body, then b""."""
        return self._answer.read()

    def close(self) -> None:
        """Forget the body."""
        self._answer.close()


def check_stream(stream: object) -> None:
    """Raise TypeError unless this is a stream. A coroutine is closed first, since nobody will await it."""
    if isinstance(stream, Coroutine):
        stream.close()
    if not isinstance(stream, Stream):
        raise TypeError(f"open() takes a stream, not an object of {type(stream).__name__}; perform() runs an operation or a flow")


class _EventReader(Generic[E]):
    """What `ThreadEvents` and `TaskEvents` share: the decoder, and the decoded events that were not yet returned."""

    def __init__(self, stream: Stream[E], context: Context[Any], budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        #: Seconds for each wait for the next part of the answer.
        self._patience = budget.timeout if stream.silence is ... else stream.silence
        self._context = context
        self._request = context.settings.apply(stream)
        self._decoder = stream.decoder()
        self._events: deque[E] = deque()
        self._is_over = False
        self._is_closed = False

    def _take(self, piece: bytes) -> None:
        """Decode a piece. An empty piece is the end of the body."""
        if piece:
            self._events.extend(self._decoder.feed(piece))
        elif not self._is_closed:
            self._is_over = True
            self._events.extend(self._decoder.end())

    def _accept_empty(self, response: Response) -> None:
        """Take an answer with another status as one without events. Raises ConsulateException."""
        self._stream.check_empty(response)
        self._is_over = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._stream.name}>"


class ThreadEvents(_EventReader[E]):
    """The events of a stream, for threads.

    ```python
    with client.open(stream) as events:
        for event in events: ...
    ```

    The request is sent when the block is entered. `close`, from any thread, ends the iteration at once; so does leaving the block.
    The time limit applies to the head of the answer, and then to each wait for more of the body, unless the stream has its own limit.
    """

    def __init__(self, transport: Transport, stream: Stream[E], context: Context[Clock], budget: Budget) -> None:
        super().__init__(stream, context, budget)
        self._transport = transport
        self._answer: OpenAnswer | None = None

    def __enter__(self) -> Self:
        if self._answer is not None or self._is_closed:
            raise RuntimeError("a stream can be opened only once; call the client's method again for a new one")
        budget, request = self._budget, self._request
        try:
            while True:
                answer = self._open(request)
                if answer.status in self._stream.answers:
                    self._answer = answer
                    return self
                response = refusal(answer, lambda: budget.left(0.0))
                pause = budget.pause_after(self._stream, request, response)
                if pause is None:
                    self._accept_empty(response)
                    self._answer = WholeAnswer(response)
                    return self
                sleep(self._context.clock, pause, budget)
        except ConsulateException as error:
            self._context.complete(error, request)
            raise

    def _open(self, request: Request) -> OpenAnswer:
        budget = self._budget
        is_logged = budget.is_logged
        while True:
            began = budget.now() if is_logged else 0.0
            try:
                budget.check()
                answer = open_answer(self._transport, request, budget.left(request.wait), budget.cancel)
            except RequestError as error:
                if is_logged:
                    budget.log_request(request, type(error).__name__, began)
                if not budget.may_resend(self._stream, request, error):
                    raise
            else:
                if is_logged:
                    budget.log_request(request, answer.status, began)
                return answer

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> E:
        answer = self._answer
        if answer is None:
            raise RuntimeError(_NOT_OPEN)
        try:
            while not self._events and not self._is_over and not self._is_closed:
                self._take(answer.read(self._patience))
        except ConsulateException as error:
            self.close()
            self._context.complete(error, self._request)
            raise
        if self._is_closed or not self._events:
            raise StopIteration
        return self._events.popleft()

    def close(self) -> None:
        """End the stream at once, from any thread: the iteration stops. Closing twice does nothing."""
        self._is_closed = True
        if self._answer is not None:
            self._answer.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        self.close()
        return False


def open_answer(transport: Transport, request: Request, timeout: float | None, cancel: Cancel | None = None) -> OpenAnswer:
    """Open an answer, piece by piece if the transport can. Raises RequestError."""
    if hasattr(transport, "open"):
        return open_cancellable(cast("StreamingTransport", transport), request, timeout, cancel)
    return WholeAnswer(send_cancellable(transport, request, timeout, cancel))


def refusal(answer: OpenAnswer, left: Callable[[], float | None]) -> Response:
    """Return an error's answer with the first part of its body, and close it; see `read_refusal`."""
    if isinstance(answer, WholeAnswer):
        return answer.response
    return Response(answer.status, answer.headers, read_refusal(answer, left))


def read_refusal(answer: OpenAnswer, left: Callable[[], float | None]) -> bytes:
    """Return the first part of an error's body, and close the answer. left: returns the seconds that are left, None: no limit."""
    try:
        body = b""
        while len(body) < _REFUSAL and (piece := answer.read(left())):
            body += piece
        return body
    finally:
        answer.close()


class TaskEvents(_EventReader[E]):
    """The events of a stream, for tasks: `async with client.open(stream) as events:`, then `async for`. See `ThreadEvents`.

    If the task is cancelled, the answer is closed.
    """

    def __init__(self, transport: AsyncTransport, stream: Stream[E], context: Context[AsyncClock], budget: Budget) -> None:
        super().__init__(stream, context, budget)
        self._transport = transport
        self._answer: AsyncOpenAnswer | None = None

    async def __aenter__(self) -> Self:
        if self._answer is not None or self._is_closed:
            raise RuntimeError("a stream can be opened only once; call the client's method again for a new one")
        budget, request = self._budget, self._request
        try:
            while True:
                answer = await self._open(request)
                if answer.status in self._stream.answers:
                    self._answer = answer
                    return self
                response = await refusal_async(answer, lambda: budget.left(0.0))
                pause = budget.pause_after(self._stream, request, response)
                if pause is None:
                    self._accept_empty(response)
                    self._answer = AsyncWholeAnswer(response)
                    return self
                await self._context.clock.sleep(pause)
        except ConsulateException as error:
            self._context.complete(error, request)
            raise

    async def _open(self, request: Request) -> AsyncOpenAnswer:
        budget = self._budget
        is_logged = budget.is_logged
        while True:
            began = budget.now() if is_logged else 0.0
            try:
                answer = await open_answer_async(self._transport, request, budget.left(request.wait))
            except RequestError as error:
                if is_logged:
                    budget.log_request(request, type(error).__name__, began)
                if not budget.may_resend(self._stream, request, error):
                    raise
            else:
                if is_logged:
                    budget.log_request(request, answer.status, began)
                return answer

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        answer = self._answer
        if answer is None:
            raise RuntimeError(_NOT_OPEN)
        try:
            while not self._events and not self._is_over and not self._is_closed:
                self._take(await answer.read(self._patience))
        except ConsulateException as error:
            self.close()
            self._context.complete(error, self._request)
            raise
        if self._is_closed or not self._events:
            raise StopAsyncIteration
        return self._events.popleft()

    def close(self) -> None:
        """End the stream at once, without waiting: the iteration stops. Closing twice does nothing."""
        self._is_closed = True
        if self._answer is not None:
            self._answer.close()

    async def aclose(self) -> None:
        """End the stream; see `close`. `contextlib.aclosing` calls this name."""
        self.close()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Literal[False]:
        self.close()
        return False


async def open_answer_async(transport: AsyncTransport, request: Request, timeout: float | None) -> AsyncOpenAnswer:
    """Open an answer; see `open_answer`."""
    if hasattr(transport, "open"):
        return await cast("AsyncStreamingTransport", transport).open(request, timeout)
    return AsyncWholeAnswer(await transport.send(request, timeout))


async def refusal_async(answer: AsyncOpenAnswer, left: Callable[[], float | None]) -> Response:
    """Return an error's answer with the first part of its body, and close it; see `read_refusal`."""
    if isinstance(answer, AsyncWholeAnswer):
        return answer.response
    return Response(answer.status, answer.headers, await read_refusal_async(answer, left))


async def read_refusal_async(answer: AsyncOpenAnswer, left: Callable[[], float | None]) -> bytes:
    """Return the first part of an error's body; see `read_refusal`."""
    try:
        body = b""
        while len(body) < _REFUSAL and (piece := await answer.read(left())):
            body += piece
        return body
    finally:
        answer.close()
