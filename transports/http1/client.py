"""One HTTP/1.1 connection without a socket: requests to bytes, bytes to answers.

A `Request` was checked when it was created, so writing one only joins lines. There are two ways to read an answer: `receive` gives a whole
`Response`, `events` gives its head, data and end as they come. Any cut of the same bytes gives the same answer, the same events, and the
same error. Bytes after the end of an answer belong to no request: the connection is not used again.

h11 reads the answers (`any_answer`). `receive` first offers them to `usual`, which reads the usual ones faster, and gives the same
`Response` or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consul_proto.message import NO_HEADERS, Response, check_header
from transports.http1.usual import UsualAnswer, read_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consul_proto.message import Request
    from transports.http1.any_answer import AnyAnswer, Event

USER_AGENT = "consulate"


class HTTP1Connection:
    """The protocol side of one connection.

    For each request: `send`, then `receive` or `events` for what arrives until the answer is whole, then `reuse`.

    host: the value of the Host header. prefix: of every path. response_size: the largest answer that `receive` accepts, in bytes; None: no
    limit. Raises ValueError for a host that cannot be sent.
    """

    def __init__(self, host: str, prefix: str = "", response_size: int | None = None) -> None:
        check_header("Host", host)
        #: Made for the first answer that is not usual.
        self._any: AnyAnswer | None = None
        self._request_head = f" HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n"
        self._prefix = prefix
        self._headers, self._header_lines = NO_HEADERS, ""
        self._limit = response_size
        #: Whether nothing of the answer has arrived; the usual answer that is not complete; whether one is, and bytes came after it.
        self._is_new = True
        self._usual: UsualAnswer | None = None
        self._is_usual = self._has_leftover = False

    def send(self, request: Request) -> bytes:
        """Return the bytes of a request; the connection then expects its answer. A streamed body must be sent after them."""
        self._is_new, self._is_usual, self._has_leftover = True, False, False
        if self._usual is not None:
            self._usual = None
        if self._any is not None:
            self._any.begin()
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
        return self._reader().receive(data)

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
            responses = [self._reader().receive(bytes(piece)) for piece in usual.given]
            return responses[-1]
        if is_whole:
            self._usual = None  # its pieces would stay in memory until the next request
            self._is_usual, self._has_leftover = True, usual.has_leftover
            return usual.response()
        return None

    def events(self, data: bytes) -> Iterator[Event]:
        """Take bytes that arrived, b"" at the end of the stream; return what they add to the answer, one event after the other.

        There is one `Head`, any number of `Data`, one `End`. There is no limit of size, and the content coding stays. Read the iterator to
        its end before the next call. It raises RequestError if the answer is cut off or broken, after the events before that place.
        """
        return self._reader().events(data)

    def reuse(self) -> bool:
        """Get ready for the next request.

        Return False if the connection must be closed: the server asked for it, the answer is incomplete, or bytes came without a request.
        """
        if self._is_usual:
            return not self._has_leftover
        return self._any is not None and self._any.reuse()

    def _reader(self) -> AnyAnswer:
        """Return the reader of the answers that are not usual."""
        if self._any is None:
            from transports.http1.any_answer import AnyAnswer  # with h11, which takes long to import, and most calls do not need it

            self._any = AnyAnswer(self._limit)
        return self._any
