"""One HTTP/1.1 connection without a socket: requests to bytes, bytes to Responses.

A `Request` is valid by construction, so writing one is a matter of joining lines; h11 reads the answers. Any cut of the same bytes gives
the same Response. Bytes beyond it are nobody's: the connection is not used again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11

from consul_proto.errors import RequestError
from consul_proto.message import Headers, Response, check_header
from transports.errors import too_large, wire_error
from transports.http1.content import decoded

if TYPE_CHECKING:
    from consul_proto.message import Request

USER_AGENT = "consulate"

#: The largest head of an answer, in bytes; Consul's take less than one KiB. Go's own limit for requests is 1 MiB, h11's default 16 KiB.
_LARGEST_HEAD = 64 * 1024

#: What h11 is told was sent: it needs to know that it is the server's turn, and that an answer to this may have a body.
_SENT = h11.Request(method="GET", target="/", headers=[("host", "consul")])
_SENT_WHOLE = h11.EndOfMessage()


class HTTP1Connection:
    """The protocol side of one connection.

    host: the value of the Host header. prefix: of every path. response_size: bytes of the largest answer to accept; None: no limit.
    """

    def __init__(self, host: str, prefix: str = "", response_size: int | None = None) -> None:
        check_header("Host", host)
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._head = f" HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n"
        self._prefix = prefix
        self._limit = response_size
        self._response: h11.Response | None = None
        self._parts: list[bytes] = []
        self._received = 0
        self._ended = False

    def send(self, request: Request) -> bytes:
        """Return the bytes of a request; the connection then expects its answer."""
        self._h11.send(_SENT)
        self._h11.send(_SENT_WHOLE)
        self._response, self._parts, self._received = None, [], 0
        lines = [request.method, " ", self._prefix, request.target, self._head]
        for name, value in request.headers.items:
            lines += (name, ": ", value, "\r\n")
        body = request.body
        if body is not None or request.method != "GET":
            lines.append(f"Content-Length: {len(body or b'')}\r\n")
        lines.append("\r\n")
        head = "".join(lines).encode("ascii")
        return head + body if body else head

    def receive(self, data: bytes) -> Response | None:
        """Take bytes that arrived, b"" at the end of the stream; return the answer once it is whole. Raises RequestError."""
        connection = self._h11
        self._ended = not data
        try:
            connection.receive_data(data)
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    return None
                if isinstance(event, h11.Data):
                    self._collect(event.data)
                elif isinstance(event, h11.Response):
                    self._begin(event)
                elif isinstance(event, h11.EndOfMessage):
                    return self._end()
                elif not isinstance(event, h11.InformationalResponse):
                    raise RequestError("the connection was closed before the answer was whole")
        except h11.RemoteProtocolError as error:
            raise self._broken(data, error) from error

    def _broken(self, data: bytes, error: h11.RemoteProtocolError) -> RequestError:
        if data == b"":
            return RequestError("the connection was closed before the answer was whole")
        return wire_error(error, sent=True)

    def _begin(self, response: h11.Response) -> None:
        self._response = response
        if sum([len(name) + len(value) + 4 for name, value in response.headers.raw_items()]) > _LARGEST_HEAD:
            # h11 sees to it only as long as the head is not whole: a head that comes at once is as large as one in pieces.
            raise RequestError(f"the answer is not HTTP that Consul speaks: its head is larger than {_LARGEST_HEAD} bytes")
        if self._limit is not None:
            for name, value in response.headers:
                if name == b"content-length" and int(value) > self._limit:
                    raise too_large(self._limit)

    def _collect(self, data: bytes | bytearray | memoryview) -> None:
        self._received += len(data)
        if self._limit is not None and self._received > self._limit:
            raise too_large(self._limit)
        self._parts.append(bytes(data))

    def _end(self) -> Response:
        response = self._response
        if response is None:
            raise RequestError("the answer is not HTTP: it has no status")
        raw = response.headers.raw_items()
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        for name, value in raw:
            if name.lower() == b"content-encoding":
                body = decoded(value.decode("latin-1"), body, self._limit)
        return Response(response.status_code, Headers.received(raw), body)

    def reuse(self) -> bool:
        """Make ready for the next request; False where the connection must be closed: it is to be, or has bytes that nobody asked for."""
        connection = self._h11
        if self._ended or connection.our_state is not h11.DONE or connection.their_state is not h11.DONE or connection.trailing_data[0]:
            return False
        connection.start_next_cycle()
        return True
