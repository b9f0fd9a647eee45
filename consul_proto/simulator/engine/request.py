"""What was asked, what is answered, and what waits in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus, unquote_to_bytes

from consul_proto.message import Headers, Request, Response
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_11, V1_X
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.json import Shape, Unreadable, decoded

#: What a read depends on: ("kv", key), ("kv/", prefix) or ("table", name).
Topic = tuple[str, str]


_NO_NAMESPACES = " - Namespaces are a Consul Enterprise feature"

#: What only Consul Enterprise has, by a parameter or by a header, and what is said of it. Before 1.11 nobody knew of partitions.
_NAMESPACE = ("ns", "X-Consul-Namespace", _NO_NAMESPACES)
_PARTITION = ("partition", "X-Consul-Partition", " - Partitions are a Consul Enterprise feature")

#: Seconds that a query waits where nothing is said, and at most: https://developer.hashicorp.com/consul/api-docs/features/blocking
_WAIT, _LONGEST_WAIT = 300.0, 600.0


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


class Authorizer(Protocol):
    """What a token may do."""

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Whether it may: resource "key", "service", "node" ..., access "read", "list" or "write"; name "" where the rule has none."""
        ...

    def refusal(self, resource: str, name: str, access: str) -> str:
        """What Consul says to a token that may not."""
        ...


