"""A scripted server over TCP, TLS or a UNIX socket: each connection follows a script of steps. It parses requests, and sends any bytes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

#: The most connections that wait to be accepted.
_BACKLOG = 256


@dataclass(frozen=True)
class ReadRequest:
    """Read one whole request, and record it. At the end of the stream, the connection ends."""


@dataclass(frozen=True)
class DigestRequest:
    """Read one whole request of any size, and record it with the SHA-256 of its body in place of the body."""


@dataclass(frozen=True)
class ReadHead:
    """Read the head of a request, and nothing of its body. It is not recorded."""


@dataclass(frozen=True)
class ReadSome:
    """Read the first bytes that come, whatever they are; they are not looked at."""


@dataclass(frozen=True)
class Send:
    """Send bytes at once."""

    data: bytes


@dataclass(frozen=True)
class SendBy:
    """Send `early` in the first seconds after the server's first request, `late` after them."""

    seconds: float
    early: bytes
    late: bytes


@dataclass(frozen=True)
class SendByMethod:
    """Send `get` to a GET, `put` to any other request."""

    get: bytes
    put: bytes


@dataclass(frozen=True)
class Drip:
    """Send bytes one by one, with a pause after each (seconds)."""

    data: bytes
    interval: float = 0.02


@dataclass(frozen=True)
class SendEach:
    """Send pieces one by one, with a pause after each (seconds). They are made for each request, and not stored."""

    pieces: Callable[[], Iterable[bytes | memoryview]]
    interval: float = 0.0


@dataclass(frozen=True)
class Pause:
    """Wait for some seconds, or until the server ends."""

    seconds: float


@dataclass(frozen=True)
class WaitFor:
    """Wait until a test sets an event, or until the server ends."""

    event: threading.Event


@dataclass(frozen=True)
class SetEvent:
    """Set an event, to tell a test that the script has reached this step."""

    event: threading.Event


@dataclass(frozen=True)
class Close:
    """Close the connection properly, after everything was sent.

    notify: with TLS, also send its close notification, and wait until the client closes. Without it, the client's stream was cut off.
    """

    notify: bool = False


@dataclass(frozen=True)
class Reset:
    """Reset the connection. (On a UNIX socket: close it with unread bytes.)"""


@dataclass(frozen=True)
class Hang:
    """Do nothing more until the server ends."""


@dataclass(frozen=True)
class Echo:
    """Answer with a status, and the head of the request as the body."""

    status: int = 500


@dataclass(frozen=True)
class Repeat:
    """Repeat these steps until the connection ends."""

    steps: tuple[Step, ...]


