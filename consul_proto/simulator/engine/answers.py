"""What a request is answered with, and how that becomes a response.

A handler gives a `ReadAnswer`, a `WriteAnswer` or raises a `Refusal`; `Answers` makes HTTP of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
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
    """Reasons as https://github.com/hashicorp/go-multierror writes them."""
    return "\n\t* ".join((f"{len(reasons)} error{'s' * (len(reasons) > 1)} occurred:", *reasons)) + "\n\n"


class Unrouted(Refusal):
    """What Go's router refuses before anything of Consul's sees it."""


class ReadAnswer:
    """What a read found. body: None where there is nothing, which is a 404. raw: whether the body goes out as it is.

    local: whether the agent answers by itself, and says nothing of the servers. headers: what the answer carries besides. null: whether
    nothing there is null, and no 404. streamed: whether the agent has it from a stream, and not from a query of its own. content_hash:
    what one may wait for a change of, in the place of the index. is_hash: whether the index is no count, and any other one is news.
    unasked: whether nobody was asked, since the token may not see the answer. silent: whether a 404 says nothing of the servers.
    kind: the Content-Type of a body that goes out as it is, without a word of the servers.
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
        """Whether this is what somebody waits for who has seen an index, or a hash where there is one."""
        if content_hash:
            return self.content_hash != content_hash
        return (self.index or 1) != minimum if self.is_hash else self.index > minimum


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """An answer that is more than a value as JSON with status 200. body: bytes go out as they are.

    kind: its Content-Type, where it is not what Consul usually sends; "" for none. headers: what the answer carries besides.
    """

    body: Any
    status: int = 200
    kind: str | None = None
    headers: Pairs = ()


class Parked:
    """A blocking query whose answer is still to come: `response` is None until then.

    wake: called with nothing when the answer is there; whoever drives the simulator sets it.
    """

    __slots__ = ("_topics", "content_hash", "deadline", "minimum", "read", "response", "wake", "was_missing")

    def __init__(self, read: Callable[[], ReadAnswer], minimum: int, deadline: float, topics: Iterable[Topic]) -> None:
        self.read, self.minimum, self.deadline = read, minimum, deadline
        self._topics: tuple[Hashable, ...] = tuple(topics)
        self.was_missing = False
        self.content_hash = ""
        self.response: Response | None = None
        self.wake: Callable[[], object] | None = None

    def is_news(self, found: ReadAnswer) -> bool:
        """Whether this is what the query waits for."""
        return found.is_news(self.minimum, self.content_hash)

    @property
    def topics(self) -> tuple[Hashable, ...]:
        """What the query depends on."""
        return self._topics


#: What Go's encoder escapes in JSON, since a browser could read it as HTML or as a line's end.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


#: A value in JSON, but for what Go escapes.
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Text(str):
    """JSON that is text already, but for what Go escapes."""

    __slots__ = ()


def to_json(value: object) -> bytes:
    """JSON as Go writes it, without the blanks."""
    text = value if isinstance(value, Text) else encode(value)
    for character, escaped in _ESCAPED.items():
        if character in text:
            text = text.replace(character, escaped)
    return text.encode("utf-8", "replace")


_SEEN = {known: (("X-Consul-Knownleader", "true" if known else "false"), ("X-Consul-Lastcontact", "0")) for known in (True, False)}


def answer(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    """An answer with its length."""
    return Response(status, Headers.received((*headers, ("Vary", "Accept-Encoding"), ("Content-Length", str(len(body))))), body)


def server_headers(*, known: bool = True) -> Pairs:
    """What an answer says of the servers."""
    return _SEEN[known]


#: What an answer carries that came from the servers: by version, whether nobody was asked, whether it came as a stream.
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
    """Makes responses, as an agent with these settings does."""

    def __init__(self, settings: Settings) -> None:
        self._version = settings.version
        policy = settings.default_policy if settings.acls else "allow"
        #: What every answer carries.
        self._always: Pairs = () if self._version < V1_X else (("X-Consul-Default-Acl-Policy", policy),)
        self._seen = pick(_SERVERS, self._version)
        #: What the refusal of a read carries where the agent had no answer of the servers.
        self.unread: Pairs = (("X-Consul-Index", "1"), *self._seen[True, False])

    def write(self, wrote: WriteAnswer, more: Pairs) -> Response:
        """Make the response to a write. more: headers besides its own."""
        usual = "application/json" if wrote.status == 200 or self._version < V1_X else _CHARSET
        if wrote.body == b"":
            usual = "" if self._version < V1_X else _CHARSET
        kind = usual if wrote.kind is None else wrote.kind
        headers = (*self._always, *([("Content-Type", kind)] if kind else []), *wrote.headers, *more)
        if isinstance(wrote.body, bytes):
            return answer(wrote.status, wrote.body, headers)
        return answer(wrote.status, to_json(wrote.body), headers)

    def read(self, found: ReadAnswer) -> Response:
        """Make the response to a read."""
        if found.kind:
            return answer(200, found.body, (*self._always, ("Content-Type", found.kind)))
        news = ("X-Consul-ContentHash", found.content_hash) if found.content_hash else ("X-Consul-Index", str(found.index or 1))
        servers = () if found.local else self._seen[found.is_denied, found.streamed]
        headers: Pairs = (*self._always, news, *servers, *found.headers)
        if found.raw:
            kind = ("Content-Type", "text/plain") if self._version < V1_X else _TEXT
            return answer(200, found.body, (*headers, kind, ("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff")))
        if found.body is None and not found.null:
            return answer(404, b"", self._always if found.silent else headers)
        return answer(200, to_json(found.body), (_JSON, *headers))

    def refusal(self, refusal: Refusal, method: str) -> Response:
        """Make the response that refuses a request; HEAD gets no body."""
        body = b"" if method == "HEAD" else refusal.text.encode()
        kind = [_TEXT] if refusal.text else []
        always = () if isinstance(refusal, Unrouted) else self._always
        return answer(refusal.status, body, [*always, *kind, *refusal.headers])
