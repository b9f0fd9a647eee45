"""HTTP and HTTPS for threads, over urllib3's connections, with proxies and client certificates.

This file uses urllib3's connections, but not its pool: the time limit holds for the whole call (urllib3's holds for each read), a request
that may have had an effect is never resent, and bytes after the end of an answer close the connection.
"""

from __future__ import annotations

import io
import socket
import ssl
import sys
from functools import partial
from http.client import HTTPException, HTTPResponse
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url, wait_for_read
from urllib3.util.request import make_headers

from consul_proto.message import Headers, Response, StreamedBody
from transports.clients.fork import close_inherited
from transports.clients.pooled import PooledTransport
from transports.clients.resolve import Attempt, connect
from transports.clients.tls import ClientContexts
from transports.clients.urllib3_errors import urllib3_error
from transports.errors import size_error, suggest_http
from transports.http1.chunks import iter_chunks, read_chunks
from transports.http1.content import ContentDecoder, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consul_proto.config import Config
    from consul_proto.message import Request

_FOREVER = float("inf")

#: Seconds by which a limit may be too long. Setting it takes a system call.
_CLOSE = 0.001

#: The most bytes sent at once. Each piece of a large body gets the time that is left.
_PIECE = 1 << 18


#: The most bytes read at once of a large body.
_LARGE = 1 << 24

#: The most bytes read at once of an open answer.
_READ = 1 << 16

#: The exceptions of urllib3, http.client and the system for an answer that cannot be read.
_FOREIGN = (OSError, EOFError, HTTPError, HTTPException, ValueError, OverflowError)


class _TimedConnection(HTTPConnection):
    """A urllib3 connection with a deadline for everything. It records whether bytes were sent, read, and left over."""

    deadline = _FOREVER
    sent = False
    answered = False
    leftover = False
    ended = False
    #: Whether to hold the head of the request back; the head, which is sent together with the body.
    holds_head = False
    _head = b""
    answer: HTTPResponse | None = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.attempt = Attempt()

    @property
    def head(self) -> HTTPResponse:
        """The current answer, as http.client's object below urllib3's."""
        if self.answer is None:
            raise EOFError
        return self.answer

    def left(self) -> float | None:
        """Return the seconds until the deadline, None if there is none. Raises TimeoutError after the deadline."""
        if self.deadline == _FOREVER:
            return None
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def limit(self, sock: socket.socket) -> None:
        """Let the next system call on the socket wait until the deadline. `timeout` is what the socket has: urllib3 sets it too."""
        left, given = self.left(), self.timeout
        if left is None or given is None or not 0 <= given - left < _CLOSE:
            sock.settimeout(left)
            self.timeout = left

    def _new_conn(self) -> socket.socket:
        return connect(self._dns_host, self.port, self.deadline, self.attempt)

    def send(self, data: Any) -> None:
        """Send all bytes before the deadline."""
        if self.holds_head:
            self.holds_head, self._head = False, data
            return
        if self._head:
            data, self._head = self._head + data, b""
        sock = self.sock
        self.sent = True
        for start in range(0, len(data), _PIECE):
            self.limit(sock)
            sock.sendall(data if len(data) <= _PIECE else data[start : start + _PIECE])

    def response_class(self, sock: Any, *args: Any, **kwargs: Any) -> HTTPResponse:  # type: ignore[override] # it is called, never subclassed
        """Return an answer whose reads obey the deadline."""
        self.answer = _Head(_Answer(self, sock), *args, **kwargs)
        return self.answer


class _TimedHTTPSConnection(_TimedConnection, HTTPSConnection):  # pyright: ignore[reportIncompatibleVariableOverride] # as in _TimedConnection
    """A `_TimedConnection` over TLS."""


class _Head(HTTPResponse):
    """Skip every interim answer, not only 100 Continue. Refuse a malformed head; urllib3 would log it together with the URL."""

    def __init__(self, sock: _Answer, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)  # type: ignore[arg-type] # it needs no more than makefile
        self._connection = sock.connection

    def begin(self) -> None:
        super().begin()
        if self._connection.ended:
            raise EOFError
        if self.headers.defects:
            raise ValueError("a line of its head is not a header")

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc] # not in typeshed
        return version, 100 if 100 < status < 200 and status != 101 else status, reason


class _Answer:
    """The one method of a socket that an HTTPResponse needs."""

    def __init__(self, connection: _TimedConnection, sock: socket.socket) -> None:
        self.connection, self._sock = connection, sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _Reader(_RawReader(self.connection, self._sock))


class _RawReader(io.RawIOBase):
    """Read from the socket. Each read gets the time that is left of the whole call."""

    def __init__(self, connection: _TimedConnection, sock: socket.socket) -> None:
        self.connection = connection
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self.done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.done:
            return None
        self.connection.limit(self._sock)
        read = self._file.readinto(buffer)
        self.connection.answered |= bool(read)
        self.connection.ended |= read == 0
        return read

    def close(self) -> None:
        self._file.close()
        super().close()


