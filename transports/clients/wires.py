"""A connected socket with deadlines, for threads, without TLS. Most calls take two system calls: one to send, one to receive."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from math import ceil
from select import POLLIN, POLLOUT, poll
from time import monotonic

_FOREVER = float("inf")

#: The most bytes read at once.
CHUNK = 1 << 16

#: Seconds in which most answers arrive: for so long the system call that reads also waits.
_SOON = 0.05

#: `struct timeval` (sys/socket.h): seconds and microseconds.
_SOON_TIMEVAL = struct.pack("@ll", 0, int(_SOON * 1e6))


def time_left(deadline: float) -> float | None:
    """Return the seconds until a deadline, None if there is none. deadline: of the monotonic clock. Raises TimeoutError after it."""
    if deadline == _FOREVER:
        return None
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class PlainWire:
    """A connected socket.

    The socket blocks, so that no call switches its mode, but a read waits at most `_SOON`. An answer that takes longer is waited for with
    poll, which obeys the deadline.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(None)
        self.socket = sock
        self._incoming, self._outgoing = poll(), poll()
        self._incoming.register(sock, POLLIN)
        self._outgoing.register(sock, POLLOUT)
        self._waits = False
        with suppress(OSError, AttributeError):  # where the system has no such option, each read waits with poll
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _SOON_TIMEVAL)
            self._waits = True

    def send(self, data: bytes, deadline: float) -> None:
        """Send all bytes. Raises OSError, TimeoutError after the deadline."""
        sent = self.send_now(data)
        while sent < len(data):
            _wait(self._outgoing, deadline)
            sent += self.send_now(memoryview(data)[sent : sent + CHUNK])

    def send_now(self, data: bytes | memoryview) -> int:
        """Send what can be sent without waiting, and return the number of bytes. Raises OSError."""
        try:
            return self.socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def receive(self, deadline: float) -> bytes:
        """Return bytes that arrived, b"" at the end of the stream. Raises OSError, TimeoutError after the deadline."""
        if self._waits and deadline - monotonic() > _SOON:
            try:
                return self.socket.recv(CHUNK)
            except BlockingIOError:
                pass  # it takes longer
        while True:
            _wait(self._incoming, deadline)
            if (data := self.receive_now()) is not None:
                return data

    def receive_now(self) -> bytes | None:
        """Return the bytes that have arrived: None if nothing has, b"" at the end of the stream. Raises OSError."""
        try:
            return self.socket.recv(CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def receive_into(self, room: memoryview, deadline: float) -> int:
        """Write bytes that arrived into `room`, and return their number, 0 at the end of the stream. Raises like `receive`.

        Where the system can, it collects the bytes for a short while: it then takes one system call instead of one for each segment.
        """
        if self._waits and deadline - monotonic() > _SOON:
            with suppress(BlockingIOError):
                return self.socket.recv_into(room, 0, socket.MSG_WAITALL)
        while True:
            _wait(self._incoming, deadline)
            if (count := self.receive_into_now(room)) is not None:
                return count

    def receive_into_now(self, room: memoryview) -> int | None:
        """Write the bytes that have arrived into `room`, and return their number: None if nothing has, 0 at the end of the stream.

        Raises OSError.
        """
        try:
            return self.socket.recv_into(room, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def has_input(self) -> bool:
        """Return whether the server closed the connection, or sent bytes."""
        return bool(self._incoming.poll(0))


def _wait(poller: poll, deadline: float) -> None:
    """Wait until a socket is ready. Raises TimeoutError after the deadline."""
    left = time_left(deadline)
    if not poller.poll(None if left is None else ceil(left * 1000)):
        raise TimeoutError
