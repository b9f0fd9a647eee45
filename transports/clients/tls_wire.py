"""A connected socket with TLS and deadlines, for threads."""

from __future__ import annotations

import ssl
from select import POLLIN, poll

from transports.clients.wires import CHUNK, time_left


class TLSWire:
    """A connected socket with TLS."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self.socket = sock
        self._incoming = poll()
        self._incoming.register(sock, POLLIN)

    def send(self, data: bytes, deadline: float) -> None:
        """Send all bytes. Raises OSError, TimeoutError after the deadline."""
        self.socket.settimeout(time_left(deadline))
        try:
            self.socket.sendall(data)
        except ssl.SSLEOFError as error:  # what Python 3.11 makes of a connection that the server closed or reset
            raise BrokenPipeError from error

    def receive(self, deadline: float) -> bytes:
        """Return bytes that arrived, b"" at the end of the stream. Raises OSError, TimeoutError after the deadline."""
        self.socket.settimeout(time_left(deadline))
        return self.socket.recv(CHUNK)

    def receive_into(self, room: memoryview, deadline: float) -> int:
        """Write bytes that arrived into `room`, and return their number, 0 at the end of the stream. Raises like `receive`."""
        self.socket.settimeout(time_left(deadline))
        return self.socket.recv_into(room)

    def has_input(self) -> bool:
        """Return whether the server closed the connection, or sent bytes, decrypted or not."""
        return bool(self.socket.pending()) or bool(self._incoming.poll(0))
