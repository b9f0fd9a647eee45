"""HTTP for threads over a UNIX stream socket, with h11."""

from __future__ import annotations

import socket
from contextlib import suppress
from select import POLLIN, poll
from time import monotonic
from typing import TYPE_CHECKING

from transports.errors import timed_out, wire_error
from transports.http1 import HTTP1Connection
from transports.pooled import PooledTransport

if TYPE_CHECKING:
    from consul_proto.config import Config
    from consul_proto.message import Request, Response

_FOREVER = float("inf")

#: How much is read at once.
_CHUNK = 1 << 16


class UnixConnection:
    """One connection to a UNIX socket."""

    reusable = sent = answered = False

    def __init__(self, config: Config) -> None:
        self._path = config.address.path
        self._http1 = HTTP1Connection(config.address.authority, config.address.prefix, config.limits.response_size)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._poller = poll()
        self._poller.register(self._socket, POLLIN)

    def connect(self, deadline: float) -> None:
        """Connect to the socket file."""
        try:
            self._limit_time(deadline)
            self._socket.connect(self._path)
        except OSError as error:
            # EAGAIN: the queue of connections that the agent has yet to accept is full.
            raise (timed_out(sent=False) if isinstance(error, BlockingIOError) else wire_error(error, sent=False)) from error

    def _limit_time(self, deadline: float) -> None:
        if deadline == _FOREVER:
            self._socket.settimeout(None)
            return
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and read its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        try:
            whole = self._send(data, deadline, bool(request.body))
            while True:
                self._limit_time(deadline)
                data = self._socket.recv(_CHUNK)
                self.answered = self.answered or bool(data)
                response = self._http1.receive(data)
                if response is not None:
                    self.reusable = whole and self._http1.reuse()
                    return response
        except OSError as error:
            raise wire_error(error, sent=self.sent) from error

    def _send(self, data: bytes, deadline: float, has_body: bool) -> bool:
        """Send bytes; False where the server stopped reading a body, as it does with one that it finds too large."""
        self._limit_time(deadline)
        self.sent = True
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            if not has_body:
                raise
            return False
        return True

    def is_stale(self) -> bool:
        """Whether the server closed the connection, or sent what nobody asked for."""
        return bool(self._poller.poll(0))

    def abort(self) -> None:
        """Shut the socket down, which wakes the thread that reads from it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class UnixTransport(PooledTransport):
    """A `Transport` over a UNIX stream socket."""

    def __init__(self, config: Config) -> None:
        super().__init__(lambda: UnixConnection(config), config.limits)
