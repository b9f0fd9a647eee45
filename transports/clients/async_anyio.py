"""HTTP for tasks, on asyncio and trio: h11 over TCP, TLS and UNIX sockets, with anyio.

The sockets are ours and anyio waits for them, so closing one never awaits: a call that is cancelled anywhere closes its connection there
and then, and what an idle connection has to say is asked of the socket itself.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING
from weakref import finalize

import anyio
from anyio.lowlevel import checkpoint

from consul_proto.errors import ClientClosed, RequestError, StaleConnection
from transports.clients.fork import renew_after_fork
from transports.clients.pool import Pool, close_idle
from transports.clients.tls import client_context
from transports.errors import no_connection_free, timed_out, wire_error
from transports.http1.client import HTTP1Connection

if TYPE_CHECKING:
    from consul_proto.config import Address, Config
    from consul_proto.message import Request, Response

#: How much is read at once.
_CHUNK = 1 << 16

_WOULD_BLOCK = (BlockingIOError, InterruptedError)


class AnyioConnection:
    """One connection, over whatever the address names. Its methods that do not await never block."""

    def __init__(self, config: Config, tls: ssl.SSLContext | None) -> None:
        self._address = config.address
        self._http1 = HTTP1Connection(config.address.authority, config.address.prefix, config.limits.response_size)
        self._server_name = config.tls.server_name or config.address.host
        self._context = tls
        self._socket: socket.socket | None = None
        self._opening: anyio.CancelScope | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.reusable = self.sent = self.answered = False

    async def connect(self) -> None:
        """Open the socket and, where it is TLS, shake hands. Raises OSError."""
        with anyio.CancelScope() as opening:
            self._opening = opening
            try:
                await self._connect()
            finally:
                self._opening = None
        if opening.cancel_called:
            raise ConnectionAbortedError("the client was closed")

    async def _connect(self) -> None:
        self._socket = await (_connect_unix(self._address) if self._address.scheme == "unix" else _connect_tcp(self._address))
        if self._context is not None:
            self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._server_name)
            while True:
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    await self._flush()
                    await self._fill()
                else:
                    break
            await self._flush()

    async def exchange(self, request: Request) -> Response:
        """Send a request and read its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        whole = await self._send(data)
        while True:
            data = await (self._receive() if self._tls is None else self._receive_tls(self._tls))
            self.answered = self.answered or bool(data)
            response = self._http1.receive(data)
            if response is not None:
                self.reusable = whole and self._http1.reuse() and not self._has_tls_leftover()
                return response

    async def _send(self, data: bytes) -> bool:
        """Send bytes; False where the server stopped reading them: it may have said why, as with a body that it finds too large."""
        self.sent = True
        try:
            if self._tls is None:
                await self._send_raw(data)
            else:
                self._tls.write(data)
                await self._flush()
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    async def _send_raw(self, data: bytes) -> None:
        sock = self._opened()
        try:
            sent = sock.send(data)
        except _WOULD_BLOCK:
            sent = 0
        while sent < len(data):
            await anyio.wait_writable(sock)
            try:
                sent += sock.send(memoryview(data)[sent : sent + _CHUNK])
            except _WOULD_BLOCK:
                continue

    async def _receive(self) -> bytes:
        sock = self._opened()
        while True:
            await anyio.wait_readable(sock)
            try:
                return sock.recv(_CHUNK)
            except _WOULD_BLOCK:
                continue

    async def _receive_tls(self, tls: ssl.SSLObject) -> bytes:
        while True:
            try:
                return tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLZeroReturnError:
                return b""

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._send_raw(self._outgoing.read())

    async def _fill(self) -> None:
        data = await self._receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _has_tls_leftover(self) -> bool:
        """Whether what already came, decrypted or not, is more than the answer."""
        if self._tls is None:
            return False
        try:
            return bool(self._tls.read(1))
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            return True

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError("the connection was closed")
        return self._socket

    def is_stale(self) -> bool:
        """Whether the server closed the connection, or sent what nobody asked for."""
        try:
            self._opened().recv(1, socket.MSG_PEEK)
        except _WOULD_BLOCK:
            return False
        except OSError:
            pass
        return True

    def abort(self) -> None:
        """End what the task that uses the connection waits for."""
        if self._opening is not None:
            self._opening.cancel()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


async def _connected(family: int, kind: int, protocol: int, address: object) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        try:
            sock.connect(address)  # type: ignore[arg-type] # as getaddrinfo gave it
        except _WOULD_BLOCK:
            if family == socket.AF_UNIX:
                # The queue of connections that the agent has yet to accept is full, and nothing tells when it is not.
                raise TimeoutError from None
            await anyio.wait_writable(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code)) from None
    except BaseException:
        sock.close()
        raise
    return sock


async def _connect_unix(address: Address) -> socket.socket:
    await checkpoint()
    return await _connected(socket.AF_UNIX, socket.SOCK_STREAM, 0, address.path)