class Asked:
    """A request as a handler sees it: its path decoded, its query by name, and what its token may do.

    resolve: finds what a token may do, by its secret; raises Refusal for one that there is not. is_own: whether the agent's own
    configuration asks.
    """

    def __init__(
        self, request: Request, rest: str, settings: Settings, resolve: Callable[[str], Authorizer] | None, *, is_own: bool = False
    ) -> None:
        self.method = request.method
        self.headers = request.headers
        self.body = request.body or b""
        #: What comes behind the route's own path: a key, an id.
        self.rest = rest
        self.path = request.path
        self._query = request.query
        #: The first value of each parameter.
        self._first: dict[str, str] = {}
        for name, value in request.query:
            self._first.setdefault(name, value or "")
        self.settings = settings
        self._resolve = resolve
        self._authorizer: Authorizer | None = None
        self._is_own = is_own
        #: Whether something was left out of the answer since the token may not see it.
        self.is_filtered = False

    @property
    def may_have_scripts(self) -> bool:
        """Whether checks with a script are accepted."""
        return self.settings.script_checks or (self._is_own and self.settings.local_script_checks)

    @property
    def token(self) -> str:
        """The secret that was given, "" for none."""
        bearer = self.headers.get("authorization") or ""
        given = self.first("token") or self.headers.get("x-consul-token") or ""
        return given or (bearer[7:].strip() if bearer[:7].lower() == "bearer " else "")

    @property
    def lasting_token(self) -> str | None:
        """The token whose rights what is registered goes on with; None where nobody asks for one."""
        return None if self.authorizer is None else self.token

    @property
    def authorizer(self) -> Authorizer | None:
        """What the token may do; None where ACLs are off, and everybody may do everything. Raises Refusal for a token that there is not."""
        if self._authorizer is None and self._resolve is not None:
            self._authorizer = self._resolve(self.token)
        return self._authorizer

    def begin(self) -> None:
        """Look at the token anew: a query may have waited for long."""
        self._authorizer, self.is_filtered = None, False

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Whether the token may do something."""
        authorizer = self.authorizer
        return authorizer is None or authorizer.allows(resource, name, access)

    def may(self, resource: str, name: str, access: str) -> bool:
        """Whether the token may see something: what it may not is left out of the answer."""
        if self.allows(resource, name, access):
            return True
        self.is_filtered = True
        return False

    def require(self, resource: str, name: str, access: str) -> None:
        """Refuse what the token may not do."""
        authorizer = self.authorizer
        if authorizer is not None and not authorizer.allows(resource, name, access):
            raise Refusal(403, authorizer.refusal(resource, name, access))

    def require_of_agent(self, resource: str, name: str) -> None:
        """Refuse a token that may not write what the agent itself has: 1.8 says what it lacks."""
        try:
            self.require(resource, name, "write")
        except Refusal as refusal:
            is_lacking = self.settings.version < V1_X and refusal.text == "Permission denied"
            raise Refusal(refusal.status, refusal.text + f": Missing {resource}:write on {name}" * is_lacking) from None

    def decoded(self, shape: Shape, before: str = "Request decode failed: ", status: int = 400, *, namespaced: bool = False) -> Any:
        """The body, as a type takes it. Refuses what is none.

        before: what the refusal says before its reason. namespaced: whether Consul Enterprise takes a namespace here, which is said.
        """
        try:
            return decoded(self.body, shape, version=self.settings.version)
        except Unreadable as error:
            after = _NO_NAMESPACES if namespaced and str(error).endswith('"Namespace"') else ""
            raise Refusal(status, f"{before}{error}{after}") from None

    def only_default(self) -> None:
        """Refuse a namespace and a partition, which only Consul Enterprise has."""
        if self._query or self.headers.items:  # a read in memory has neither mostly, and is to cost little
            self._have_no(_NAMESPACE)
            self.only_default_partition()

    def only_default_partition(self) -> None:
        """Refuse a partition."""
        if self.settings.version >= V1_11:
            self._have_no(_PARTITION)

    def _have_no(self, scope: tuple[str, str, str]) -> None:
        parameter, header, why = scope
        if self.headers.get(header):
            raise Refusal(400, f'{self.settings.bad_request}Invalid header: "{header}"{why}')
        if self.first(parameter):
            raise Refusal(400, f'{self.settings.bad_request}Invalid query parameter: "{parameter}"{why}')

    def options(self) -> tuple[float, int]:
        """The parameters that most calls share: for how long a query waits, in seconds, and for an index above which. Refuses odd ones."""
        self.one_consistency()
        return self.waiting()

    def one_consistency(self) -> None:
        """Refuse to be asked for more than one."""
        for other in ("stale", "cached") if self.flag("consistent") else ():
            if self.flag(other):
                raise Refusal(400, f"Cannot specify ?{other} with ?consistent, conflicting semantics.")

    def waiting(self) -> tuple[float, int]:
        """As `options`, where nobody asks how consistent the answer is to be."""
        wait = _WAIT
        if self.first("wait"):
            try:
                wait = min(nanoseconds(self.first("wait")) / 10**9, _LONGEST_WAIT)
            except ValueError:
                raise Refusal(400, "Invalid wait time") from None
        index = self.first("index")
        if index and not (index.isascii() and index.isdigit() and int(index) < 1 << 64):
            raise Refusal(400, "Invalid index")
        return wait if wait > 0 else _WAIT, int(index or 0)

    def need_acls(self) -> None:
        """Refuse where ACLs are off."""
        if not self.settings.acls:
            raise Refusal(401, "ACL support disabled")

    def reach_servers(self) -> None:
        """Refuse a datacenter that there is not, and then a token: what the agent itself refuses comes before."""
        self.reach_datacenter()
        self.know_token()

    def reach_datacenter(self) -> None:
        """Refuse a datacenter that there is not."""
        if self.first("dc") not in ("", self.settings.datacenter):
            raise Refusal(500, "No path to datacenter")

    def know_token(self) -> None:
        """Refuse a token that there is not."""
        _ = self.authorizer

    def flag(self, name: str) -> bool:
        """Whether a parameter is there at all; `stale=false` means stale."""
        return name in self._first

    def first(self, name: str) -> str:
        """The first value of a parameter, "" where it has none."""
        return self._first.get(name, "")

    def every(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value or "" for known, value in self._query if known == name]

    @property
    def consistency(self) -> str:
        """How consistent the answer is to be."""
        return next((mode for mode in ("stale", "consistent") if self.flag(mode)), "leader")

    def written(self, without: Container[str] = ()) -> str:
        """The query as Go writes it: sorted by name."""
        pairs = sorted((pair for pair in self._query if pair[0] not in without), key=lambda pair: pair[0])
        return "&".join(f"{quote_plus(name)}={quote_plus(value or '')}" for name, value in pairs)


class Found:
    """What a read found. body: None where there is nothing, which is a 404. raw: whether the body goes out as it is.

    local: whether the agent answers by itself, and says nothing of the servers. headers: what the answer carries besides. null: whether
    nothing there is null, and no 404. streamed: whether the agent has it from a stream, and not from a query of its own. content_hash:
    what one may wait for a change of, in the place of the index. is_hash: whether the index is no count, and any other one is news.
    unasked: whether nobody was asked, since the token may not see the answer. silent: whether a 404 says nothing of the servers.
    kind: the Content-Type of a body that goes out as it is, without a word of the servers.
    """

    __slots__ = (
        *("body", "content_hash", "headers", "index", "is_hash", "kind", "local"),
        *("null", "raw", "silent", "streamed", "unasked"),
    )

    def __init__(
        self,
        index: int,
        body: Any,
        *,
        raw: bool = False,
        local: bool = False,
        headers: tuple[tuple[str, str], ...] = (),
        null: bool = False,
        streamed: bool = False,
        content_hash: str = "",
        is_hash: bool = False,
        unasked: bool = False,
        silent: bool = False,
        kind: str = "",
    ) -> None:
        self.index, self.body, self.raw, self.local, self.headers, self.null = index, body, raw, local, headers, null
        self.streamed, self.content_hash, self.is_hash = streamed, content_hash, is_hash
        self.unasked, self.silent, self.kind = unasked, silent, kind

    def is_news(self, minimum: int, content_hash: str) -> bool:
        """Whether this is what somebody waits for who has seen an index, or a hash where there is one."""
        if content_hash:
            return self.content_hash != content_hash
        return (self.index or 1) != minimum if self.is_hash else self.index > minimum


@dataclass(frozen=True, slots=True)
class Wrote:
    """An answer that is more than a value as JSON with status 200. body: bytes go out as they are.

    kind: its Content-Type, where it is not what Consul usually sends; "" for none. headers: what the answer carries besides.
    """

    body: Any
    status: int = 200
    kind: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Parked:
    """A blocking query whose answer is still to come: `response` is None until then.

    wake: called with nothing when the answer is there; whoever drives the simulator sets it.
    """

    __slots__ = ("_topics", "content_hash", "deadline", "minimum", "missed", "read", "response", "wake")

    def __init__(self, read: Callable[[], Found], minimum: int, deadline: float, topics: Iterable[Topic]) -> None:
        self.read, self.minimum, self.deadline = read, minimum, deadline
        self._topics: tuple[Hashable, ...] = tuple(topics)
        self.missed = False
        self.content_hash = ""
        self.response: Response | None = None
        self.wake: Callable[[], object] | None = None

    def is_news(self, found: Found) -> bool:
        """Whether this is what the query waits for."""
        return found.is_news(self.minimum, self.content_hash)

    @property
    def topics(self) -> tuple[Hashable, ...]:
        """What the query depends on."""
        return self._topics


#: What Go's encoder escapes in JSON, since a browser could read it as HTML or as a line's end.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


#: A value in JSON, but for what Go escapes.
encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Text(str):
    """JSON that is text already, but for what Go escapes."""

    __slots__ = ()


def written(value: object) -> bytes:
    """JSON as Go writes it, without the blanks."""
    text = value if isinstance(value, Text) else encoded(value)
    for character, escaped in _ESCAPED.items():
        if character in text:
            text = text.replace(character, escaped)
    return text.encode("utf-8", "replace")


_SEEN = {known: (("X-Consul-Knownleader", "true" if known else "false"), ("X-Consul-Lastcontact", "0")) for known in (True, False)}


def answer(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    """An answer with its length."""
    return Response(status, Headers.received((*headers, ("Vary", "Accept-Encoding"), ("Content-Length", str(len(body))))), body)


def text_of(path: str) -> str:
    """A percent-encoded path as text. Bytes that are not UTF-8 become U+FFFD, as in Consul's JSON."""
    return unquote_to_bytes(path).decode("utf-8", "replace") if "%" in path else path


def seen(*, known: bool = True) -> tuple[tuple[str, str], ...]:
    """What an answer says of the servers."""
    return _SEEN[known]
