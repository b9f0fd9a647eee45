"""A transport for threads over a pool of connections. urllib3 and UNIX sockets each bring their own kind of connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Protocol
from weakref import finalize

from consul_proto.config import connect_deadline
from consul_proto.errors import Cancelled, ClientClosed, RequestError, RequestTimeout, StaleConnection, UnreadableBody
from transports.clients.fork import renew_after_fork
from transports.clients.pool import Pool, Turn, close_idle
from transports.clocks import SYSTEM_CLOCK
from transports.errors import busy_error, suggest_https

if TYPE_CHECKING:
    from consul_proto.config import Limits
    from consul_proto.message import Headers, Request, Response
    from transports.cancel import Cancel

_FOREVER = float("inf")


class Connection(Protocol):
    """One connection. Only one thread uses it at a time; any thread may call `abort`."""

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request."""
        ...

    @property
    def sent(self) -> bool:
        """Whether any byte of the current request may have been sent."""
        ...

    @property
    def answered(self) -> bool:
        """Whether any byte of its answer was read."""
        ...

    def connect(self, deadline: float) -> None:
        """Open the connection. deadline: in seconds of the monotonic clock. Raises RequestError."""
        ...

    def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and return its answer before the deadline. Raises RequestError."""
        ...

    def begin(self, request: Request, deadline: float) -> tuple[int, Headers]:
        """Send a request and return the status and headers of its answer. `read` returns the body. Raises RequestError."""
        ...

    def read(self, deadline: float) -> bytes:
        """Return the next piece of the body, b"" at its end. Raises RequestError."""
        ...

    def is_stale(self) -> bool:
        """Return whether the server closed an idle connection, or sent bytes that no request asked for."""
        ...

    def abort(self) -> None:
        """Make the thread that uses the connection fail at once."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...

    def forget(self) -> None:
        """In a forked process: close the socket without sending anything, and without a lock, which a thread of the parent may hold."""
        ...


class PooledTransport:
    """A `Transport` that reuses its connections. It is safe to share between threads, and to use after a fork.

    connection: makes a new connection. agents: how many agents the client has; to connect to one must not take the time of all."""

    clock = SYSTEM_CLOCK

    def __init__(self, connection: Callable[[], Connection], limits: Limits, is_plain: bool = False, agents: int = 1) -> None:
        self._connection = connection
        self._is_plain = is_plain
        self._agents = agents
        self.limits = limits
        self._closed = False
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        """Start with no connection and no waiting thread: at first, and in a forked process, which must not use its parent's."""
        self._lock = threading.Lock()
        self._pool: Pool[Connection] = Pool(self.limits)
        self._busy: set[Connection] = set()
        # Close the sockets of a client that is never closed. Not in __del__: the sockets' own finalizers may run first.
        finalize(self, close_idle, self._pool)

    def has_place(self) -> bool:
        """Return whether a blocking query would get a connection at once."""
        return self._pool.has_place(blocking=True)

    def send(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> Response:
        """Send a request over an idle or a new connection, and return its answer."""
        deadline = deadline_after(timeout)
        blocking = request.wait > 0
        connection, reused = self._check_out(blocking, deadline, cancel)
        keep = False
        try:
            if reused and cancel is None:
                response = connection.exchange(request, deadline)
            else:
                with nullcontext() if cancel is None else cancel.on_set(connection.abort):
                    if not reused:
                        connection.connect(self._connect_deadline(deadline))
                        self._check_open()
                    response = connection.exchange(request, deadline)
            keep = connection.reusable
        except RequestError as error:
            failure = self._failure(error, connection, reused, cancel)
            if failure is error:
                raise
            raise failure from error
        finally:
            self._check_in(blocking, connection, keep)
        return response

    def open(self, request: Request, timeout: float | None, cancel: Cancel | None = None) -> PooledAnswer:
        """Send a request over an idle or a new connection, and return its answer as soon as the head has arrived."""
        deadline = deadline_after(timeout)
        connection, reused = self._check_out(True, deadline, cancel)
        try:
            with nullcontext() if cancel is None else cancel.on_set(connection.abort):
                if not reused:
                    connection.connect(self._connect_deadline(deadline))
                    self._check_open()
                status, headers = connection.begin(request, deadline)
        except BaseException as error:
            self._check_in(True, connection, keep=False)
            failure = self._failure(error, connection, reused, cancel) if isinstance(error, RequestError) else error
            if failure is error:
                raise
            raise failure from error
        return PooledAnswer(status, headers, connection, cancel, lambda keep: self._check_in(True, connection, keep))

    def _failure(self, error: RequestError, connection: Connection, reused: bool, cancel: Cancel | None) -> RequestError:
        """Return the error that the caller sees for an error of a connection."""
        if cancel is not None and cancel.is_set():
            return _cancel_error(connection.sent)
        if reused and not connection.answered and not isinstance(error, RequestTimeout | UnreadableBody):
            # If one idle connection was stale, the others are too: the server went away.
            with self._lock:
                close_idle(self._pool)
            return StaleConnection(error.message, maybe_applied=connection.sent)
        if self._is_plain and connection.sent and not connection.answered and not self._closed:
            return suggest_https(error)
        return error

    def _connect_deadline(self, deadline: float) -> float:
        return deadline if self._agents == 1 else connect_deadline(monotonic(), deadline, self._agents)

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=False)

    def _check_out(self, blocking: bool, deadline: float, cancel: Cancel | None) -> tuple[Connection, bool]:
        """Take a place, or wait for one in turn. Return a connection, and whether it was used before."""
        with self._lock:
            if not self._closed and self._pool.reserve(blocking):
                return self._take()
            self._check_open()
            woken = threading.Event()
            turn = Turn(woken.set)
            self._pool.wait(turn, blocking)
        try:
            with nullcontext() if cancel is None else cancel.on_set(woken.set):
                in_time = woken.wait(min(deadline - monotonic(), threading.TIMEOUT_MAX))
            with self._lock:
                self._check_open()
                if not turn.has_place:
                    raise _cancel_error(False) if in_time else busy_error()
                return self._take()
        except BaseException:
            with self._lock:
                _wake(self._pool.give_up(turn))
            raise

    def _take(self) -> tuple[Connection, bool]:
        """Return an idle connection that can be used, or a new one. The caller holds the lock."""
        idle = self._pool.take(monotonic())
        connection = idle or self._connection()
        self._busy.add(connection)
        return connection, idle is not None

    def _check_in(self, blocking: bool, connection: Connection, keep: bool) -> None:
        keep = keep and not self._closed
        if not keep:
            connection.close()
        with self._lock:
            if connection not in self._busy:
                return  # the answer was opened before this process was forked, and the pool is a new one
            self._busy.remove(connection)
            turn = self._pool.give_back(connection if keep else None, blocking, monotonic())
            if self._closed:
                close_idle(self._pool)  # another thread closed the client in the meantime
            if turn is not None:
                turn.wake()

    def close(self) -> None:
        """Close every connection. Calls of other threads fail at once."""
        with self._lock:
            self._closed = True
            close_idle(self._pool)
            for connection in self._busy:
                connection.abort()
            for turn in self._pool.drop_waiting():
                turn.wake()

    def after_fork(self) -> None:
        """In the child: drop the parent's connections without sending anything to the server."""
        inherited = [*self._pool.drop_idle(), *self._busy]
        self._renew()
        for connection in inherited:
            connection.forget()


