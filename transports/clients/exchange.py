"""A request that was sent over a socket, and whose answer is read as it arrives: a thread can wait for many of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.errors import RequestError
from transports.errors import timeout_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.message import Request, Response
    from transports.clients.socket_connection import SocketConnection


class Exchange:
    """A request and its answer, over a connection that was idle, or that is being made. One thread at a time uses it, and it never waits.

    deadline: when it has failed, in seconds of the monotonic clock. explain: turns an error of the connection into the one that the caller
    sees. done: takes the connection back; its parameter says whether it can be used again.
    """

    def __init__(
        self,
        connection: SocketConnection,
        request: Request,
        deadline: float,
        *,
        explain: Callable[[RequestError], RequestError],
        done: Callable[[bool], None],
    ) -> None:
        self.deadline = deadline
        self.descriptor = connection.fileno()
        #: The answer, once it is complete.
        self.response: Response | None = None
        self._connection = connection
        self._explain = explain
        self._done = done
        self._error: RequestError | None = None
        try:
            connection.start(request)
        except RequestError as error:
            self._fail(error)
        except BaseException:
            done(False)
            raise

    @property
    def is_over(self) -> bool:
        """Whether there is an answer or an error."""
        return self.response is not None or self._error is not None

    @property
    def is_sending(self) -> bool:
        """Whether something must still be sent."""
        return self._connection.is_sending

    def advance(self) -> bool:
        """Connect, send and read what can be, without waiting. Return whether it is over."""
        if self.is_over:
            return True
        try:
            self.response = self._connection.advance()
        except RequestError as error:
            self._fail(error)
        else:
            if self.response is not None:
                self._done(self._connection.reusable)
        return self.is_over

    def expire(self) -> None:
        """End it, because its time is over. An answer that has arrived counts."""
        if not self.advance():
            error = timeout_error(sent=self._connection.sent)
            error.__cause__ = TimeoutError()  # as where a read waits
            self._fail(error)

    def give_up(self) -> None:
        """End it, because nobody needs it any more."""
        if not self.is_over:
            self._done(False)

    def outcome(self) -> Response:
        """Return the answer, once it is over. Raises RequestError."""
        if self._error is not None:
            raise self._error
        assert self.response is not None, "it is over"
        return self.response

    def _fail(self, error: RequestError) -> None:
        failure = self._explain(error)
        if failure is not error:
            failure.__cause__ = error
        self._error = failure
        self._done(False)
