"""One connection for tasks, on asyncio and trio: h11 over TCP, TLS and UNIX sockets, with anyio.

This file makes the sockets itself, and anyio only waits for them. So closing never awaits: a cancelled call closes its connection at once.
An idle connection is checked by looking at its socket.
"""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from consul_proto.message import StreamedBody
from transports.http1.body import OpenBody
from transports.http1.client import HTTP1Connection

if TYPE_CHECKING:
    from consul_proto.config import Address, Config
    from consul_proto.message import Headers, Request, Response

#: The most bytes read at once.
_CHUNK = 1 << 16

_WOULD_BLOCK = (BlockingIOError, InterruptedError)


class AnyioConnection:
    """One connection to the address of the configuration. Its methods that are not async never block."""

    def __init__(self, config: Config, tls: ssl.SSLContext | None) -> None:
        self._address = config.address
        self._http1 = HTTP1Connection(config.address.authority, config.address.prefix, config.limits.response_size)
        self._body = OpenBody(self._http1)
        self._sent_whole = True
        self._server_name = config.tls.server_name or config.address.host
        self._context = tls
        self._socket: socket.socket | None = None
        self._opening: anyio.CancelScope | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.reusable = self.sent = self.answered = self.shaking_hands = False

    async def connect(self) -> None:
        """Open the socket, and do the TLS handshake if needed. Raises OSError."""
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
            self.shaking_hands = True
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
            self.shaking_hands = False

    async def exchange(self, request: Request) -> Response:
        """Send a request and read its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        whole = await self._send(data, request)
        while True:
            data = await (self._receive() if self._tls is None else self._receive_tls(self._tls))
            self.answered = self.answered or bool(data)
            response = self._http1.receive(data)
            if response is not None:
                self.reusable = whole and self._http1.reuse() and not self._has_tls_leftover()
                return response

    async def begin(self, request: Request) -> tuple[int, Headers]:
        """Send a request and read the head of its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        body = self._body = OpenBody(self._http1)
        self._sent_whole = await self._send(data, request)
        while body.head is None:
            data = await (self._receive() if self._tls is None else self._receive_tls(self._tls))
            self.answered = self.answered or bool(data)
            body.receive(data)
        return body.head.status, body.head.headers

    async def read(self) -> bytes:
        """Return the next piece of the body, b"" at its end."""
        body = self._body
        while not (piece := body.next_piece()) and not body.is_whole:
            body.receive(await (self._receive() if self._tls is None else self._receive_tls(self._tls)))
        if not piece:
            self.reusable = self._sent_whole and self._http1.reuse() and not self._has_tls_leftover()
        return piece

    async def _send(self, data: bytes, request: Request) -> bool:
        """Send bytes, and then the body if it is streamed. Its pieces are read in a thread, since they may come from a file.

        Return False if the server stopped reading them: its answer may say why, for example that the body is too large.
        """
        self.sent = True
        try:
            await self._send_piece(data)
            if isinstance(request.body, StreamedBody):
                pieces = iter(request.body)
                while piece := await to_thread.run_sync(next, pieces, b""):
                    await checkpoint_if_cancelled()  # while the thread read, the task could not be cancelled
                    await self._send_piece(piece)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    async def _send_piece(self, data: bytes) -> None:
        if self._tls is None:
            await self._send_raw(data)
        else:
            self._tls.write(data)
            await self._flush()

    async def _send_raw(self, data: bytes) -> None:
        sock = self._require_socket()
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
        sock = self._require_socket()
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
        """Return whether bytes arrived after the end of the answer, decrypted or not."""
        if self._tls is None:
            return False
        try:
            return bool(self._tls.read(1))
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            return True

    def _require_socket(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError("the connection was closed")
        return self._socket

    def is_stale(self) -> bool:
        """Return whether the server closed the connection, or sent bytes that no request asked for."""
        try:
            self._require_socket().recv(1, socket.MSG_PEEK)
        except _WOULD_BLOCK:
            return False
        except OSError:
            pass
        return True

    def abort(self) -> None:
        """Wake the task that uses the connection."""
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


async def _connect_socket(family: int, kind: int, protocol: int, address: object) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        try:
            sock.connect(address)  # type: ignore[arg-type] # as getaddrinfo gave it
        except _WOULD_BLOCK:
            if family == socket.AF_UNIX:
                # The agent's queue of connections is full, and nothing signals when there is room.
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
    return await _connect_socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, address.path)


async def _connect_tcp(address: Address) -> socket.socket:
    """Connect to a host. The addresses are tried in turn, each for its share of the time that is left. Raises OSError."""
    try:
        addresses = await anyio.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    last: OSError = OSError("the host has no address")
    deadline = anyio.current_effective_deadline()
    for number, (family, kind, protocol, _, target) in enumerate(addresses):
        now = anyio.current_time()
        with anyio.CancelScope(deadline=now + (deadline - now) / (len(addresses) - number)):
            try:
                sock = await _connect_socket(family, kind, protocol, target)
            except OSError as error:
                last = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        last = TimeoutError()
    raise last
