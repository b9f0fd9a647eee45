"""Resolve host names and connect, within a time limit. The system's resolver cannot be interrupted, so it runs in a thread of its own.

`Connecting` connects to an IP address without waiting.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

#: An item of `socket.getaddrinfo`: family, kind, protocol, canonical name, address.
AddressInfo = tuple[int, int, int, str, Any]


class Attempt:
    """An attempt to connect, which another thread can abort: the attempt then raises ConnectionAbortedError at once."""

    def __init__(self) -> None:
        self.resolved = threading.Event()
        self._lock = threading.Lock()
        self._aborted = False
        self._socket: socket.socket | None = None

    def check(self) -> None:
        """Raise ConnectionAbortedError if the attempt was aborted."""
        if self._aborted:
            raise ConnectionAbortedError("the client was closed")

    def watch(self, sock: socket.socket) -> None:
        """Set the socket that `abort` must shut down."""
        with self._lock:
            self.check()
            self._socket = sock

    def abort(self) -> None:
        """End the attempt, and whatever uses its socket."""
        with self._lock:
            self._aborted = True
            self.resolved.set()
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


def resolve(host: str, port: int, deadline: float, attempt: Attempt) -> Sequence[AddressInfo]:
    """Return the addresses of a host. Raises OSError, and TimeoutError after the deadline (in seconds of the monotonic clock)."""
    if _is_address(host):
        # As bytes: for a str, Python imports the codec of international names.
        return socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)
    found: list[AddressInfo] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError as error:
            failed.append(socket.gaierror(socket.EAI_NONAME, str(error)))
        finally:
            attempt.resolved.set()

    thread = threading.Thread(target=look_up, name="consulate-resolve", daemon=True)
    thread.start()
    attempt.resolved.wait(min(max(0.0, deadline - monotonic()), threading.TIMEOUT_MAX))
    attempt.check()
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return found


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, ValueError):
            socket.inet_pton(family, host)  # `ipaddress` takes a millisecond to import
            return True
    return False


def connect(host: str, port: int, deadline: float, attempt: Attempt) -> socket.socket:
    """Connect to a host and return the socket. The addresses are tried in turn, each for its share of the time. Raises OSError."""
    addresses = resolve(host, port, deadline, attempt)
    last: OSError = OSError("the host has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(None if left == float("inf") else left / (len(addresses) - number))
            attempt.watch(sock)
            sock.connect(address)
            attempt.check()
        except OSError as error:
            sock.close()
            attempt.check()
            last = error
        except BaseException:
            sock.close()
            raise
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise last


class Connecting:
    """A connection that is being made to an IP address or a UNIX socket. `begin_connecting` makes one. It never waits."""

    def __init__(self, sock: socket.socket, target: Any, attempt: Attempt) -> None:
        self.socket = sock
        self._target = target
        self._attempt = attempt

    def is_made(self) -> bool:
        """Return whether the connection is made. When that changes, poll says that the socket is ready to write. Raises OSError."""
        # A second `connect` returns the state of the first. Some systems report that the first failed only as SO_ERROR.
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or self.socket.connect_ex(self._target)
        if code in (errno.EINPROGRESS, errno.EALREADY):
            return False
        self._attempt.check()
        if code not in (0, errno.EISCONN):
            raise OSError(code, os.strerror(code))
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True


def begin_connecting(family: int, kind: int, protocol: int, target: Any, attempt: Attempt) -> Connecting | None:
    """Begin to connect a new socket, without waiting. Return None if that fails at once."""
    sock = None
    try:
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        attempt.watch(sock)
        if sock.connect_ex(target) in (0, errno.EINPROGRESS):
            return Connecting(sock, target, attempt)
    except OSError:
        pass
    if sock is not None:
        sock.close()
    return None


def begin_connecting_to_host(host: str, port: int, attempt: Attempt) -> Connecting | None:
    """Begin to connect to an IP address; see `begin_connecting`. Return None for a name, which must be resolved first."""
    if not _is_address(host):
        return None
    family, kind, protocol, _, target = resolve(host, port, float("inf"), attempt)[0]
    return begin_connecting(family, kind, protocol, target, attempt)
