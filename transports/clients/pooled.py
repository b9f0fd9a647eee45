"""A transport for threads over pooled connections: what urllib3 and the UNIX socket share. What a connection is, each brings itself."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Protocol
from weakref import finalize

from consul_proto.errors import ClientClosed, RequestError, RequestTimeout, StaleConnection
from transports.clients.fork import renew_after_fork
from transports.clients.pool import Pool, close_idle
from transports.errors import no_connection_free

if TYPE_CHECKING:
    from consul_proto.config import Limits
    from consul_proto.message import Request, Response

_FOREVER = float("inf")


class Connection(Protocol):
    """One connection; only one thread uses it at a time, but for `abort`."""

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request."""
        ...

    @property
    def sent(self) -> bool:
        """Whether any byte of the request at hand may have been sent."""
        ...

    @property
    def answered(self) -> bool:
        """Whether any byte of its answer was read."""
        ...

    def connect(self, deadline: float) -> None:
        """Open the connection before this time of the monotonic clock."""
        ...

    def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and return its answer, before this time of the monotonic clock. Raises RequestError."""
        ...

    def is_stale(self) -> bool:
        """Whether an idle connection was closed by the server, or has bytes that nobody asked for."""
        ...

    def abort(self) -> None:
        """Make the thread that uses the connection fail at once."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...

    def forget(self) -> None:
        """In a forked process: close the socket without a word, and wait for no lock, which a thread of the parent may hold."""
        ...


class _Turn:
    """A thread that waits for a place among the calls in use."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        self.has_place = False


class PooledTransport:
    """A `Transport` whose connections are made by `connection()` and kept for the next call, safe between threads and after a fork."""

    def __init__(self, connection: Callable[[], Connection], limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._closed = False
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        """Begin with no connection and no waiting thread: at first, and in a forked process, which must not use its parent's."""
        self._lock = threading.Lock()
        #: The calls that wait for an ordinary connection, and those that wait for one for a blocking query, in turn.
        self._waiting: tuple[deque[_Turn], deque[_Turn]] = (deque(), deque())
        self._pool: Pool[Connection] = Pool(self._limits)
        self._busy: set[Connection] = set()
        # A client that is never closed leaves no open socket behind. Not __del__: the sockets' own finalizers may come first.
        finalize(self, close_idle, self._pool)

    def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request over an idle or a new connection."""
        deadline = _FOREVER if timeout is None else monotonic() + timeout
        blocking = request.wait > 0
        connection, reused = self._check_out(blocking, deadline)
        keep = False
        try:
            if not reused:
                connection.connect(deadline)
                self._check_open()
            response = connection.exchange(request, deadline)
            keep = connection.reusable
        except RequestError as error:
            if reused and not connection.answered and not isinstance(error, RequestTimeout):
                self._close_idle()
                raise StaleConnection(error.message, maybe_applied=connection.sent) from error
            raise
        finally:
            self._check_in(blocking, connection, keep)
        return response

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosed("the client is closed", maybe_applied=False)

    def _check_out(self, blocking: bool, deadline: float) -> tuple[Connection, bool]:
        """Take a place among the calls in use, or wait in turn until one is handed over; return a connection, and whether it was idle."""
        with self._lock:
            self._check_open()
            if self._pool.reserve(blocking):
                return self._take()
            turn = _Turn()
            self._waiting[blocking].append(turn)
        try:
            handed_over = turn.woken.wait(min(deadline - monotonic(), threading.TIMEOUT_MAX))
            with self._lock:
                self._check_open()
                if not handed_over:
                    raise no_connection_free()
                return self._take()
        except BaseException:
            with self._lock:
                if turn in self._waiting[blocking]:
                    self._waiting[blocking].remove(turn)
                if turn.has_place:
                    self._hand_over(blocking)  # It is the next one's.
            raise

    def _take(self) -> tuple[Connection, bool]:
        """An idle connection that can be used, or a new one. The lock is held."""
        connection, expired = self._pool.take(monotonic())
        while connection is not None and connection.is_stale():
            expired.append(connection)
            connection, _ = self._pool.take(monotonic())
        for old in expired:
            old.close()
        reused = connection is not None
        connection = connection or self._connection()
        self._busy.add(connection)
        return connection, reused

    def _check_in(self, blocking: bool, connection: Connection, keep: bool) -> None:
        if not keep:
            connection.close()
        with self._lock:
            self._busy.discard(connection)
            for old in self._pool.keep(connection, monotonic()) if keep and not self._closed else [connection]:
                old.close()
            self._hand_over(blocking)

    def _hand_over(self, blocking: bool) -> None:
        """Give a place to the call that waits for one the longest, or back. The lock is held."""
        if self._waiting[blocking]:
            turn = self._waiting[blocking].popleft()
            turn.has_place = True
            turn.woken.set()
        else:
            self._pool.release(blocking)

    def _close_idle(self) -> None:
        """One idle connection was stale, so the others are too: the server went away."""
        with self._lock:
            close_idle(self._pool)

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """Close every connection; calls of other threads that are under way fail at once."""
        with self._lock:
            self._closed = True
            close_idle(self._pool)
            for connection in self._busy:
                connection.abort()
            for waiting in self._waiting:
                while waiting:
                    waiting.popleft().woken.set()

    def after_fork(self) -> None:
        """In the child: forget the parent's connections without a word to the server."""
        inherited = [*self._pool.drop_idle(), *self._busy]
        self._renew()
        for connection in inherited:
            connection.forget()