class PooledAnswer:
    """An open answer. At its end its connection goes back to the pool; in any other case the connection is closed.

    done: takes the connection back. Its parameter says whether the connection can be used again.
    """

    def __init__(self, status: int, headers: Headers, connection: Connection, cancel: Cancel | None, done: Callable[[bool], None]) -> None:
        self.status, self.headers = status, headers
        self._connection = connection
        self._cancel = cancel
        self._done = done
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_read = False

    def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body within `timeout` seconds; b"" at its end, or after `close`. Raises RequestError."""
        with self._lock:
            if not self._is_open():
                return b""
            self._is_read = True
        piece, ended = b"", True
        try:
            with nullcontext() if self._cancel is None else self._cancel.on_set(self._connection.abort):
                piece = self._connection.read(deadline_after(timeout))
            ended = not piece
        except RequestError as error:
            if self._cancel is not None and self._cancel.is_set():
                raise _cancel_error(True) from error
            if self._is_open():
                raise
            piece = b""
        finally:
            self._end_read(ended, bool(ended and not piece))
        return piece if self._is_open() else b""

    def _is_open(self) -> bool:
        return not self._is_closed

    def _end_read(self, ended: bool, whole: bool) -> None:
        """After a read: give the connection back if the answer ended, failed, or was closed in the meantime."""
        with self._lock:
            self._is_read = False
            was_closed, self._is_closed = self._is_closed, self._is_closed or ended
        if was_closed or ended:
            self._done(whole and not was_closed and self._connection.reusable)

    def close(self) -> None:
        """End the answer at once, from any thread. Closing twice does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            if self._is_read:
                self._connection.abort()  # the reading thread gives the connection back
                return
        self._done(False)


def deadline_after(timeout: float | None) -> float:
    """Return when a time limit ends, by the monotonic clock."""
    return _FOREVER if timeout is None else monotonic() + timeout


def _cancel_error(sent: bool) -> Cancelled:
    return Cancelled("the call was cancelled", maybe_applied=sent)


def _wake(turn: Turn | None) -> None:
    if turn is not None:
        turn.wake()