async def _connect_tcp(address: Address) -> socket.socket:
    """Try a host's addresses in turn, each for its share of the time that is left. Raises OSError."""
    try:
        addresses = await anyio.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    last: OSError = OSError("the host has no address")
    deadline = anyio.current_effective_deadline()
    for tried, (family, kind, protocol, _, target) in enumerate(addresses):
        now = anyio.current_time()
        with anyio.CancelScope(deadline=now + (deadline - now) / (len(addresses) - tried)):
            try:
                sock = await _connected(family, kind, protocol, target)
            except OSError as error:
                last = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        last = TimeoutError()
    raise last


class _Turn:
    """A task that waits for a place among the calls in use."""

    def __init__(self) -> None:
        self.woken = anyio.Event()
        self.has_place = False


class AnyioTransport:
    """An `AsyncTransport` over TCP, TLS or a UNIX socket, safe between tasks.

    Its idle connections belong to no event loop: a client may outlive one and be used in the next.
    Raises ValueError for a certificate that cannot be read.
    """

    def __init__(self, config: Config) -> None:
        if config.proxy is not None:
            raise ValueError("AsyncConsul knows no proxy; use Consul, or name the proxy's own address as the agent's")
        self._config = config
        self._tls = client_context(config.tls) if config.address.scheme == "https" else None
        self._closed = False
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        """Begin with no connection and no waiting task: at first, and in a forked process, which must not use its parent's."""
        self._pool: Pool[AnyioConnection] = Pool(self._config.limits)
        self._busy: set[AnyioConnection] = set()
        #: The calls that wait for an ordinary connection, and those that wait for one for a blocking query, in turn.
        self._waiting: tuple[deque[_Turn], deque[_Turn]] = (deque(), deque())
        # A client that is never closed leaves no open socket behind. Not __del__: the sockets' own finalizers may come first.
        finalize(self, close_idle, self._pool)

    async def send(self, request: Request, timeout: float | None) -> Response:
        """Send a request over an idle or a new connection."""
        if timeout is None:
            return await self._send(request, [])
        used: list[AnyioConnection] = []
        with anyio.move_on_after(timeout):
            return await self._send(request, used)
        if not used:
            raise no_connection_free()
        raise timed_out(sent=used[0].sent)

    async def _send(self, request: Request, used: list[AnyioConnection]) -> Response:
        blocking = request.wait > 0
        if self._closed:
            raise _closed()
        if not self._pool.reserve(blocking):
            await self._wait_for_place(blocking)
        try:
            return await self._exchange(request, used)
        finally:
            self._hand_over(blocking)

    async def _exchange(self, request: Request, used: list[AnyioConnection]) -> Response:
        connection, reused = self._check_out()
        used.append(connection)
        keep = False
        try:
            if not reused:
                await connection.connect()
            response = await connection.exchange(request)
            keep = connection.reusable
        except (OSError, RequestError) as error:
            failure = wire_error(error, sent=connection.sent)
            if reused and not connection.answered:
                close_idle(self._pool)
                raise StaleConnection(failure.message, maybe_applied=connection.sent) from error
            if failure is error:
                raise
            raise failure from error
        finally:
            self._check_in(connection, keep)
        return response

    async def _wait_for_place(self, blocking: bool) -> None:
        """Wait in turn for a place among the calls in use."""
        turn = _Turn()
        self._waiting[blocking].append(turn)
        try:
            await turn.woken.wait()
            if self._closed:
                raise _closed()
        except BaseException:
            if turn in self._waiting[blocking]:
                self._waiting[blocking].remove(turn)
            if turn.has_place:
                self._hand_over(blocking)  # It is the next one's.
            raise

    def _hand_over(self, blocking: bool) -> None:
        """Give a place to the call that waits for one the longest, or back."""
        if self._waiting[blocking]:
            turn = self._waiting[blocking].popleft()
            turn.has_place = True
            turn.woken.set()
        else:
            self._pool.release(blocking)

    def _check_out(self) -> tuple[AnyioConnection, bool]:
        connection, expired = self._pool.take(monotonic())
        while connection is not None and connection.is_stale():
            expired.append(connection)
            connection, _ = self._pool.take(monotonic())
        for one in expired:
            one.close()
        reused = connection is not None
        connection = connection or AnyioConnection(self._config, self._tls)
        self._busy.add(connection)
        return connection, reused

    def _check_in(self, connection: AnyioConnection, keep: bool) -> None:
        self._busy.discard(connection)
        for one in self._pool.keep(connection, monotonic()) if keep and not self._closed else [connection]:
            one.close()

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await anyio.sleep(seconds)

    async def aclose(self) -> None:
        """Close every connection; calls of other tasks that are under way fail at once."""
        self._closed = True
        close_idle(self._pool)
        for connection in self._busy:
            connection.abort()
        for waiting in self._waiting:
            while waiting:
                waiting.popleft().woken.set()
        await checkpoint()

    def after_fork(self) -> None:
        """In the child: forget the parent's connections without a word to the server."""
        inherited = [*self._pool.drop_idle(), *self._busy]
        self._renew()
        for connection in inherited:
            connection.close()


def _closed() -> ClientClosed:
    return ClientClosed("the client is closed", maybe_applied=False)
