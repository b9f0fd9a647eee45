"""Answers to requests, and the responses made of them.

A handler returns a `ReadAnswer` or a `WriteAnswer`, or raises a `Refusal`; `Answers` turns these into HTTP responses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from consul_proto.message import Headers, Response
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick

#: What a read depends on: ("kv", key), ("kv/", prefix) or ("table", name).
Topic = tuple[str, str]

Pairs = tuple[tuple[str, str], ...]


class Refusal(Exception):
    """An answer other than 200, in Consul's words."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text
        self.headers = tuple((name.replace("_", "-"), value) for name, value in headers.items() if value)


def multierror(reasons: Sequence[str]) -> str:
    """Format errors as https://github.com/hashicorp/go-multierror does."""
    return "\n\t* ".join((f"{len(reasons)} error{'s' * (len(reasons) > 1)} occurred:", *reasons)) + "\n\n"


class Unrouted(Refusal):
    """A refusal by Go's router, before any of Consul's own code runs."""


class ReadAnswer:
    """The answer of a read. body: None is a 404. raw: the body is sent unchanged.

    local: the agent answers by itself, without the headers of the servers. headers: further headers. null: a body of None is sent as null,
    not as a 404. streamed: the agent has the answer from its stream, not from a query. content_hash: the hash that a caller may wait on
    instead of the index. is_hash: the index is not a counter; any other value is new. is_denied: the token may not read the answer, so
    the servers were not asked. silent: a 404 comes without the headers of the servers. kind: the Content-Type of a body that is sent
    unchanged, without the headers of the servers.
    """

    __slots__ = (
        *("body", "content_hash", "headers", "index", "is_denied", "is_hash"),
        *("kind", "local", "null", "raw", "silent", "streamed"),
    )

    def __init__(
        self,
        index: int,
        body: Any,
        *,
        raw: bool = False,
        local: bool = False,
        headers: Pairs = (),
        null: bool = False,
        streamed: bool = False,
        content_hash: str = "",
        is_hash: bool = False,
        is_denied: bool = False,
        silent: bool = False,
        kind: str = "",
    ) -> None:
        self.index, self.body, self.raw, self.local, self.headers, self.null = index, body, raw, local, headers, null
        self.streamed, self.content_hash, self.is_hash = streamed, content_hash, is_hash
        self.is_denied, self.silent, self.kind = is_denied, silent, kind

    def is_news(self, minimum: int, content_hash: str) -> bool:
        """Return whether this answer ends the wait of a query that blocks on an index, or on a hash if there is one."""
        if content_hash:
            return self.content_hash != content_hash
        return (self.index or 1) != minimum if self.is_hash else self.index > minimum


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """The answer of a write that is not simply JSON with status 200. body: bytes are sent unchanged.

    kind: the Content-Type if it is not the usual one; "" for none. headers: further headers.
    """

    body: Any
    status: int = 200
    kind: str | None = None
    headers: Pairs = ()


class Parked:
    """A blocking query that waits for its answer: `response` is None until then.

    wake: called without arguments when the response is there; set by the driver of the simulator.
    """

    __slots__ = ("_topics", "content_hash", "deadline", "minimum", "read", "response", "wake", "was_missing")

    def __init__(self, read: Callable[[], ReadAnswer], minimum: int, deadline: float, topics: Iterable[Topic]) -> None:
        self.read, self.minimum, self.deadline = read, minimum, deadline
        self._topics: tuple[Hashable, ...] = tuple(topics)
        self.was_missing = False
        self.content_hash = ""
        self.response: Response | None = None
        self.wake: Callable[[], object] | None = None

    def is_news(self, answer: ReadAnswer) -> bool:
        """Return whether an answer ends the wait."""
        return answer.is_news(self.minimum, self.content_hash)

    @property
    def is_ready(self) -> bool:
        """Whether the answer is there."""
        return self.response is not None

    @property
    def topics(self) -> tuple[Hashable, ...]:
        """The topics that the query depends on."""
        return self._topics


#: The most pieces of an answer that wait to be read; a real agent drops log lines in the same way.
_MOST_PIECES = 512


class Feed:
    """The body of an answer that does not end.

    wake: called without arguments when there is something to take; set by the driver of the simulator.
    """

    __slots__ = ("__weakref__", "_pieces", "wake")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.wake: Callable[[], object] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is something to take."""
        return bool(self._pieces)

    def add(self, piece: bytes) -> None:
        """Add a piece. It is dropped if nobody has read the last 512."""
        if len(self._pieces) < _MOST_PIECES:
            self._pieces.append(piece)
            if self.wake is not None:
                self.wake()

    def take(self) -> bytes:
        """Return what was added since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


