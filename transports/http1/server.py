"""The server's side of one HTTP/1.1 connection, without a socket: bytes to Requests, Responses to bytes.

h11 reads each request; any cut of the same bytes gives the same Requests. What is not HTTP, or more than a limit, is refused with an answer
after which the connection is closed. Go's server, which real agents use, is the model for statuses and texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, unquote_plus

import h11

from consul_proto.message import Headers, Request, Response, check_header
from transports.http1.content import accepts_gzip, gzipped

if TYPE_CHECKING:
    from consul_proto.message import QueryItem

#: What a client that waits for leave to send its body is told.
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

#: Bytes from which an answer is compressed; 1.8.7 compresses everything (both were observed).
_COMPRESSED, _OLD_COMPRESSED = 1400, 1

#: RFC 3986, section 3.3: what a path is made of; all else is percent-encoded. Go takes it as it comes.
_PATH_SAFE = "/-._~!$&'()*+,;=:@%"

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

_NOT_ASCII = re.compile(rb"[\x80-\xff]")

#: RFC 9110, section 5.5: what no value of a header holds; h11 lets it pass.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

#: A whole first line (RFC 9112, section 3); h11 looks at it when the head is whole, and a client of another protocol waits until then.
_LINE = re.compile(rb"[^ \r\n]+ [^ \r\n]+ HTTP/[0-9]\.[0-9]\r?\n")

#: What the first byte of a request can be: the first of a method (RFC 9110, section 5.6.2). A TLS handshake begins with 0x16.
_BEGINS = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]")

_NO_BODY = frozenset({*range(100, 200), 204, 304})

#: Headers that the connection writes itself.
_OWN = frozenset({"connection", "content-encoding", "content-length", "date", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """head: bytes of a request's first line and headers (Go's own limit is 1 MiB). headers: how many. body: bytes of a body.

    Consul's own limits, such as 512 KiB for a value, lie below and are the simulator's affair.
    """

    head: int = 1 << 20
    headers: int = 1000
    body: int = 64 << 20


class Refused(Exception):
    """What came is refused; the connection is closed after this answer."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        says = text or f"{status} {_phrase(status)}"
        self.response = Response(status, Headers([("Content-Type", "text/plain; charset=utf-8")]), says.encode())


