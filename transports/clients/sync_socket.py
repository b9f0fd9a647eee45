"""HTTP for threads over a UNIX stream socket, with h11."""

from __future__ import annotations

import socket
from select import POLLIN, poll
from time import monotonic
from typing import TYPE_CHECKING

from consul_proto.message import StreamedBody
from transports.clients.fork import close_inherited
from transports.clients.pooled import PooledTransport
from transports.clients.resolve import Attempt
from transports.errors import timeout_error, wire_error
from transports.http1.body import OpenBody
from transports.http1.client import HTTP1Connection

if TYPE_CHECKING:
    from consul_proto.config import Config
    from consul_proto.message import Headers, Request, Response

_FOREVER = float("inf")

#: The most bytes read at once.
_CHUNK = 1 << 16


class UnixConnection:
    """One connection to a UNIX socket."""

    reusable = sent = answered = False

    def __init__(self, config: Config) -> None:
        self._path = config.address.path
        self._http1 = HTTP1Connection(config.address.authority, config.address.prefix, config.limits.response_size)
        self._body = OpenBody(self._http1)
        self._sent_whole = True
        self._attempt = Attempt()
        self._poller = poll()
        self._socket: socket.socket | None = None

    def connect(self, deadline: float) -> None:
        """Connect to the socket file."""
        try:
            sock = self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._poller.register(sock, POLLIN)
            self._attempt.watch(sock)
            _limit_time(sock, deadline)
            sock.connect(self._path)
            self._attempt.check()
        except OSError as error:
            # EAGAIN: the agent's queue of connections is full.
            raise (timeout_error(sent=False) if isinstance(error, BlockingIOError) else wire_error(error, sent=False)) from error

    def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and read its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        try:
            sock = self._require_socket()
            whole = self._send(sock, data, request, deadline)
            while True:
                response = self._http1.receive(self._receive(sock, deadline))
                if response is not None:
                    self.reusable = whole and self._http1.reuse()
                    return response
        except OSError as error:
            raise wire_error(error, sent=self.sent) from error

    def begin(self, request: Request, deadline: float) -> tuple[int, Headers]:
        """Send a request and read the head of its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        body = self._body = OpenBody(self._http1)
        try:
            sock = self._require_socket()
            self._sent_whole = self._send(sock, data, request, deadline)
            while body.head is None:
                body.receive(self._receive(sock, deadline))
        except OSError as error:
            raise wire_error(error, sent=self.sent) from error
        return body.head.status, body.head.headers

    def read(self, deadline: float) -> bytes:
        """Return the next piece of the body."""
        body = self._body
        try:
            while not (piece := body.next_piece()) and not body.is_whole:
                body.receive(self._receive(self._require_socket(), deadline))
        except OSError as error:
            raise wire_error(error, sent=True) from error
        if body.is_whole and not piece:
            self.reusable = self._sent_whole and self._http1.reuse()
        return piece

    def _receive(self, sock: socket.socket, deadline: float) -> bytes:
        _limit_time(sock, deadline)
        data = sock.recv(_CHUNK)
        self.answered = self.answered or bool(data)
        return data

    def _require_socket(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError("the connection was closed")
        return self._socket

    def _send(self, sock: socket.socket, data: bytes, request: Request, deadline: float) -> bool:
        """Send bytes, and then the body if it is streamed.

        Return False if the server stopped reading them: its answer may say why, for example that the body is too large.
        """
        _limit_time(sock, deadline)
        self.sent = True
        try:
            sock.sendall(data)
            for piece in request.body if isinstance(request.body, StreamedBody) else ():
                _limit_time(sock, deadline)
                sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def is_stale(self) -> bool:
        """Return whether the server closed the connection, or sent bytes that no request asked for."""
        return bool(self._poller.poll(0))

    def abort(self) -> None:
        """Shut the socket down, which wakes the thread that uses it."""
        self._attempt.abort()

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()

    def forget(self) -> None:
        """In a forked process: close the inherited descriptor."""
        close_inherited(self._socket)


def _limit_time(sock: socket.socket, deadline: float) -> None:
    if deadline == _FOREVER:
        sock.settimeout(None)
        return
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)


class UnixTransport(PooledTransport):
    """A `Transport` over a UNIX stream socket."""

    def __init__(self, config: Config) -> None:
        super().__init__(lambda: UnixConnection(config), config.limits)
