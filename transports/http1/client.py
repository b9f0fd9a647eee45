"""One HTTP/1.1 connection without a socket: requests to bytes, bytes to answers.

A `Request` was checked when it was created, so writing one only joins lines. There are two ways to read an answer: `receive` gives a whole
`Response`, `events` gives its head, data and end as they come. Any cut of the same bytes gives the same answer, the same events, and the
same error. Bytes after the end of an answer belong to no request: the connection is not used again.

h11 reads the answers. `receive` first offers them to `usual`, which reads the usual ones faster, and gives the same `Response` or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import h11

from consul_proto.errors import RequestError
from consul_proto.message import NO_HEADERS, Headers, Response, check_header
from transports.errors import TLS_ALERT, needs_tls_error, size_error, wire_error
from transports.http1.content import decode
from transports.http1.usual import UsualAnswer, read_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consul_proto.message import Request

USER_AGENT = "consulate"

#: The largest head of an answer, in bytes; Consul's take less than one KiB. Go's own limit for requests is 1 MiB, h11's default 16 KiB.
_LARGEST_HEAD = 64 * 1024

#: h11 must be told that a request was sent: then it is the server's turn. An answer to this one may have a body.
_SENT = h11.Request(method="GET", target="/", headers=[("host", "consul")])
_SENT_WHOLE = h11.EndOfMessage()


@dataclass(frozen=True, slots=True)
class Head:
    """The status and the headers of an answer. Interim answers (100 Continue, 103 Early Hints) are left out."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of the body, never empty. The transfer coding is removed, the content coding is not."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The answer is complete."""


Event = Head | Data | End

_END = End()


class HTTP1Connection:
    """The protocol side of one connection.

    For each request: `send`, then `receive` or `events` for what arrives until the answer is whole, then `reuse`.

    host: the value of the Host header. prefix: of every path. response_size: the largest answer that `receive` accepts, in bytes; None: no
    limit. Raises ValueError for a host that cannot be sent.
    """

    def __init__(self, host: str, prefix: str = "", response_size: int | None = None) -> None:
        check_header("Host", host)
        #: Made for the first answer that is not usual.
        self._h11: h11.Connection | None = None
        self._request_head = f" HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n"
        self._prefix = prefix
        self._headers, self._header_lines = NO_HEADERS, ""
        self._limit = response_size
        #: Whether nothing of the answer has arrived; the usual answer that is not complete; whether one is, and bytes came after it.
        self._is_new = True
        self._usual: UsualAnswer | None = None
        self._is_usual = self._has_leftover = False
        self._begin_h11()

    def _begin_h11(self) -> None:
        """Get ready for an answer that h11 reads."""
        #: Whether h11 knows of the request; whether the answer is complete; whether the server closed the connection.
        self._expected = self._whole = self._closed = False
        self._head: Head | None = None
        self._raw_headers: list[tuple[bytes, bytes]] = []
        #: The parts of the body that `receive` has, and their size in bytes.
        self._parts: list[bytes] = []
        self._received = 0

    def send(self, request: Request) -> bytes:
        """Return the bytes of a request; the connection then expects its answer. A streamed body must be sent after them."""
        self._is_new, self._is_usual, self._has_leftover = True, False, False
        if self._usual is not None:
            self._usual = None
        if self._expected:
            self._begin_h11()
        if request.headers is not self._headers:  # mostly those of the client, which are the same object in each call
            self._headers = request.headers
            self._header_lines = "".join([f"{name}: {value}\r\n" for name, value in request.headers.items])
        target, body = request.path if not request.query else request.target, request.body
        lines = [request.method, " ", self._prefix, target, self._request_head, self._header_lines]
        if body is not None or request.method != "GET":
            lines.append(f"Content-Length: {request.body_size}\r\n")
        lines.append("\r\n")
        head = "".join(lines).encode("ascii")
        return head + body if isinstance(body, bytes) else head

    def receive(self, data: bytes) -> Response | None:
        """Take bytes that arrived, b"" at the end of the stream; return the answer, decoded, once it is complete.

        Raises RequestError for an answer that is cut off, broken, or larger than the limit.
        """
        if self._is_new:
            self._is_new = False
            found = read_head(data, self._limit)
            if found is not None:
                answer, self._has_leftover = found
                if isinstance(answer, Response):
                    self._is_usual = True
                    return answer
                self._usual = answer
                return None
        elif self._usual is not None:
            return self._go_on(self._usual, self._usual.receive(data))
        return self._receive(data)

    def room(self) -> memoryview | None:
        """Return where to write the bytes that arrive next, and release it before `fill`; None: give them to `receive`.

        A large body is read to where it stays.
        """
        return None if self._usual is None else self._usual.room()

    def fill(self, count: int) -> Response | None:
        """Take the number of bytes that were written to `room`, 0 at the end of the stream; see `receive`."""
        usual = self._usual
        assert usual is not None, "it gave the room"
        return self._go_on(usual, usual.fill(count))

    def _go_on(self, usual: UsualAnswer, is_whole: bool | None) -> Response | None:
        """Return a usual answer if it is complete. If it is not usual after all, h11 reads it from the start."""
        if is_whole is None:
            self._usual = None
            responses = [self._receive(bytes(piece)) for piece in usual.given]
            return responses[-1]
        if is_whole:
            self._usual = None  # its pieces would stay in memory until the next request
            self._is_usual, self._has_leftover = True, usual.has_leftover
            return usual.response()
        return None

    def _receive(self, data: bytes) -> Response | None:
        """Take bytes for h11."""
        self._feed(data)
        while (event := self._next()) is not None:
            if isinstance(event, Data):
                self._parts.append(event.data)
                if self._limit is not None:
                    self._check_size(len(event.data), self._limit)
            elif isinstance(event, End):
                return self._response()
            elif self._limit is not None:
                self._check_length(self._limit)
        return None

    def events(self, data: bytes) -> Iterator[Event]:
        """Take bytes that arrived, b"" at the end of the stream; return what they add to the answer, one event after the other.

        There is one `Head`, any number of `Data`, one `End`. There is no limit of size, and the content coding stays. Read the iterator to
        its end before the next call. It raises RequestError if the answer is cut off or broken, after the events before that place.
        """
        self._feed(data)
        return iter(self._next, None)

    def reuse(self) -> bool:
        """Get ready for the next request.

        Return False if the connection must be closed: the server asked for it, the answer is incomplete, or bytes came without a request.
        """
        if self._is_usual:
            return not self._has_leftover
        connection = self._h11
        if connection is None or self._closed or connection.trailing_data[0]:
            return False
        if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
            return False
        connection.start_next_cycle()
        return True

    def _feed(self, data: bytes) -> None:
        """Take bytes for `_next`."""
        connection = self._h11
        if connection is None:
            connection = self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        if not self._expected:
            self._expected = True
            connection.send(_SENT)
            connection.send(_SENT_WHOLE)
        self._closed = not data
        connection.receive_data(data)

    def _next(self) -> Event | None:
        """Return the next event of the answer; None if more bytes must come, or the answer is complete."""
        connection = self._h11
        if self._whole or connection is None:
            return None
        try:
            while True:  # skip interim answers
                event = connection.next_event()
                if isinstance(event, h11.Response):
                    return self._begin_answer(event)
                if isinstance(event, h11.Data):
                    return Data(bytes(event.data))
                if isinstance(event, h11.EndOfMessage):
                    self._whole = True
                    return _END
                if event is h11.NEED_DATA:
                    return None
                if not isinstance(event, h11.InformationalResponse):
                    raise _cut_off()
        except h11.RemoteProtocolError as error:
            if connection.trailing_data[0].startswith(TLS_ALERT):
                raise needs_tls_error() from error
            raise (_cut_off() if self._closed else wire_error(error, sent=True)) from error

    def _begin_answer(self, response: h11.Response) -> Head:
        raw = self._raw_headers = response.headers.raw_items()
        if sum([len(name) + len(value) + 4 for name, value in raw]) > _LARGEST_HEAD:
            # h11 checks this only while the head is incomplete. The limit must also hold for a head that comes in one piece.
            raise RequestError(f"the answer is not valid HTTP: its head is larger than {_LARGEST_HEAD} bytes")
        self._head = head = Head(response.status_code, Headers.received(raw))
        return head

    def _check_length(self, limit: int) -> None:
        """Refuse an answer whose Content-Length is too large."""
        for name, value in self._raw_headers:
            if name.lower() == b"content-length" and int(value) > limit:
                raise size_error(limit)

    def _check_size(self, size: int, limit: int) -> None:
        """Add to the size of the body, and refuse one that is too large."""
        self._received += size
        if self._received > limit:
            raise size_error(limit)

    def _response(self) -> Response:
        head = self._head
        assert head is not None, "h11 gives the head first"
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        for name, value in self._raw_headers:
            if name.lower() == b"content-encoding":
                body = decode(value.decode("latin-1"), body, self._limit)
        return Response(head.status, head.headers, body)


def _cut_off() -> RequestError:
    return RequestError("the connection was closed before the answer was complete")