@dataclass(frozen=True, slots=True, repr=False)
class OpenResponse(Response):
    """The head of an answer that does not end. feed: its body."""

    feed: Feed = field(kw_only=True)


#: Characters that Go's encoder escapes in JSON, because a browser could read them as HTML or as the end of a line.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


#: Encodes a value as JSON, without Go's escapes.
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Text(str):
    """JSON that is already text, without Go's escapes."""

    __slots__ = ()


def to_json(value: object) -> bytes:
    """Encode JSON as Go does, without blanks."""
    text = value if isinstance(value, Text) else encode(value)
    for character, escaped in _ESCAPED.items():
        if character in text:
            text = text.replace(character, escaped)
    return text.encode("utf-8", "replace")


_LEADER = {known: (("X-Consul-Knownleader", "true" if known else "false"), ("X-Consul-Lastcontact", "0")) for known in (True, False)}


def make_response(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    """Make a response, with its Content-Length."""
    return Response(status, Headers.received((*headers, ("Vary", "Accept-Encoding"), ("Content-Length", str(len(body))))), body)


def server_headers(*, known: bool = True) -> Pairs:
    """Return the headers that describe the servers."""
    return _LEADER[known]


#: The headers of an answer that came from the servers: by version, by `is_denied` and by `streamed`.
_SERVERS: dict[Version, dict[tuple[bool, bool], Pairs]] = {
    since: {
        (is_denied, streamed): server_headers(known=not (is_denied or streamed))
        + (() if since < V1_X else (("X-Consul-Query-Backend", "streaming" if streamed else "blocking-query"),))
        for is_denied in (True, False)
        for streamed in (True, False)
    }
    for since in (V1_8, V1_X)
}

_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_JSON = ("Content-Type", "application/json")
_CHARSET = "application/json; charset=utf-8"


class Answers:
    """Makes responses as an agent with these settings does."""

    def __init__(self, settings: Settings) -> None:
        self._version = settings.version
        policy = settings.default_policy if settings.acls else "allow"
        #: The headers of every answer.
        self._always: Pairs = () if self._version < V1_X else (("X-Consul-Default-Acl-Policy", policy),)
        self._of_servers = pick(_SERVERS, self._version)
        #: The headers of a refused read that reached no server.
        self.unread: Pairs = (("X-Consul-Index", "1"), *self._of_servers[True, False])

    def open(self, feed: Feed) -> OpenResponse:
        """Make the head of an answer that does not end."""
        return OpenResponse(200, Headers.received((*self._always, ("Vary", "Accept-Encoding"))), feed=feed)

    def write(self, answer: WriteAnswer, more: Pairs) -> Response:
        """Make the response of a write. more: further headers."""
        usual = "application/json" if answer.status == 200 or self._version < V1_X else _CHARSET
        if answer.body == b"":
            usual = "" if self._version < V1_X else _CHARSET
        kind = usual if answer.kind is None else answer.kind
        headers = (*self._always, *([("Content-Type", kind)] if kind else []), *answer.headers, *more)
        if isinstance(answer.body, bytes):
            return make_response(answer.status, answer.body, headers)
        return make_response(answer.status, to_json(answer.body), headers)

    def read(self, answer: ReadAnswer) -> Response:
        """Make the response of a read."""
        if answer.kind:
            return make_response(200, answer.body, (*self._always, ("Content-Type", answer.kind)))
        news = ("X-Consul-ContentHash", answer.content_hash) if answer.content_hash else ("X-Consul-Index", str(answer.index or 1))
        servers = () if answer.local else self._of_servers[answer.is_denied, answer.streamed]
        headers: Pairs = (*self._always, news, *servers, *answer.headers)
        if answer.raw:
            kind = ("Content-Type", "text/plain") if self._version < V1_X else _TEXT
            return make_response(
                200, answer.body, (*headers, kind, ("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff"))
            )
        if answer.body is None and not answer.null:
            return make_response(404, b"", self._always if answer.silent else headers)
        return make_response(200, to_json(answer.body), (_JSON, *headers))

    def refusal(self, refusal: Refusal, method: str) -> Response:
        """Make the response of a refusal; HEAD gets no body."""
        body = b"" if method == "HEAD" else refusal.text.encode()
        kind = [_TEXT] if refusal.text else []
        always = () if isinstance(refusal, Unrouted) else self._always
        return make_response(refusal.status, body, [*always, *kind, *refusal.headers])
