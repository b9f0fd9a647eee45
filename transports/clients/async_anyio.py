"""HTTP for tasks, on asyncio and trio, with anyio: a pool of connections over TCP, TLS or UNIX sockets."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING
from weakref import finalize

import anyio
from anyio.lowlevel import checkpoint

from consul_proto.config import connect_deadline
from consul_proto.errors import ClientClosed, RequestError, RequestTimeout, StaleConnection, UnreadableBody
from transports.clients.anyio_connection import AnyioConnection
from transports.clients.fork import renew_after_fork
from transports.clients.loops import LoopGuard
from transports.clients.pool import Pool, Turn, close_idle
from transports.clients.tls import ClientContexts
from transports.clocks import EVENT_LOOP_CLOCK
from transports.errors import busy_error, suggest_http, suggest_https
from transports.tls_errors import tls_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from consul_proto.config import Config
    from consul_proto.message import Headers, Request, Response

_NEVER = float("inf")


class AnyioTransport:
    """An `AsyncTransport` over TCP, TLS or a UNIX socket. It is safe to share between tasks.

    Its idle connections belong to no event loop: a client can be used in one event loop after another, but not in two that run at once.
    Raises ValueError for a certificate that cannot be read.
    """

    clock = EVENT_LOOP_CLOCK

    def __init__(self, config: Config) -> None:
        if config.proxy is not None:
            raise ValueError("AsyncConsul does not support proxies; use Consul, or give the address of the proxy as host=")
        self._config = config
        # A new context is made in the event loop when a file has changed: reading the certificates takes a few milliseconds.
        self._tls = ClientContexts(config.tls) if config.address.is_encrypted else None
        self._is_plain = config.address.scheme == "http"
        self._agents = len(config.addresses)
        self.limits = config.limits
        self._closed = False
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        """Start with no connection and no waiting task: at first, and in a forked process, which must not use its parent's."""
        self._pool: Pool[AnyioConnection] = Pool(self._config.limits)
        self._busy: set[AnyioConnection] = set()
        self._guard = LoopGuard()
        # Close the sockets of a client that is never closed. Not in __del__: the sockets' own finalizers may run first.
        finalize(self, close_idle, self._pool)

    def has_place(self) -> bool:
        """Return whether a blocking query would get a connection at once."""
        return self._pool.has_place(blocking=True)

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request over an idle or a new connection, and return its answer."""
        self._guard.check()
        deadline = self._deadline(timeout)
        blocking = request.wait > 0
        if self._closed or not self._pool.reserve(blocking):
            await self._wait_for_place(blocking, deadline)
        connection, reused = self._check_out()
        keep = False
        try:
            if not reused:
                await connection.connect(self._connect_deadline(deadline))
            response = await connection.exchange(request, deadline)
            keep = connection.reusable
        except (OSError, RequestError) as error:
            failure = self._failure(error, connection, reused)
            if failure is error:
                raise
            raise failure from error
        finally:
            self._check_in(blocking, connection, keep)
        return response

    async def open(self, request: Request, timeout: float | None) -> AnyioAnswer:
        """Send a request over an idle or a new connection, and return its answer as soon as the head has arrived."""
        self._guard.check()
        deadline = self._deadline(timeout)
        if self._closed or not self._pool.reserve(True):
            await self._wait_for_place(True, deadline)
        connection, reused = self._check_out()
        try:
            if not reused:
                await connection.connect(self._connect_deadline(deadline))
            status, headers = await connection.begin(request, deadline)
        except BaseException as error:
            self._check_in(True, connection, keep=False)
            failure = self._failure(error, connection, reused) if isinstance(error, OSError | RequestError) else error
            if failure is error:
                raise
            raise failure from error
        return AnyioAnswer(status, headers, connection, self._deadline, lambda keep: self._check_in(True, connection, keep))

    def _deadline(self, timeout: float | None) -> float:
        return _NEVER if timeout is None else self._guard.now() + timeout

    def _connect_deadline(self, deadline: float) -> float:
        return deadline if self._agents == 1 else connect_deadline(self._guard.now(), deadline, self._agents)

    def _failure(self, error: OSError | RequestError, connection: AnyioConnection, reused: bool) -> RequestError:
        """Return the error that the caller sees for an error of a connection."""
        failure = tls_error(error, sent=connection.sent)
        if connection.shaking_hands:
            return suggest_http(failure)
        if isinstance(failure, RequestTimeout):
            return failure
        if reused and not connection.answered and not isinstance(failure, UnreadableBody):
            # If one idle connection was stale, the others are too: the server went away.
            close_idle(self._pool)
            return StaleConnection(failure.message, maybe_applied=connection.sent)
        if self._is_plain and connection.sent and not connection.answered and not self._closed:
            return suggest_https(failure)
        return failure

    async def _wait_for_place(self, blocking: bool, deadline: float) -> None:
        """Wait for a place in turn."""
        if self._closed:
            raise _closed_error()
        woken = anyio.Event()
        turn = Turn(woken.set)
        self._pool.wait(turn, blocking)
        try:
            with anyio.CancelScope(deadline=deadline) as limit:
                await woken.wait()
            if self._closed:
                raise _closed_error()
            if limit.cancelled_caught:
                raise busy_error()
        except BaseException:
            _wake(self._pool.give_up(turn))
            raise

    def _check_out(self) -> tuple[AnyioConnection, bool]:
        idle = self._pool.take(monotonic())
        connection = idle or AnyioConnection(self._config, None if self._tls is None else self._tls.current(), self._guard)
        self._busy.add(connection)
        return connection, idle is not None

    def _check_in(self, blocking: bool, connection: AnyioConnection, keep: bool) -> None:
        if connection not in self._busy:
            return  # the answer was opened before this process was forked, and the pool is a new one
        self._busy.remove(connection)
        keep = keep and not self._closed
        if not keep:
            connection.close()
        turn = self._pool.give_back(connection if keep else None, blocking, monotonic())
        if turn is not None:
            turn.wake()

    async def aclose(self) -> None:
        """Close every connection. Calls of other tasks fail at once."""
        self._guard.check()
        self._closed = True
        close_idle(self._pool)
        for connection in self._busy:
            connection.abort()
        for turn in self._pool.drop_waiting():
            turn.wake()
        await checkpoint()

    def after_fork(self) -> None:
        """In the child: drop the parent's connections without sending anything to the server."""
        inherited = [*self._pool.drop_idle(), *self._busy]
        self._renew()
        for connection in inherited:
            connection.forget()


