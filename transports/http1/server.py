"""The server's side of one HTTP/1.1 connection, without a socket: bytes to Requests, Responses to bytes.

h11 reads each request; any cut of the same bytes gives the same Requests. Bytes that are not HTTP, or exceed a limit, are refused with an
answer, after which the connection is closed. Statuses and texts follow Go's server, which real agents use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, unquote_plus

import h11

from consul_proto.message import Headers, Request, Response, check_header
from transports.http1.content import accepts_gzip, compress

if TYPE_CHECKING:
    from consul_proto.message import QueryItem

#: The answer to `Expect: 100-continue`: the client may send its body.
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

#: The smallest body, in bytes, that is compressed; 1.8.7 compresses every body that is not empty (both were observed).
_COMPRESSED, _OLD_COMPRESSED = 1400, 1

#: RFC 3986, section 3.3: the characters of a path; others are percent-encoded here, since Go accepts them.
_PATH_SAFE = "/-._~!$&'()*+,;=:@%"

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

_NOT_ASCII = re.compile(rb"[\x80-\xff]")

#: RFC 9110, section 5.5: characters that a header's value must not contain; h11 accepts them.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

#: A complete first line (RFC 9112, section 3). h11 checks it only after the whole head: a client of another protocol would wait forever.
_LINE = re.compile(rb"[^ \r\n]+ [^ \r\n]+ HTTP/[0-9]\.[0-9]\r?\n")

#: The first byte of a request: the first of a method (RFC 9110, section 5.6.2). A TLS handshake begins with 0x16.
_BEGINS = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]")

_NO_BODY = frozenset({*range(100, 200), 204, 304})

#: Headers that the connection writes itself.
_OWN = frozenset({"connection", "content-encoding", "content-length", "date", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The largest request that a server accepts.

    head: bytes of the first line and the headers (Go's own limit is 1 MiB). headers: their number. body: bytes of the body.

    Consul's own limits, such as 512 KiB for a value, are smaller; the simulator checks those.
    """

    head: int = 1 << 20
    headers: int = 1000
    body: int = 64 << 20