class _Reader(io.BufferedReader):
    """When closed, record whether bytes arrived after the end of the answer."""

    def close(self) -> None:
        raw = self.raw
        if not self.closed and isinstance(raw, _RawReader):
            raw.done = True
            raw.connection.leftover |= bool(self.peek(1))
        super().close()


class Urllib3Connection:
    """One connection to Consul, or to the proxy in front of it."""

    reusable = False
    _sent_whole = True
    _open: object = None
    _body: Iterator[bytes] = iter(())

    def __init__(self, config: Config, tls: ssl.SSLContext | None) -> None:
        address, proxy = config.address, _proxy(config.proxy) if config.proxy else None
        host, port = (address.host, address.port) if proxy is None else (proxy.host, proxy.port or 80)
        self._limit = config.limits.response_size
        self._prefix = address.prefix
        self._headers = {"Host": address.authority, "User-Agent": "consulate", "Accept-Encoding": "identity"}
        proxy_headers = make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy and proxy.auth else {}
        settings: dict[str, Any] = {"host": host, "port": port, "timeout": None}
        if proxy is not None:
            settings |= {"proxy": proxy, "proxy_config": ProxyConfig(None, False, None, None)}
        if tls is None:
            self._http: _TimedConnection = _TimedConnection(**settings)
            if proxy is not None:
                self._prefix = f"http://{address.authority}{address.prefix}"
                self._headers |= proxy_headers
        else:
            name = config.tls.server_name or address.host
            self._http = _TimedHTTPSConnection(
                **settings, ssl_context=tls, server_hostname=name, assert_hostname=None if config.tls.verify else False
            )
            if proxy is not None:
                self._http.set_tunnel(address.host, address.port, proxy_headers, scheme="http")

    @property
    def sent(self) -> bool:
        """Whether any byte of the current request may have been sent."""
        return self._http.sent

    @property
    def answered(self) -> bool:
        """Whether any byte of its answer was read."""
        return self._http.answered

    def connect(self, deadline: float) -> None:
        """Connect, through the proxy if there is one, and do the TLS handshake if needed."""
        http = self._http
        http.deadline = deadline
        try:
            http.timeout = http.left()
            http.connect()
            # With TLS, this is not the socket that was connected, but one around it.
            http.attempt.watch(http.sock)
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            failure = urllib3_error(error, sent=False, otherwise="the proxy refused the connection")
            shaking_hands = isinstance(http, _TimedHTTPSConnection) and http.proxy is None and http.sock is not None
            raise (suggest_http(failure) if shaking_hands else failure) from error
        if isinstance(http.sock, ssl.SSLSocket):
            # A TLS stream without a proper end was cut off: raise an error.
            http.sock.suppress_ragged_eofs = False  # type: ignore[attr-defined] # not in typeshed
        # The exchange with a proxy that opens the tunnel is not part of the request.
        http.sent = http.answered = http.leftover = False

    def exchange(self, request: Request, deadline: float) -> Response:
        """Send a request and read its answer."""
        http = self._http
        try:
            answer, headers = self._ask(request, deadline)
            body = self._read(answer)
        except _FOREIGN as error:
            raise urllib3_error(error, sent=http.sent) from error
        encoding = headers.get("content-encoding")
        self._end()
        return Response(answer.status, headers, body if encoding is None else decode(encoding, body, self._limit))

    def begin(self, request: Request, deadline: float) -> tuple[int, Headers]:
        """Send a request and read the head of its answer."""
        try:
            answer, headers = self._ask(request, deadline)
        except _FOREIGN as error:
            raise urllib3_error(error, sent=self._http.sent) from error
        self._open = answer  # keep a reference: urllib3 closes an answer that has none
        encoding = headers.get("content-encoding")
        pieces = self._pieces()
        self._body = pieces if encoding is None else _decode_pieces(pieces, ContentDecoder(encoding))
        return answer.status, headers

    def read(self, deadline: float) -> bytes:
        """Return the next piece of the body."""
        self._http.deadline = deadline
        try:
            piece = next(self._body, b"")
        except _FOREIGN as error:
            raise urllib3_error(error, sent=True) from error
        if not piece:
            self._open = None
            self._end()
        return piece

    def _ask(self, request: Request, deadline: float) -> tuple[Any, Headers]:
        """Send a request. Return urllib3's object for the answer, after its head was read, and the headers."""
        http = self._http
        http.deadline = deadline
        http.sent = http.answered = http.ended = self.reusable = False
        http.timeout = http.left()
        self._sent_whole = self._send(request)
        answer = http.getresponse()
        headers = Headers(http.head.headers.raw_items())
        _check_head(http, answer, headers)
        return answer, headers

    def _end(self) -> None:
        """Decide whether the connection can be used again, after the answer was read."""
        # http.client has closed the socket if the server announced that it will. Bytes after the answer belong to no request.
        self.reusable = self._sent_whole and self._http.sock is not None and not self._http.leftover

    def _pieces(self) -> Iterator[bytes]:
        """Yield the body as it arrives."""
        below = self._http.head
        if below.chunked:
            yield from iter_chunks(below.fp)
        else:
            while below.length != 0 and (piece := below.read1(_READ)):
                yield piece
            if below.length:
                raise EOFError
        below.close()

    def _send(self, request: Request) -> bool:
        """Send a request. Return False if the server stopped reading it: its answer may say why, for example that the body is too large."""
        http = self._http
        headers = self._headers if not request.headers else {**self._headers, **dict(request.headers.items)}
        if isinstance(request.body, StreamedBody):
            headers = {**headers, "Content-Length": str(request.body_size)}
        else:
            http.holds_head = bool(request.body)
        try:
            http.request(
                request.method,
                self._prefix + request.target,
                request.body,
                headers,
                preload_content=False,
                decode_content=False,
            )
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            # Inside TLS, Python 3.11 turns the first two into the last.
            return False
        return True

    def _read(self, answer: Any) -> bytes:
        """Read a whole body. Raises RequestError if it is larger than the limit."""
        body: bytes
        below = self._http.head
        if below.chunked:
            body = read_chunks(below.fp, self._limit)
            below.close()
            return body
        if self._limit is None:
            # The length may be false, and read() would allocate that much memory at once.
            claimed = answer.length_remaining or 0
            if claimed > sys.maxsize:
                raise ValueError("its Content-Length is too large")
            large = claimed > _LARGE
            body = b"".join(iter(partial(answer.read, _LARGE), b"")) if large else answer.read()
            if answer.length_remaining:
                raise EOFError
            return body
        if (answer.length_remaining or 0) > self._limit:
            raise size_error(self._limit)
        body = answer.read(self._limit + 1)
        if answer.length_remaining:
            raise EOFError  # urllib3 would accept the part as the whole
        if len(body) > self._limit:
            raise size_error(self._limit)
        return body

    def is_stale(self) -> bool:
        """Return whether the server closed the connection, or sent bytes that no request asked for."""
        sock: Any = self._http.sock
        return sock is None or wait_for_read(sock, timeout=0.0)

    def abort(self) -> None:
        """Shut the socket down, which wakes the thread that uses it."""
        self._http.attempt.abort()

    def close(self) -> None:
        """Close the socket, and the answer, which holds a reference to it."""
        if self._http.answer is not None:
            self._http.answer.close()
        self._http.close()

    def forget(self) -> None:
        """In a forked process: close the inherited descriptor."""
        close_inherited(self._http.sock)


