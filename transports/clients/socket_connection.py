"""One connection for threads over a socket: TCP or a UNIX socket, without urllib3. `tls_socket` adds TLS."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from consul_proto.message import StreamedBody
from transports.clients.fork import close_inherited
from transports.clients.resolve import Attempt, Connecting, begin_connecting, begin_connecting_to_host, connect
from transports.clients.wires import PlainWire, time_left
from transports.errors import timeout_error, wire_error
from transports.http1.client import HTTP1Connection

if TYPE_CHECKING:
    from consul_proto.config import Config
    from consul_proto.errors import RequestError
    from consul_proto.message import Headers, Request, Response
    from transports.clients.tls_wire import TLSWire
    from transports.http1.body import OpenBody


class SocketConnection:
    """One connection to the address of the configuration."""

    reusable = sent = answered = False
    #: Of the answer that `begin` opened.
    _body: OpenBody
    #: What `advance` must still send.
    _unsent = memoryview(b"")

    def __init__(self, config: Config) -> None:
        self._address = config.address
        self._http1 = HTTP1Connection(config.address.authority, config.address.prefix, config.limits.response_size)
        self._sent_whole = True
        self._attempt = Attempt()
        self._socket: socket.socket | None = None
        self._connecting: Connecting | None = None
        self._wire: PlainWire | TLSWire | None = None

    def connect(self, deadline: float) -> None:
        """Connect to the address."""
        try:
            sock = self._socket = self._connect_unix(deadline) if self._address.is_unix else self._connect_tcp(deadline)
            self._wire = self._wire_over(sock, deadline)
        except OSError as error:
            # EAGAIN: the agent's queue of connections is full.
            raise (timeout_error(sent=False) if isinstance(error, BlockingIOError) else self._failure(error, sent=False)) from error

    def _connect_tcp(self, deadline: float) -> socket.socket:
        return connect(self._address.host, self._address.port, deadline, self._attempt)

    def _connect_unix(self, deadline: float) -> socket.socket:
        sock = self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._attempt.watch(sock)
        sock.settimeout(time_left(deadline))
        sock.connect(self._address.path)
        self._attempt.check()
        return sock

    def _wire_over(self, sock: socket.socket, deadline: float) -> PlainWire | TLSWire:  # noqa: ARG002 - a TLS handshake takes time
        """Return the wire over a connected socket. Raises OSError or RequestError."""
        return PlainWire(sock)

    def _failure(self, error: OSError, *, sent: bool) -> RequestError:
        """Return the RequestError for an exception of the wire."""
        return wire_error(error, sent=sent)

    def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and read its answer."""
        self.sent = self.answered = self.reusable = False
        http1 = self._http1
        data = http1.send(request)
        try:
            wire = self._wire or self._require_wire()
            whole = self._send(wire, data, request, deadline)
            data = wire.receive(deadline)
            self.answered = bool(data)
            response = http1.receive(data)
            while response is None:
                room = http1.room()
                if room is None:
                    response = http1.receive(wire.receive(deadline))
                else:
                    with room:
                        count = wire.receive_into(room, deadline)
                    response = http1.fill(count)
            self.reusable = whole and http1.reuse()
            return response
        except OSError as error:
            raise self._failure(error, sent=self.sent) from error

    @property
    def is_sending(self) -> bool:
        """Whether `advance` must still send something."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return the descriptor of the socket; -1 if it is closed."""
        return -1 if self._socket is None else self._socket.fileno()

    def start_connecting(self) -> bool:
        """Begin to connect, without waiting; `advance` does the rest. Return False if that fails at once: `connect` then says why."""
        if self._address.is_unix:
            begun = begin_connecting(socket.AF_UNIX, socket.SOCK_STREAM, 0, self._address.path, self._attempt)
        else:
            begun = begin_connecting_to_host(self._address.host, self._address.port, self._attempt)
        if begun is None:
            return False
        self._connecting, self._socket = begun, begun.socket
        return True

    def start(self, request: Request) -> None:
        """Send what can be sent of a request without waiting; `advance` does the rest. It has no streamed body, and there is no TLS.

        Raises RequestError.
        """
        self.sent = self.answered = self.reusable = False
        self._unsent, self._sent_whole = memoryview(self._http1.send(request)), True
        if self._wire is not None:
            try:
                self._send_more(self._plain_wire())
            except OSError as error:
                raise self._failure(error, sent=self.sent) from error

    def advance(self) -> Response | None:
        """Connect, send and read what can be, without waiting. Return the answer once it is complete. Raises RequestError."""
        http1 = self._http1
        try:
            if self._connecting is not None:
                if not self._connecting.is_made():
                    return None
                self._wire, self._connecting = PlainWire(self._connecting.socket), None
            wire = self._plain_wire()
            if self._unsent:
                self._send_more(wire)
            room = http1.room()
            if room is None:
                data = wire.receive_now()
                self.answered = self.answered or bool(data)
                response = None if data is None else http1.receive(data)
            else:
                with room:
                    count = wire.receive_into_now(room)
                response = None if count is None else http1.fill(count)
        except OSError as error:
            raise self._failure(error, sent=self.sent) from error
        if response is not None:
            self.reusable = self._sent_whole and not self._unsent and http1.reuse()
        return response

    def _send_more(self, wire: PlainWire) -> None:
        self.sent = True
        try:
            self._unsent = self._unsent[wire.send_now(self._unsent) :]
        except (BrokenPipeError, ConnectionResetError):
            # The server stopped reading: its answer may say why, as in `_send`.
            self._unsent, self._sent_whole = memoryview(b""), False

    def _plain_wire(self) -> PlainWire:
        wire = self._require_wire()
        assert isinstance(wire, PlainWire), "with TLS, reading may have to send"
        return wire

    def begin(self, request: Request, deadline: float) -> tuple[int, Headers]:
        """Send a request and read the head of its answer."""
        self.sent = self.answered = self.reusable = False
        data = self._http1.send(request)
        try:
            from transports.http1.body import OpenBody  # with h11, which takes long to import, and most calls do not need it

            body = self._body = OpenBody(self._http1)
            wire = self._require_wire()
            self._sent_whole = self._send(wire, data, request, deadline)
            while body.head is None:
                data = wire.receive(deadline)
                self.answered = self.answered or bool(data)
                body.receive(data)
        except OSError as error:
            raise self._failure(error, sent=self.sent) from error
        return body.head.status, body.head.headers

    def read(self, deadline: float) -> bytes:
        """Return the next piece of the body."""
        body = self._body
        try:
            while not (piece := body.next_piece()) and not body.is_whole:
                body.receive(self._require_wire().receive(deadline))
        except OSError as error:
            raise self._failure(error, sent=True) from error
        if body.is_whole and not piece:
            self.reusable = self._sent_whole and self._http1.reuse()
        return piece

    def _require_wire(self) -> PlainWire | TLSWire:
        if self._wire is None:
            raise ConnectionResetError("the connection was closed")
        return self._wire

    def _send(self, wire: PlainWire | TLSWire, data: bytes, request: Request, deadline: float) -> bool:
        """Send bytes, and then the body if it is streamed.

        Return False if the server stopped reading them: its answer may say why, for example that the body is too large.
        """
        self.sent = True
        try:
            wire.send(data, deadline)
            if isinstance(request.body, StreamedBody):
                for piece in request.body:
                    wire.send(piece, deadline)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def is_stale(self) -> bool:
        """Return whether the server closed the connection, or sent bytes that no request asked for."""
        return self._wire is None or self._wire.has_input()

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