class Refusal(Exception):
    """The request is refused with this answer; the connection is closed after it."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        says = text or f"{status} {_phrase(status)}"
        self.response = Response(status, Headers([("Content-Type", "text/plain; charset=utf-8")]), says.encode())


class HTTP1ServerConnection:
    """The protocol side of one connection.

    is_old: read queries and compress answers as Consul 1.8.7 does.
    """

    def __init__(self, limits: RequestLimits | None = None, *, is_old: bool = False) -> None:
        self._limits = limits or RequestLimits()
        self._is_old = is_old
        self._ended = False
        #: Bytes that h11 has not seen yet: the first line of a request until it is whole, and the requests after the current one.
        self._ahead = bytearray()
        self._begin()

    def _begin(self) -> None:
        """Get ready for the next request."""
        # h11 applies its limit only to an incomplete head; a head that comes in one piece is checked in _check.
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head)
        self._has_line = False
        self._head: h11.Request | None = None
        self._body = bytearray()
        #: Whether the connection can take another request after the answer.
        self.keeps_alive = False

    @property
    def is_idle(self) -> bool:
        """Whether no byte of the next request has arrived."""
        return not self._has_line and not self._ahead

    @property
    def is_over(self) -> bool:
        """Whether the client has closed its side and no request is left to answer."""
        return self._ended and self.is_idle

    @property
    def pending(self) -> int:
        """The number of bytes that wait behind the current request."""
        return len(self._ahead)

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for `CONTINUE` before it sends its body."""
        return self._head is not None and self._h11.they_are_waiting_for_100_continue

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived, b"" at the end of the stream."""
        self._ended = self._ended or not data
        self._ahead += data

    def next_request(self) -> Request | None:
        """Return the next request once it is complete, None if more bytes must come. Raises Refusal."""
        try:
            if not self._feed():
                return None
            while True:  # until the request is complete, or h11 needs more
                event = self._h11.next_event()
                if isinstance(event, h11.Request):
                    self._check(event)
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > self._limits.body:
                        raise self._too_large()
                elif isinstance(event, h11.EndOfMessage):
                    return self._complete_request()
                elif self._ended:
                    raise Refusal(400)
                else:
                    return None
        except h11.RemoteProtocolError as error:
            raise Refusal(error.error_status_hint) from error
        except ValueError as error:  # a number with more digits than Python reads
            raise Refusal(400) from error

    def _feed(self) -> bool:
        """Give h11 the bytes that arrived; return False while the first line is not complete."""
        if not self._has_line:
            line = self._ahead.find(b"\n") + 1
            if not line:
                self._check_line()
                return False
            if not _LINE.fullmatch(self._ahead, 0, line):
                raise Refusal(400)
            # Some clients send bytes that are not ASCII, and Go accepts them.
            self._ahead[:line] = _NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], bytes(self._ahead[:line]))
            self._has_line = True
        if self._ahead:
            self._h11.receive_data(bytes(self._ahead))
            self._ahead.clear()
        if self._ended and not self._h11.trailing_data[1]:
            self._h11.receive_data(b"")
        return True

    def _check_line(self) -> None:
        if len(self._ahead) > self._limits.head:
            raise Refusal(431)
        if self._ahead and (self._ended or not _BEGINS.match(self._ahead)):
            raise Refusal(400)

    def _check(self, head: h11.Request) -> None:
        """Refuse a head that is too large, or announces what the server does not accept."""
        raw = head.headers.raw_items()
        if len(raw) > self._limits.headers or sum(len(name) + len(value) + 4 for name, value in raw) > self._limits.head:
            raise Refusal(431)
        if not head.http_version.startswith(b"1."):
            raise Refusal(505)
        for name, value in head.headers:
            if name == b"content-length" and int(value) > self._limits.body:
                raise self._too_large()
            if name == b"expect" and value.lower() != b"100-continue":
                raise Refusal(417)
        self._head = head

    def _too_large(self) -> Refusal:
        return Refusal(413, f"the body is larger than the limit of {self._limits.body} bytes")

    def _complete_request(self) -> Request:
        """Return the request, which is complete."""
        head = self._head
        assert head is not None, "h11 gives the head first"
        given = {name for name, _ in head.headers}
        self.keeps_alive = self._h11.their_state is not h11.MUST_CLOSE and not given >= {b"content-length", b"transfer-encoding"}
        self._ahead += self._h11.trailing_data[0]
        method, target = head.method.decode("ascii"), head.target.decode("ascii")
        if not method.isupper():
            raise Refusal(405, f"method {method} not allowed")
        path, _, query = self._origin_form(method, target).partition("?")
        if _BAD_ESCAPE.search(path):
            raise Refusal(400)
        path = quote_from_bytes(path.encode("ascii"), _PATH_SAFE)
        has_body = bool(given & {b"content-length", b"transfer-encoding"})
        return Request(method, path, self._query(query), _headers(head), bytes(self._body) if has_body else None)

    def _origin_form(self, method: str, target: str) -> str:
        """Return the path and query of a target; clients may name the host as well (RFC 9112, section 3.2)."""
        if method == "CONNECT":
            raise Refusal(404)
        scheme, separator, rest = target.partition("://")
        if separator and scheme.isalpha():
            host = re.split(r"[/?]", rest, maxsplit=1)[0]
            target = rest[len(host) :]
            target = target if target.startswith("/") else "/" + target
        if target == "*" and method == "OPTIONS":
            raise Refusal(200)
        if not target.startswith("/"):
            raise Refusal(400)
        return target

    def _query(self, text: str) -> tuple[QueryItem, ...]:
        """Decode a query. Consul answers a query that cannot be decoded with an empty 500; since Go 1.17 also one with a semicolon."""
        if self._is_old:
            text = text.replace(";", "&")
        if _BAD_ESCAPE.search(text) or ";" in text:
            raise Refusal(500, "the query cannot be decoded")
        pairs = [part.partition("=") for part in text.split("&") if part]
        return tuple([(_unquote(name), _unquote(value) if equals else None) for name, equals, value in pairs])

    def answer(self, response: Response, date: str, *, keep: bool = True) -> bytes:
        """Return the bytes of an answer, and get ready for the next request.

        date: the value of the Date header (RFC 9110, section 5.6.7). keep: False closes the connection after this answer.
        """
        head = self._head
        headers = [(name.title(), value) for name, value in response.headers if name not in _OWN]
        body = response.body
        if head is not None and len(body) >= (_OLD_COMPRESSED if self._is_old else _COMPRESSED) and _accepts_gzip(head):
            headers.append(("Content-Encoding", "gzip"))
            body = compress(body)
        if response.status not in _NO_BODY:
            headers.append(("Content-Length", str(len(body))))
        if not (keep and self.keeps_alive):
            headers.append(("Connection", "close"))
        written = self._written_head(response.status, headers, date)
        has_body = response.status not in _NO_BODY and (head is None or head.method != b"HEAD")
        self._begin()
        return written + body if has_body else written

    def begin_answer(self, response: Response, date: str) -> bytes:
        """Return the bytes of the head of an answer that does not end. The connection ends with the answer; `piece` gives its body."""
        headers = [(name.title(), value) for name, value in response.headers if name not in _OWN]
        framing = ("Connection", "close") if self._is_http10 else ("Transfer-Encoding", "chunked")
        return self._written_head(response.status, [*headers, framing], date)

    def piece(self, data: bytes) -> bytes:
        """Return the bytes of a piece of such an answer."""
        return data if self._is_http10 else b"%x\r\n%b\r\n" % (len(data), data)

    @property
    def _is_http10(self) -> bool:
        return self._head is not None and self._head.http_version == b"1.0"

    def _written_head(self, status: int, headers: list[tuple[str, str]], date: str) -> bytes:
        lines = [f"HTTP/{'1.0' if self._is_http10 else '1.1'} {status} {_phrase(status)}", f"Date: {date}"]
        lines += [f"{name}: {value}" for name, value in sorted(headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in _STATUSES else ""


_STATUSES = frozenset(HTTPStatus)


def _unquote(text: str) -> str:
    return unquote_plus(text, errors="replace")


def _accepts_gzip(head: h11.Request) -> bool:
    return accepts_gzip(",".join(value.decode("latin-1") for name, value in head.headers if name == b"accept-encoding"))


def _headers(head: h11.Request) -> Headers:
    """Return the headers in the form that a Request accepts: a value that is not ASCII is percent-encoded."""
    items = []
    for name, value in head.headers:
        if _CONTROL.search(value):
            raise Refusal(400)
        text = value.decode("latin-1")
        try:
            check_header("x", text)
        except ValueError:
            text = quote_from_bytes(value)
        items.append((name.decode("ascii"), text))
    return Headers(items)
