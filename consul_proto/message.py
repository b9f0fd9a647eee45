"""`Request`, `Response` and their `Headers`: immutable, and checked when they are created."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from consul_proto.errors import DecodeError, UnreadableBody
from consul_proto.frozen import dataclass, setters
from consul_proto.json_decoder import Json as Json  # the type of `Response.json`, for users
from consul_proto.json_decoder import best_decoder
from consul_proto.percent import quote

#: RFC 9110, section 5.6.2: the characters of a method or a header name.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: RFC 9110, section 5.5, less obs-text: visible ASCII, with blanks inside.
_HEADER_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?")

#: RFC 3986, section 3.3: an absolute path, percent-encoded.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]++|%[0-9A-Fa-f]{2})*+")

#: RFC 3986, section 3.4, less what separates one parameter from the next ("&", "=", "+", ";").
_QUERY_SAFE = "/:@!$'()*,?~"

#: Headers whose values are never shown.
_SECRET_HEADERS = frozenset({"x-consul-token", "authorization", "proxy-authorization", "cookie", "set-cookie"})

#: The methods of Consul's endpoints: known to be valid.
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE"})

QueryItem = tuple[str, str | None]


class Headers:
    """An immutable list of HTTP headers; names are stored in lower case, and compared without regard to case.

    Its repr hides the values of the headers that contain secrets.
    """

    __slots__ = ("_given", "_items")

    _items: tuple[tuple[str, str], ...] | None
    _given: Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]] | bytes

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        object.__setattr__(self, "_items", tuple([(name.lower(), value) for name, value in items]))

    @classmethod
    def received(cls, items: Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]]) -> Headers:
        """Make the headers of an answer, from bytes or text. They are decoded when they are first read; most are never read."""
        headers = cls.__new__(cls)
        object.__setattr__(headers, "_items", None)
        object.__setattr__(headers, "_given", items)
        return headers

    @classmethod
    def received_lines(cls, lines: bytes) -> Headers:
        """Make the headers of an answer from its lines, each with its line break, and known to be valid. They are split when first read."""
        headers = _new(cls)
        _set_items(headers, None)
        _set_given(headers, lines)
        return headers

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """Return pairs of lower-case name and value, in the order received."""
        items = self._items
        if items is None:
            given = _split(self._given) if isinstance(self._given, bytes) else self._given
            items = tuple([(_text(name).lower(), _text(value)) for name, value in given])
            object.__setattr__(self, "_items", items)
        return items

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Headers are immutable: cannot set {name!r}")

    def get(self, name: str) -> str | None:
        """Return the first value of the header `name`, or None if it is missing."""
        name = name.lower()
        for known, value in self.items:
            if known == name:
                return value
        return None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return self.items == other.items if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.items)

    def __reduce__(self) -> tuple[type[Headers], tuple[tuple[tuple[str, str], ...]]]:
        return Headers, (self.items,)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {'<hidden>' if name in _SECRET_HEADERS else value}" for name, value in self.items)
        return f"<Headers {shown}>"


#: The setters of the slots: `object.__setattr__` takes three times as long.
_set_items, _set_given = Headers.__dict__["_items"].__set__, Headers.__dict__["_given"].__set__
_new = object.__new__


def _split(lines: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in lines.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        yield name, value.strip(b" \t")


def _text(given: bytes | str) -> str:
    return given if isinstance(given, str) else given.decode("latin-1")


NO_HEADERS = Headers()


def check_header(name: str, value: str) -> None:
    """Raise ValueError for a header that cannot be sent. The message does not show the value."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"a header name must be an HTTP token, such as X-Consul-Token, not {name!r}")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"the value of the header {name} must be ASCII without line breaks, control characters or blanks at its ends")


