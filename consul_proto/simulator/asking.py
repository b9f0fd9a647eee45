"""What was asked, what is answered, and what waits in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

from consul_proto.message import Headers, Request, Response

#: What a read depends on: ("kv", key), ("kv/", prefix) or ("table", name).
Topic = tuple[str, str]


class Refusal(Exception):
    """An answer other than 200, in Consul's words."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text
        self.headers = tuple((name.replace("_", "-"), value) for name, value in headers.items() if value)


class Unrouted(Refusal):
    """What Go's router refuses before anything of Consul's sees it."""


class Asked:
    """A request as a handler sees it: its path decoded, its query by name."""

    def __init__(self, request: Request, rest: str, datacenter: str, *, before_113: bool) -> None:
        self.method = request.method
        self.body = request.body or b""
        #: What comes behind the route's own path: a key, an id.
        self.rest = rest
        self._query = request.query
        self._datacenter = datacenter
        self._before_113 = before_113

    def no_namespace(self) -> None:
        """Refuse what only Consul Enterprise has."""
        if self.flag("ns"):
            before = "Bad request: " if self._before_113 else ""
            raise Refusal(400, f'{before}Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature')

    def reach_servers(self) -> None:
        """Refuse a datacenter that there is not: what the agent itself refuses comes before."""
        if self.first("dc") not in ("", self._datacenter):
            raise Refusal(500, "No path to datacenter")

    def flag(self, name: str) -> bool:
        """Whether a parameter is there at all; `stale=false` means stale."""
        return any(known == name for known, _ in self._query)

    def first(self, name: str) -> str:
        """The first value of a parameter, "" where it has none."""
        return next((value or "" for known, value in self._query if known == name), "")

    def written(self) -> str:
        """The query as Go writes it: sorted by name."""
        pairs = sorted(self._query, key=lambda pair: pair[0])
        return "&".join(f"{quote_plus(name)}={quote_plus(value or '')}" for name, value in pairs)


@dataclass(frozen=True, slots=True)
class Found:
    """What a read found. body: None where there is nothing, which is a 404. raw: whether the body goes out as it is.

    local: whether the agent answers by itself, and says nothing of the servers.
    """

    index: int
    body: Any
    raw: bool = False
    local: bool = False


class Parked:
    """A blocking query whose answer is still to come: `response` is None until then.

    wake: called with nothing when the answer is there; whoever drives the simulator sets it.
    """

    __slots__ = ("_topics", "deadline", "minimum", "missed", "read", "response", "wake")

    def __init__(self, read: Callable[[], Found], minimum: int, deadline: float, topics: Iterable[Topic]) -> None:
        self.read, self.minimum, self.deadline = read, minimum, deadline
        self._topics: tuple[Hashable, ...] = tuple(topics)
        self.missed = False
        self.response: Response | None = None
        self.wake: Callable[[], object] | None = None

    @property
    def topics(self) -> tuple[Hashable, ...]:
        """What the query depends on."""
        return self._topics


#: What Go's encoder escapes in JSON, since a browser could read it as HTML or as a line's end.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def written(value: object) -> bytes:
    """JSON as Go writes it, without the blanks."""
    text = _encode(value)
    for character, escaped in _ESCAPED.items():
        if character in text:
            text = text.replace(character, escaped)
    return text.encode("utf-8", "replace")


def answer(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    """An answer with its length."""
    return Response(status, Headers([*headers, ("Vary", "Accept-Encoding"), ("Content-Length", str(len(body)))]), body)


def text_of(path: str) -> str:
    """A percent-encoded path as text. Bytes that are not UTF-8 become U+FFFD, as in Consul's JSON."""
    return unquote_to_bytes(path).decode("utf-8", "replace")
