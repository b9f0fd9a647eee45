"""A transport for threads over pooled connections: what urllib3 and the UNIX socket share. What a connection is, each brings itself."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet, finalize

from consul_proto.errors import ClientClosed, RequestError, RequestTimeout, StaleConnection
from transports.errors import no_connection_free
from transports.pool import Pool, close_idle

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


class PooledTransport:
    """A `Transport` whose connections are made by `connection()` and kept for the next call, safe between threads and after a fork."""

    def __init__(self, connection: Callable[[], Connection], limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._closed = False
        self._renew()
        _transports.add(self)

    def _renew(self) -> None:
        """Begin with no connection and no waiting thread: at first, and in a forked process, which must not use its parent's."""
        self._lock = threading.Lock()
        #: What waits for an ordinary connection, and for one for a blocking query.
        self._free = (threading.Condition(self._lock), threading.Condition(self._lock))
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

    def _check_out(self, blocking: bool, deadline: float) -> tuple[Connection, bool]:
        expired: list[Connection] = []
        try:
            with self._lock:
                while True:
                    if self._closed:
                        raise ClientClosed("the client is closed", maybe_applied=False)
                    checkout = self._pool.check_out(blocking, monotonic())
                    if checkout is None:
                        self._wait(blocking, deadline)
                        continue
                    expired += checkout.expired
                    connection = checkout.idle
                    if connection is not None and connection.is_stale():
                        expired.append(connection)
                        self._pool.check_in(blocking, None, 0.0)
                        continue
                    reused = connection is not None
                    connection = connection or self._connection()
                    self._busy.add(connection)
                    return connection, reused
        finally:
            for old in expired:
                old.close()

    def _wait(self, blocking: bool, deadline: float) -> None:
        left = deadline - monotonic()
        if left <= 0:
            raise no_connection_free()
        self._free[blocking].wait(min(left, threading.TIMEOUT_MAX))

    def _check_in(self, blocking: bool, connection: Connection, keep: bool) -> None:
        if not keep:
            connection.close()
        with self._lock:
            self._busy.discard(connection)
            if keep and self._closed:
                keep = False
                connection.close()
            surplus = self._pool.check_in(blocking, connection if keep else None, monotonic())
            self._free[blocking].notify()
        for old in surplus:
            old.close()

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
            for free in self._free:
                free.notify_all()

    def after_fork(self) -> None:
        """In the child: forget the parent's connections without a word to the server."""
        inherited = [*self._pool.drop_idle(), *self._busy]
        self._renew()
        for connection in inherited:
            connection.close()


_transports: WeakSet[PooledTransport] = WeakSet()


def _after_fork() -> None:
    for transport in list(_transports):
        transport.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
