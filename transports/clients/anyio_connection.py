"""One connection for tasks, on asyncio and trio: h11 over TCP, TLS and UNIX sockets, with anyio.

This file makes the sockets itself, and the event loop only waits for them. So closing never awaits: a cancelled call closes its connection
at once. An idle connection is checked by looking at its socket.
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
from transports.clients.task_wires import CHUNK, WOULD_BLOCK
from transports.http1.client import HTTP1Connection

if TYPE_CHECKING:
    from consul_proto.config import Address, Config
    from consul_proto.message import Headers, Request, Response
    from transports.clients.loops import LoopGuard
    from transports.clients.task_wires import TaskWire
    from transports.http1.body import OpenBody


class AnyioConnection:
    """One connection to the address of the configuration. Its methods that are not async never block.

    Deadlines are in seconds of the event loop's clock. guard: knows the event loop that runs.
    """

    #: Of the answer that `begin` opened.
    _body: OpenBody

    def __init__(self, config: Config, tls: ssl.SSLContext | None, guard: LoopGuard) -> None:
        self._address = config.address
        self._http1 = HTTP1Connection(config.address.authority, config.address.prefix, config.limits.response_size)
        self._sent_whole = True
        self._server_name = config.tls.server_name or config.address.host
        self._context = tls
        self._guard = guard
        self._socket: socket.socket | None = None
        #: The socket in the event loop of this run.
        self._wire: TaskWire | None = None
        self._run: object = None
        self._opening: anyio.CancelScope | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.reusable = self.sent = self.answered = self.shaking_hands = False

    async def connect(self, deadline: float) -> None:
        """Open the socket, and do the TLS handshake if needed. Raises OSError."""
        with anyio.CancelScope() as opening:
            self._opening = opening
            try:
                await self._connect(deadline)
            finally:
                self._opening = None
        if opening.cancel_called:
            raise ConnectionAbortedError("the client was closed")

    async def _connect(self, deadline: float) -> None:
        address = self._address
        with anyio.CancelScope(deadline=deadline) as limit:
            self._socket = await (_connect_unix(address) if address.is_unix else _connect_tcp(address))
        if limit.cancelled_caught:
            raise TimeoutError
        if self._context is not None:
            wire = self._join_loop()
            self.shaking_hands = True
            self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._server_name)
            while True:
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    await self._flush(wire, deadline)
                    await self._fill(wire, deadline)
                else:
                    break
            await self._flush(wire, deadline)
            self.shaking_hands = False

    def _join_loop(self) -> TaskWire:
        """Return the wire for the event loop that runs. One of an earlier run leaves its own."""
        wire, run = self._wire, self._guard.run
        if wire is not None and self._run is run:
            return wire
        if wire is not None:
            wire.release()
        if self._socket is None:
            raise ConnectionResetError("the connection was closed")
        self._wire, self._run = self._guard.wire(self._socket), run
        return self._wire

    async def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and read its answer."""
        self.sent = self.answered = self.reusable = False
        http1 = self._http1
        data = http1.send(request)
        wire = self._join_loop()
        whole = await self._send(wire, data, request, deadline)
        while True:
            data = await (wire.receive(deadline) if self._tls is None else self._receive_tls(wire, self._tls, deadline))
            if data:
                self.answered = True
            response = http1.receive(data)
            if response is not None:
                self.reusable = whole and http1.reuse() and (self._tls is None or not _has_leftover(self._tls))
                return response

    async def begin(self, request: Request, deadline: float) -> tuple[int, Headers]:
        """Send a request and read the head of its answer."""
        from transports.http1.body import OpenBody  # with h11, which takes long to import, and most calls do not need it

        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        body = self._body = OpenBody(self._http1)
        wire = self._join_loop()
        self._sent_whole = await self._send(wire, data, request, deadline)
        while body.head is None:
            data = await (wire.receive(deadline) if self._tls is None else self._receive_tls(wire, self._tls, deadline))
            self.answered = self.answered or bool(data)
            body.receive(data)
        return body.head.status, body.head.headers

    async def read(self, deadline: float) -> bytes:
        """Return the next piece of the body, b"" at its end."""
        body = self._body
        while not (piece := body.next_piece()) and not body.is_whole:
            wire = self._join_loop()
            body.receive(await (wire.receive(deadline) if self._tls is None else self._receive_tls(wire, self._tls, deadline)))
        if not piece:
            self.reusable = self._sent_whole and self._http1.reuse() and (self._tls is None or not _has_leftover(self._tls))
        return piece

    async def _send(self, wire: TaskWire, data: bytes, request: Request, deadline: float) -> bool:
        """Send bytes, and then the body if it is streamed. Its pieces are read in a thread, since they may come from a file.

        Return False if the server stopped reading them: its answer may say why, for example that the body is too large.
        """
        self.sent = True
        try:
            await self._send_piece(wire, data, deadline)
            if isinstance(request.body, StreamedBody):
                pieces = iter(request.body)
                while piece := await to_thread.run_sync(next, pieces, b""):
                    await checkpoint_if_cancelled()  # while the thread read, the task could not be cancelled
                    if self._guard.now() > deadline:
                        raise TimeoutError
                    await self._send_piece(wire, piece, deadline)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    async def _send_piece(self, wire: TaskWire, data: bytes, deadline: float) -> None:
        if self._tls is None:
            await wire.send(data, deadline)
        else:
            self._tls.write(data)
            await self._flush(wire, deadline)

    async def _receive_tls(self, wire: TaskWire, tls: ssl.SSLObject, deadline: float) -> bytes:
        while True:
            try:
                return tls.read(CHUNK)
            except ssl.SSLWantReadError:
                await self._flush(wire, deadline)
                await self._fill(wire, deadline)
            except ssl.SSLZeroReturnError:
                return b""

    async def _flush(self, wire: TaskWire, deadline: float) -> None:
        if self._outgoing.pending:
            await wire.send(self._outgoing.read(), deadline)

    async def _fill(self, wire: TaskWire, deadline: float) -> None:
        data = await wire.receive(deadline)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def is_stale(self) -> bool:
        """Return whether the server closed the connection, or sent bytes that no request asked for."""
        if self._socket is None:
            return True
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except WOULD_BLOCK:
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
        if self._wire is not None:
            self._wire.close()
        elif self._socket is not None:
            self._socket.close()
        self._wire = self._socket = None

    def forget(self) -> None:
        """In a forked process: close the socket, and leave the event loop alone, which is the parent's too."""
        if self._socket is not None:
            self._socket.close()
        self._wire = self._socket = None


def _has_leftover(tls: ssl.SSLObject) -> bool:
    """Return whether bytes arrived after the end of the answer, decrypted or not."""
    try:
        return bool(tls.read(1))
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True


async def _connect_socket(family: int, kind: int, protocol: int, address: object) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        try:
            sock.connect(address)  # type: ignore[arg-type] # as getaddrinfo gave it
        except WOULD_BLOCK:
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