def _decode_pieces(pieces: Iterator[bytes], decoder: ContentDecoder) -> Iterator[bytes]:
    """Decode a content coding, piece by piece."""
    for piece in pieces:
        yield from filter(None, decoder.feed(piece))
    decoder.end()


def _proxy(text: str) -> Url:
    """Parse the URL of a proxy. Raises ValueError, which does not show its credentials."""
    try:
        proxy = parse_url(text)
    except LocationParseError:
        proxy = Url()
    if proxy.scheme != "http" or not proxy.host:
        raise ValueError("proxy must be the URL of an HTTP proxy, such as http://proxy:3128")
    return proxy


def _check_head(http: _TimedConnection, answer: Any, headers: Headers) -> None:
    """Refuse what http.client accepts but Consul never sends: a switch to another protocol, and unusual framing."""
    if answer.status < 200:
        raise ValueError(f"it switches to another protocol ({answer.status})")
    if (headers.get("transfer-encoding") or "chunked").lower() != "chunked":
        raise ValueError("its Transfer-Encoding is unknown")
    length = headers.get("content-length")
    length = "0" if length is None else length.strip(" \t")
    if not (length.isascii() and length.replace(", ", "").isdigit()):
        raise ValueError("its Content-Length is not a number")
    if "," in length:
        # The header repeats the same length: urllib3 accepts that, but http.client would read until the connection ends.
        http.head.length = answer.length_remaining


class Urllib3Transport(PooledTransport):
    """A `Transport` over TCP: http and https, direct or through an HTTP proxy.

    Raises ValueError for a certificate that cannot be read, or a proxy that is not a URL.
    """

    def __init__(self, config: Config) -> None:
        tls = ClientContexts(config.tls) if config.address.scheme == "https" else None
        make = partial(_connection, config, tls)
        make()  # which refuses a proxy that cannot be used
        super().__init__(make, config.limits, is_plain=tls is None and config.proxy is None, agents=len(config.addresses))


def _connection(config: Config, tls: ClientContexts | None) -> Urllib3Connection:
    return Urllib3Connection(config, None if tls is None else tls.current())