Step = (
    ReadRequest
    | DigestRequest
    | ReadHead
    | ReadSome
    | Send
    | SendBy
    | SendByMethod
    | Drip
    | SendEach
    | Pause
    | WaitFor
    | SetEvent
    | Close
    | Reset
    | Hang
    | Echo
    | Repeat
)
Script = Sequence[Step]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that arrived. connection: the number of its connection; the first is 0."""

    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header. The case of its name does not matter."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)


def answer(status: int = 200, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return a well-formed answer. A Content-Length among the headers replaces the right one."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
    if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _ConnectionEnd(Exception):
    """The connection or the server ends."""


@dataclass
class _Connection:
    number: int
    socket: socket.socket
    buffer: bytes = b""
    head: bytes = b""
    method: str = ""

    def more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise _ConnectionEnd
        self.buffer += data

    def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self.more()
        found, _, self.buffer = self.buffer.partition(mark)
        return found

    def read_exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.more()
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found

    def digest(self, size: int) -> bytes:
        digest = sha256()
        while size:
            if not self.buffer:
                self.more()
            part, self.buffer = self.buffer[:size], self.buffer[size:]
            digest.update(part)
            size -= len(part)
        return digest.digest()

    def read_request(self, *, digested: bool = False) -> ReceivedRequest:
        self.head = self.until(b"\r\n\r\n")
        first, *lines = self.head.decode("latin-1").split("\r\n")
        self.method, target, _ = first.split(" ", 2)
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        framing = {name.lower(): value for name, value in headers}
        chunked = framing.get("transfer-encoding", "").lower() == "chunked"
        if digested:
            return ReceivedRequest(self.number, self.method, target, headers, self.digest(int(framing["content-length"])))
        body = self.chunks() if chunked else self.read_exactly(int(framing.get("content-length", "0")))
        return ReceivedRequest(self.number, self.method, target, headers, body)

    def chunks(self) -> bytes:
        body = b""
        while size := int(self.until(b"\r\n").partition(b";")[0], 16):
            body += self.read_exactly(size)
            self.read_exactly(2)
        while self.until(b"\r\n"):
            pass
        return body


class RawServer:
    """A server whose connection number n follows script number n. Later connections follow the last script.

    unix_path: listen there instead of on 127.0.0.1. port: listen on this port instead of any free one. tls: the context for TLS.
    """

    def __init__(self, *scripts: Script, unix_path: Path | None = None, port: int | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._given_port = port or 0
        self.unix_path = None if unix_path is None else str(unix_path)
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        self.closed: set[int] = set()
        self._first_request = float("inf")
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_INET if unix_path is None else socket.AF_UNIX)

    def __enter__(self) -> Self:
        if self.unix_path is None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self._given_port) if self.unix_path is None else self.unix_path)
        self._listener.listen(_BACKLOG)
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    # Not the method of SSLSocket, which would remove the TLS session that another thread is using.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        # The accepting thread is the first: once it has ended, no new threads start.
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads), "a connection of the scripted server does not end"

    @property
    def port(self) -> int:
        """The port of a server over TCP."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The address for a client."""
        if self.unix_path is not None:
            return f"{'unix' if self._tls is None else 'https+unix'}://{self.unix_path}"
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """The address for a client that speaks TLS, whether the server does or not."""
        return f"https://127.0.0.1:{self.port}" if self.unix_path is None else f"https+unix://{self.unix_path}"

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type] # one of the two methods below
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._sockets.add(sock)
                number = self.connections
                self.connections += 1
            self._start(self._serve, number, sock)

    def _serve(self, number: int, sock: socket.socket) -> None:
        plain = sock
        try:
            if self._tls is not None:
                # The socket is registered before the handshake, so that the end of the server can close it: a client may never answer.
                sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                with self._lock:
                    self._sockets.discard(plain)
                    self._sockets.add(sock)
            if self._over.is_set():
                return
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            self._follow(_Connection(number, sock), self._scripts[min(number, len(self._scripts) - 1)])
        except (_ConnectionEnd, OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._sockets.discard(sock)
                self._sockets.discard(plain)
            sock.close()
            plain.close()
            self.closed.add(number)

    def _follow(self, connection: _Connection, script: Script) -> None:
        for step in script:
            match step:
                case Repeat(steps):
                    while True:
                        self._follow(connection, steps)
                case ReadHead():
                    connection.until(b"\r\n\r\n")
                case ReadRequest() | DigestRequest():
                    request = connection.read_request(digested=isinstance(step, DigestRequest))
                    with self._lock:
                        self._first_request = min(self._first_request, time.monotonic())
                        self.requests.append(request)
                case ReadSome():
                    connection.socket.recv(1)
                case Send() | SendBy() | SendByMethod() | Echo():
                    connection.socket.sendall(self._bytes(connection, step))
                case Drip(data, interval):
                    for byte in data:
                        connection.socket.sendall(bytes([byte]))
                        self._wait(interval)
                case SendEach(make, interval):
                    for piece in make():
                        connection.socket.sendall(piece)
                        self._wait(interval)
                case Pause(seconds):
                    self._wait(seconds)
                case WaitFor(event):
                    while not event.wait(0.01):
                        self._wait(0.0)
                case SetEvent(event):
                    event.set()
                case Hang():
                    self._over.wait()
                    raise _ConnectionEnd
                case Reset():
                    linger = struct.pack("ii", 1, 0)
                    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    raise _ConnectionEnd
                case Close(notify):
                    if notify and isinstance(connection.socket, ssl.SSLSocket):
                        connection.socket.unwrap()
                    raise _ConnectionEnd

    def _bytes(self, connection: _Connection, step: Send | SendBy | SendByMethod | Echo) -> bytes:
        match step:
            case Send(data):
                return data
            case SendBy(seconds, early, late):
                return early if time.monotonic() - self._first_request < seconds else late
            case SendByMethod(get, put):
                return get if connection.method == "GET" else put
            case Echo(status):
                return answer(status, connection.head)

    def _wait(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise _ConnectionEnd


@dataclass
class ClosedPort:
    """A port of 127.0.0.1 that is reserved, and refuses every connection."""

    port: int = 0
    _socket: socket.socket = field(default_factory=socket.socket, repr=False)

    def __enter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()


class FullPort:
    """A listening socket whose queue is full: connecting to it waits forever."""

    def __init__(self, unix_path: Path | None = None) -> None:
        self._family = socket.AF_INET if unix_path is None else socket.AF_UNIX
        self._target: tuple[str, int] | str = ("127.0.0.1", 0) if unix_path is None else str(unix_path)
        self._sockets: list[socket.socket] = []
        self.port = 0

    def __enter__(self) -> Self:
        listener = socket.socket(self._family)
        self._sockets.append(listener)
        listener.bind(self._target)
        listener.listen(0)
        target = listener.getsockname()
        if self._family is socket.AF_INET:
            self.port = target[1]
        for _ in range(16):
            filler = socket.socket(self._family)
            self._sockets.append(filler)
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(target)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for sock in self._sockets:
            sock.close()