@dataclass(frozen=True, slots=True)
class StreamedBody:
    """A request body that is sent piece by piece, so that it need not fit into memory.

    pieces: returns the pieces from the beginning. It is called for each attempt, because an iterator cannot be sent again.
    size: the bytes of the whole body.

    Iterating raises UnreadableBody if the pieces cannot be read, or are not `size` bytes in total. Raises ValueError for a negative size.
    """

    pieces: Callable[[], Iterable[bytes]]
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"the size of a body must be 0 or more bytes, not {self.size}")

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        try:
            for piece in self.pieces():
                read += len(piece)
                if read > self.size:
                    break
                if piece:
                    yield piece
        except Exception as error:
            raise UnreadableBody(f"the body of the request cannot be read: {error}") from error
        if read != self.size:
            found = f"more than {self.size}" if read > self.size else str(read)
            raise UnreadableBody(f"the body of the request must have {self.size} bytes, but has {found}; did its file change?")


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Request:
    """One HTTP request to Consul.

    method: upper-case HTTP method.
    path: percent-encoded absolute path, without the query ("/v1/kv/a%20b").
    query: pairs of name and value, neither of them encoded; None makes a bare flag ("?stale").
    headers: the headers that only this call needs; those of every call are added later.
    body: the bytes to send, or a `StreamedBody`; None: no body.
    shown_path: the path that errors and reprs show instead of `path`, if the path contains a secret (a legacy ACL ID).
    wait: the seconds for which Consul may delay the answer (of a blocking query), in addition to the usual time limit.
    """

    method: str
    path: str
    query: tuple[QueryItem, ...]
    headers: Headers
    body: bytes | StreamedBody | None
    shown_path: str | None
    wait: float

    def __init__(
        self,
        method: str,
        path: str,
        query: tuple[QueryItem, ...] = (),
        headers: Headers = NO_HEADERS,
        body: bytes | StreamedBody | None = None,
        shown_path: str | None = None,
        wait: float = 0.0,
    ) -> None:
        if method not in _METHODS and not (_TOKEN.fullmatch(method) and method.isupper()):
            raise ValueError(f"an HTTP method must be a word in upper case, not {method!r}")
        if not _PATH.fullmatch(path):
            raise ValueError(f"a path must be absolute and percent-encoded, as in '/v1/kv/a%20b', not {shown_path or path!r}")
        if headers is not NO_HEADERS:
            for name, value in headers.items:
                check_header(name, value)
        _set_method(self, method)
        _set_path(self, path)
        _set_query(self, query)
        _set_headers(self, headers)
        _set_body(self, body)
        _set_shown_path(self, shown_path)
        _set_wait(self, wait)

    def changed(self, query: tuple[QueryItem, ...], headers: Headers, body: bytes | StreamedBody | None) -> Request:
        """Return this request with another query, headers and body. The headers must be known to be valid."""
        request = _new(Request)
        _set_method(request, self.method)
        _set_path(request, self.path)
        _set_query(request, query)
        _set_headers(request, headers)
        _set_body(request, body)
        _set_shown_path(request, self.shown_path)
        _set_wait(request, self.wait)
        return request

    @property
    def target(self) -> str:
        """Return the request target: path and query, percent-encoded."""
        if not self.query:
            return self.path
        return self.path + "?" + "&".join([encoded(name) + ("" if value is None else "=" + encoded(value)) for name, value in self.query])

    @property
    def shown(self) -> str:
        """Return method and path for errors and reprs, without secrets."""
        return f"{self.method} {self.shown_path or self.path}"

    @property
    def body_size(self) -> int:
        """Return the size of the body in bytes; 0 for a request without a body."""
        return self.body.size if isinstance(self.body, StreamedBody) else len(self.body or b"")

    def read_body(self) -> bytes | None:
        """Return the whole body; None for a request without a body. Raises UnreadableBody."""
        return b"".join(self.body) if isinstance(self.body, StreamedBody) else self.body

    def __repr__(self) -> str:
        query = "".join(f" {name}" if value is None else f" {name}={value!r}" for name, value in self.query)
        body = "" if self.body is None else f" <{self.body_size} bytes>"
        headers = f" {self.headers!r}" if self.headers else ""
        return f"<Request {self.shown}{query}{headers}{body}>"


_set_method, _set_path, _set_query, _set_headers, _set_body, _set_shown_path, _set_wait = setters(Request)


def encoded(text: str) -> str:
    """Percent-encode a query name or value (UTF-8)."""
    return text if text.isalnum() and text.isascii() else quote(text, safe=_QUERY_SAFE)


@dataclass(frozen=True, slots=True, repr=False, init=False)
class Response:
    """One whole HTTP answer: status, headers, and the decoded body."""

    status: int
    headers: Headers = NO_HEADERS
    body: bytes = b""

    def __init__(self, status: int, headers: Headers = NO_HEADERS, body: bytes = b"") -> None:
        if not 100 <= status <= 999:
            raise ValueError(f"an HTTP status must be from 100 to 999, not {status}")
        _set_status(self, status)
        _set_response_headers(self, headers)
        _set_response_body(self, body)

    @property
    def address(self) -> str | None:
        """The address of the agent that gave the answer, if the client has several."""
        return None

    @property
    def earlier(self) -> str:
        """What other agents said before, in a line; "" if none was asked."""
        return ""

    def json(self) -> Json:
        """Return the JSON value of the body. Raises DecodeError if it is not JSON."""
        try:
            return best_decoder()(self.body)
        except ValueError:
            pass
        except RecursionError:
            raise DecodeError("the JSON of the answer is nested too deeply") from None
        if not self.body:
            raise DecodeError("expected JSON, got an empty answer")
        content_type = self.headers.get("content-type") or "no content type"
        raise DecodeError(f"expected JSON, got {len(self.body)} bytes that are not JSON ({content_type})")

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.headers!r} <{len(self.body)} bytes>>"


_set_status, _set_response_headers, _set_response_body = setters(Response)