class AnyioAnswer:
    """An open answer. At its end its connection goes back to the pool; in any other case the connection is closed.

    deadline: returns the end of a time limit. done: takes the connection back; its parameter says whether it can be used again.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        connection: AnyioConnection,
        deadline: Callable[[float | None], float],
        done: Callable[[bool], None],
    ) -> None:
        self.status, self.headers = status, headers
        self._connection = connection
        self._deadline = deadline
        self._done = done
        self._is_closed = False
        self._is_read = False

    async def read(self, timeout: float | None) -> bytes:
        """Return the next piece of the body within `timeout` seconds; b"" at its end, or after `close`. Raises RequestError."""
        if not self._is_open():
            return b""
        self._is_read = True
        piece, ended, is_whole = b"", True, False
        try:
            piece = await self._connection.read(self._deadline(timeout))
            ended, is_whole = not piece, not piece
        except (OSError, RequestError) as error:
            failure = tls_error(error, sent=True)
            if failure is error and self._is_open():
                raise
            if self._is_open():
                raise failure from error
        finally:
            self._end_read(ended, is_whole)
        return piece if self._is_open() else b""

    def _is_open(self) -> bool:
        return not self._is_closed

    def _end_read(self, ended: bool, is_whole: bool) -> None:
        """After a read: give the connection back if the answer ended, failed, or was closed in the meantime."""
        self._is_read = False
        was_closed, self._is_closed = self._is_closed, self._is_closed or ended
        if self._is_closed:
            self._done(is_whole and not was_closed and self._connection.reusable)

    def close(self) -> None:
        """End the answer at once. A task that is reading it gets b"". Closing twice does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._is_read:
            self._connection.abort()  # the reading task gives the connection back
        else:
            self._done(False)


def _wake(turn: Turn | None) -> None:
    if turn is not None:
        turn.wake()


def _closed_error() -> ClientClosed:
    return ClientClosed("the client is closed", maybe_applied=False)