class HTTP1ServerConnection:
    """The protocol side of one connection.

    is_old: whether queries are read and answers compressed as Consul 1.8.7 does.
    """

    def __init__(self, limits: RequestLimits | None = None, *, is_old: bool = False) -> None:
        self._limits = limits or RequestLimits()
        self._is_old = is_old
        self._ended = False
        #: What came and h11 has not seen: the first line of a request, as long as it is not whole; and the requests after this one.
        self._ahead = bytearray()
        self._begin()

    def _begin(self) -> None:
        """Make ready for the next request."""
        # h11's own limit is for what is not whole; all of a head that came at once is checked below.
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head)
        self._has_line = False
        self._head: h11.Request | None = None
        self._body = bytearray()
        #: Whether the connection can be used for another request after the answer.
        self.keeps = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request has come yet."""
        return not self._has_line and not self._ahead

    @property
    def is_over(self) -> bool:
        """Whether the client sends nothing more, and left nothing to answer."""
        return self._ended and self.is_idle

    @property
    def held(self) -> int:
        """Bytes that came ahead of their turn."""
        return len(self._ahead)

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits to be told that it may send its body."""
        return self._head is not None and self._h11.they_are_waiting_for_100_continue

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived, b"" at the end of the stream."""
        self._ended = self._ended or not data
        self._ahead += data

    def next_request(self) -> Request | None:
        """The next request once it is whole, or None: more must come. Raises Refused."""
        try:
            if not self._feed():
                return None
            while True:  # until the request is whole, or h11 needs more
                event = self._h11.next_event()
                if isinstance(event, h11.Request):
                    self._check(event)
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > self._limits.body:
                        raise self._too_large()
                elif isinstance(event, h11.EndOfMessage):
                    return self._whole()
                elif self._ended:
                    raise Refused(400)
                else:
                    return None
        except h11.RemoteProtocolError as error:
            raise Refused(error.error_status_hint) from error
        except ValueError as error:  # a number with more digits than Python reads
            raise Refused(400) from error

    def _feed(self) -> bool:
        """Give h11 what came; False where the first line is not whole."""
        if not self._has_line:
            line = self._ahead.find(b"\n") + 1
            if not line:
                self._check_line()
                return False
            if not _LINE.fullmatch(self._ahead, 0, line):
                raise Refused(400)
            # Clients send other bytes than ASCII as they are, and Go takes them.
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
            raise Refused(431)
        if self._ahead and (self._ended or not _BEGINS.match(self._ahead)):
            raise Refused(400)

    def _check(self, head: h11.Request) -> None:
        """Refuse a head that is too large, and what it announces."""
        raw = head.headers.raw_items()
        if len(raw) > self._limits.headers or sum(len(name) + len(value) + 4 for name, value in raw) > self._limits.head:
            raise Refused(431)
        if not head.http_version.startswith(b"1."):
            raise Refused(505)
        for name, value in head.headers:
            if name == b"content-length" and int(value) > self._limits.body:
                raise self._too_large()
            if name == b"expect" and value.lower() != b"100-continue":
                raise Refused(417)
        self._head = head

    def _too_large(self) -> Refused:
        return Refused(413, f"the server takes bodies of at most {self._limits.body} bytes")

    def _whole(self) -> Request:
        """The request that is whole now."""
        head = self._head
        assert head is not None, "h11 gives the head first"
        given = {name for name, _ in head.headers}
        self.keeps = self._h11.their_state is not h11.MUST_CLOSE and not given >= {b"content-length", b"transfer-encoding"}
        self._ahead += self._h11.trailing_data[0]
        method, target = head.method.decode("ascii"), head.target.decode("ascii")
        if not method.isupper():
            raise Refused(405, f"method {method} not allowed")
        path, _, query = self._origin_form(method, target).partition("?")
        if _BAD_ESCAPE.search(path):
            raise Refused(400)
        path = quote_from_bytes(path.encode("ascii"), _PATH_SAFE)
        has_body = bool(given & {b"content-length", b"transfer-encoding"})
        return Request(method, path, self._query(query), _headers(head), bytes(self._body) if has_body else None)

    def _origin_form(self, method: str, target: str) -> str:
        """A target as a path and a query: clients may name the host as well (RFC 9112, section 3.2)."""
        if method == "CONNECT":
            raise Refused(404)
        scheme, separator, rest = target.partition("://")
        if separator and scheme.isalpha():
            host = re.split(r"[/?]", rest, maxsplit=1)[0]
            target = rest[len(host) :]
            target = target if target.startswith("/") else "/" + target
        if target == "*" and method == "OPTIONS":
            raise Refused(200)
        if not target.startswith("/"):
            raise Refused(400)
        return target

    def _query(self, text: str) -> tuple[QueryItem, ...]:
        """A query, decoded. Consul answers 500, with nothing to read, to one that cannot be; since Go 1.17 also to one with a semicolon."""
        if self._is_old:
            text = text.replace(";", "&")
        if _BAD_ESCAPE.search(text) or ";" in text:
            raise Refused(500, "the query cannot be read")
        pairs = [part.partition("=") for part in text.split("&") if part]
        return tuple([(_decoded(name), _decoded(value) if equals else None) for name, equals, value in pairs])

    def answer(self, response: Response, date: str, *, keep: bool = True) -> bytes:
        """The bytes of an answer; then the next request is awaited. date: of the header (RFC 9110, section 5.6.7)."""
        head = self._head
        headers = [(name.title(), value) for name, value in response.headers if name not in _OWN]
        body = response.body
        if head is not None and len(body) >= (_OLD_COMPRESSED if self._is_old else _COMPRESSED) and _accepts_gzip(head):
            headers.append(("Content-Encoding", "gzip"))
            body = gzipped(body)
        if response.status not in _NO_BODY:
            headers.append(("Content-Length", str(len(body))))
        if not (keep and self.keeps):
            headers.append(("Connection", "close"))
        version = "1.0" if head is not None and head.http_version == b"1.0" else "1.1"
        lines = [f"HTTP/{version} {response.status} {_phrase(response.status)}", f"Date: {date}"]
        lines += [f"{name}: {value}" for name, value in sorted(headers)]
        written = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        has_body = response.status not in _NO_BODY and (head is None or head.method != b"HEAD")
        self._begin()
        return written + body if has_body else written


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in _STATUSES else ""


_STATUSES = frozenset(HTTPStatus)


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="replace")


def _accepts_gzip(head: h11.Request) -> bool:
    return accepts_gzip(",".join(value.decode("latin-1") for name, value in head.headers if name == b"accept-encoding"))


def _headers(head: h11.Request) -> Headers:
    """The headers as a Request can carry them: a value that is not ASCII, such as a token that cannot be one, is percent-encoded."""
    items = []
    for name, value in head.headers:
        if _CONTROL.search(value):
            raise Refused(400)
        text = value.decode("latin-1")
        try:
            check_header("x", text)
        except ValueError:
            text = quote_from_bytes(value)
        items.append((name.decode("ascii"), text))
    return Headers(items)
