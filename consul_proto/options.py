"""How endpoints build their operations, and the client's settings that are applied to each of them.

Endpoints build requests only with `read_operation`, `write_operation` and `read_stream`, so these decide how fast operations are built.

https://developer.hashicorp.com/consul/api-docs/features (consistency, blocking, caching, filtering)
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from consul_proto.frozen import dataclass
from consul_proto.message import Headers, Request, check_header
from consul_proto.operation import OK, Operation, T
from consul_proto.query import cache_control, consistency_flag, line, query_of, wait_of
from consul_proto.stream import E, Stream

if TYPE_CHECKING:
    from types import EllipsisType

    from consul_proto.failures import Explain
    from consul_proto.message import Response, StreamedBody
    from consul_proto.query import Blocks, Consistency
    from consul_proto.stream import Decoder


def _defaults(options: Mapping[str, Any], defaults: Collection[str]) -> Collection[str]:
    given = [name for name in defaults if options.get(name) is not None]
    return defaults if not given else [name for name in defaults if name not in given]


#: Which of a client's settings apply to an endpoint.
LOCAL = ("namespace", "partition")
SCOPE = ("datacenter", "namespace", "partition")
NODE_READ = ("datacenter", "partition", "consistency")
READ = ("datacenter", "namespace", "partition", "consistency")
NOTHING = ()


def read_operation(
    name: str,
    path: str,
    read: Callable[[Response], T],
    options: Mapping[str, Any],
    *,
    defaults: Collection[str] = READ,
    answers: tuple[int, ...] = OK,
    blocks: Blocks | None = "index",
    explain: Explain | None = None,
    shown_path: str | None = None,
    method: str = "GET",
    body: bytes | None = None,
) -> Operation[T]:
    """Return the operation of a GET, or of a POST that reads and can block.

    An option that is None is not sent. For the others, see `Operation` and `Request`.
    """
    if not options:
        return Operation(name, Request(method, path, body=body, shown_path=shown_path), read, defaults, answers, blocks, explain)
    if options.get("cached") and options.get("consistency") == "consistent":
        raise ValueError("cached=True and consistency='consistent' cannot be combined; leave one of them out")
    request = Request(method, path, tuple(query_of(options)), cache_control(options), body, shown_path, wait_of(options))
    return Operation(name, request, read, _defaults(options, defaults), answers, blocks, explain)


def read_stream(
    name: str,
    path: str,
    decoder: Callable[[], Decoder[E]],
    options: Mapping[str, Any],
    *,
    defaults: Collection[str],
    silence: float | EllipsisType | None = ...,
    is_empty: Callable[[Response], bool] | None = None,
) -> Stream[E]:
    """Return the stream of a GET. An option that is None is not sent. For the others, see `Stream`."""
    request = Request("GET", path, tuple(query_of(options)))
    return Stream(name, request, decoder, _defaults(options, defaults), silence=silence, is_empty=is_empty)


def write_operation(
    name: str,
    path: str,
    read: Callable[[Response], T],
    options: Mapping[str, Any],
    *,
    body: bytes | StreamedBody | None = None,
    method: str = "PUT",
    defaults: Collection[str] = SCOPE,
    answers: tuple[int, ...] = OK,
    explain: Explain | None = None,
    shown_path: str | None = None,
) -> Operation[T]:
    """Return the operation of a PUT, POST or DELETE. An option that is None is not sent. For the others, see `Operation` and `Request`."""
    if not options:
        return Operation(name, Request(method, path, body=body, shown_path=shown_path), read, defaults, answers, None, explain)
    request = Request(method, path, tuple(query_of(options)), body=body, shown_path=shown_path)
    return Operation(name, request, read, _defaults(options, defaults), answers, None, explain)


def json_text(name: str, value: object) -> str:
    """Return a value as JSON. name: its name in errors. Raises TypeError or ValueError if JSON cannot express it (a set, NaN, a cycle)."""
    try:
        return json.dumps(value, allow_nan=False)
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply for JSON") from None
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} cannot be written as JSON: {error}") from None


def json_body(members: Mapping[str, object]) -> bytes:
    """Return a JSON object as a request body, without the members that are None. Raises TypeError, ValueError."""
    written = [f"{json.dumps(name)}: {json_text(name, value)}" for name, value in members.items() if value is not None]
    return f"{{{', '.join(written)}}}".encode()


#: A client's setting -> its name in the query.
_SETTING_NAMES = {"datacenter": "dc", "namespace": "ns", "partition": "partition"}

#: Settings that go into the body, under these names, if Consul does not read them from the query.
_BODY_MEMBERS = frozenset({"Datacenter", "Namespace", "Partition"})


def _with_member(body: bytes | StreamedBody | None, name: str, setting: str) -> bytes:
    """Add a member to an object, or to each KV operation of a transaction, unless it has one of this name."""
    written = json.loads(body if isinstance(body, bytes) else b"{}")
    for members in [written] if isinstance(written, dict) else [one["KV"] for one in written if "KV" in one]:
        members.setdefault(name, setting)
    return json.dumps(written).encode()


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """What a client adds to each of its calls: identity, scope, consistency, and how long a call may take.

    token: sent as X-Consul-Token. headers: further headers of every call. concealed: further texts that no error may contain.
    timeout: seconds for a whole call, None for no limit.
    """

    token: str | None = None
    datacenter: str | None = None
    namespace: str | None = None
    partition: str | None = None
    consistency: Consistency = "default"
    timeout: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    concealed: tuple[str, ...] = ()

    #: The headers that every call carries.
    identity: Headers = field(init=False, compare=False)

    #: Texts that no error may contain.
    secrets: tuple[str, ...] = field(init=False, compare=False)

    #: Whether there is anything to add to a request's query or body, and whether there is anything to add at all.
    _changes: bool = field(init=False, compare=False)
    _adds: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        own = () if self.token is None else (("X-Consul-Token", self.token),)
        for name, value in (*own, *self.headers):
            check_header(name, value)
        object.__setattr__(self, "identity", Headers((*own, *self.headers)))
        object.__setattr__(self, "secrets", tuple(self._secrets()))
        scoped = any(getattr(self, name) is not None for name in _SETTING_NAMES)
        object.__setattr__(self, "_changes", scoped or self.consistency != "default")
        object.__setattr__(self, "_adds", self._changes or bool(self.identity))
        consistency_flag(self.consistency)
        for name in _SETTING_NAMES:
            if getattr(self, name) is not None:
                line(name, getattr(self, name))
        if self.timeout is not None and not self.timeout > 0:
            raise ValueError(f"timeout must be a number of seconds above 0, or None for no limit, not {self.timeout!r}")

    def _secrets(self) -> Iterator[str]:
        yield from self.concealed
        if self.token:
            yield self.token
        for name, value in self.headers:
            if name.lower() == "authorization":
                scheme, _, credentials = value.partition(" ")
                yield credentials
                if scheme == "Basic":
                    yield a2b_base64(credentials).decode("utf-8", "replace").partition(":")[2] or credentials

    def apply(self, operation: Operation[Any] | Stream[Any]) -> Request:
        """Return the request to send: the operation's own, with those settings that apply to it. Its own token replaces the client's."""
        request, token = operation.request, operation.token
        if not self._adds and token is None:
            return request
        query, body, identity = request.query, request.body, self.identity
        if token is not None:
            identity = Headers((("X-Consul-Token", token), *self.headers))
        for name in operation.defaults if self._changes else ():
            setting = getattr(self, name.lower())
            if setting is None or setting == "default":
                continue
            if name in _BODY_MEMBERS:
                body = _with_member(body, name, setting)
            elif name != "consistency":
                query = (*query, (_SETTING_NAMES[name], setting))
            elif not (setting == "consistent" and ("cached", None) in query):
                query = (*query, *consistency_flag(setting))
        if query is request.query and body is request.body and not identity:
            return request
        headers = identity if not request.headers else Headers([*request.headers, *identity])
        return request.changed(query, headers, body)

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in ("datacenter", "namespace", "partition", "consistency", "timeout"))
        return f"<Settings {'token, ' if self.token else ''}{', '.join(shown)}>"
