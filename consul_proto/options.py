"""Options that many calls share, each handled once: its type for the checkers, and one row in the table that puts it on the wire.

https://developer.hashicorp.com/consul/api-docs/features (consistency, blocking, caching, filtering)
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from consul_proto.durations import go_duration, seconds
from consul_proto.message import Headers, QueryItem, Request, check_header
from consul_proto.operation import OK, Operation

if TYPE_CHECKING:
    from consul_proto.message import Response
    from consul_proto.stream import Stream

T = TypeVar("T")

#: "stale": any server may answer; "consistent": the leader asks a quorum first; "leader": the leader answers even where the agent
#: prefers stale reads; "default": as the agent is configured.
Consistency = Literal["default", "leader", "stale", "consistent"]

#: One name, or several.
Names: TypeAlias = str | Collection[str]


#: Consul blocks for 5 minutes where `wait` is not given, 10 at most, and adds up to a sixteenth.
#: https://developer.hashicorp.com/consul/api-docs/features/blocking
_WAIT_DEFAULT, _WAIT_CEILING, _WAIT_JITTER = 300.0, 600.0, 1 / 16

_UINT64 = 2**64


def uint64(name: str, value: object) -> str:
    """Return an unsigned 64-bit number as text. Raises ValueError, TypeError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is an int, not {type(value).__name__}")
    if not 0 <= value < _UINT64:
        raise ValueError(f"{name} lies between 0 and 2**64 - 1: {value}")
    return str(value)


def line(name: str, value: object) -> str:
    """Return a text that fits in a query. Raises ValueError where it is empty or has a control character, TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is a str, not {type(value).__name__}")
    if not value or any(character < " " or character == "\x7f" for character in value):
        raise ValueError(f"{name} must not be empty or have a line break or another control character: {value!r}")
    return value


def _duration(_name: str, value: Any) -> str:
    return go_duration(value)


def _each(name: str, value: Any) -> list[str]:
    return [line(name, item) for item in ([value] if isinstance(value, str) else value)]


def _pairs(name: str, value: Any) -> list[str]:
    return [f"{line(name, key)}:{item}" for key, item in value.items()]


def _flag(_name: str, value: Any) -> list[None]:
    return [None] if value else []


def _truth(_name: str, value: Any) -> str:
    return "true" if value else "false"


#: Option -> its name in the query, and how its value is written: a text, or one text (None: a bare flag) for each occurrence.
_QUERY: dict[str, tuple[str, Callable[[str, Any], str | list[str] | list[None]]]] = {
    "acquire": ("acquire", line),
    "cached": ("cached", _flag),
    "cas": ("cas", uint64),
    "datacenter": ("dc", line),
    "enable": ("enable", _truth),
    "filter": ("filter", line),
    "flags": ("flags", uint64),
    "hash": ("hash", line),
    "index": ("index", uint64),
    "keys": ("keys", _flag),
    "max_stale": ("max_stale", _duration),
    "merge_central_config": ("merge-central-config", _flag),
    "name": ("name", line),
    "namespace": ("ns", line),
    "near": ("near", line),
    "node": ("node", line),
    "node_meta": ("node-meta", _pairs),
    "note": ("note", line),
    "partition": ("partition", line),
    "passing": ("passing", _truth),
    "peer": ("peer", line),
    "prune": ("prune", _flag),
    "reason": ("reason", line),
    "recurse": ("recurse", _flag),
    "release": ("release", line),
    "replace_existing_checks": ("replace-existing-checks", _flag),
    "sameness_group": ("sg", line),
    "segment": ("segment", line),
    "separator": ("separator", line),
    "service": ("service", line),
    "tag": ("tag", _each),
    "wait": ("wait", _duration),
    "wan": ("wan", lambda _name, value: ["1"] if value else []),
}

_CACHE_CONTROL = {"max_age": "max-age", "stale_if_error": "stale-if-error"}

_CONSISTENCIES = frozenset({"default", "leader", "stale", "consistent"})


def consistency_flag(consistency: str) -> tuple[QueryItem, ...]:
    """Return the query of a consistency mode. Raises ValueError for an unknown one."""
    if consistency not in _CONSISTENCIES:
        raise ValueError(f"a consistency is 'default', 'leader', 'stale' or 'consistent', not {consistency!r}")
    return () if consistency == "default" else ((consistency, None),)


def _query(options: Mapping[str, Any]) -> list[QueryItem]:
    query: list[QueryItem] = []
    for option, value in options.items():
        if value is None or option in _CACHE_CONTROL:
            continue
        if option == "consistency":
            query += consistency_flag(value)
            continue
        name, write = _QUERY[option]
        written = write(option, value)
        query += [(name, written)] if isinstance(written, str) else [(name, item) for item in written]
    return query


def _cache_control(options: Mapping[str, Any]) -> Headers:
    directives = []
    for option, directive in _CACHE_CONTROL.items():
        if options.get(option) is not None:
            age = seconds(options[option])
            if age != int(age):
                raise ValueError(f"{option} is a whole number of seconds: {options[option]!r}")
            directives.append(f"{directive}={int(age)}")
    return Headers([("Cache-Control", ", ".join(directives))] if directives else ())


def _wait(options: Mapping[str, Any]) -> float:
    if not (options.get("index") or options.get("hash")):
        return 0.0
    wait = options.get("wait")
    longest = _WAIT_DEFAULT if wait is None else min(seconds(wait), _WAIT_CEILING) or _WAIT_DEFAULT
    return longest * (1 + _WAIT_JITTER)


def _defaults(options: Mapping[str, Any], defaults: Collection[str]) -> Collection[str]:
    given = [name for name in defaults if options.get(name) is not None]
    return defaults if not given else [name for name in defaults if name not in given]


#: What an endpoint obeys of a client's own settings.
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
    shown_path: str | None = None,
) -> Operation[T]:
    """Return a GET with these options; an option that is None is not sent."""
    if not options:
        return Operation(name, Request("GET", path, shown_path=shown_path), read, defaults, answers)
    if options.get("cached") and options.get("consistency") == "consistent":
        raise ValueError("cached=True and consistency='consistent' exclude each other")
    request = Request("GET", path, tuple(_query(options)), _cache_control(options), None, shown_path, _wait(options))
    return Operation(name, request, read, _defaults(options, defaults), answers)


def write_operation(
    name: str,
    path: str,
    read: Callable[[Response], T],
    options: Mapping[str, Any],
    *,
    body: bytes | None = None,
    method: str = "PUT",
    defaults: Collection[str] = SCOPE,
    answers: tuple[int, ...] = OK,
    shown_path: str | None = None,
) -> Operation[T]:
    """Return a PUT, POST or DELETE with these options; an option that is None is not sent."""
    request = Request(method, path, tuple(_query(options)), body=body, shown_path=shown_path)
    return Operation(name, request, read, _defaults(options, defaults), answers)


def json_body(members: Mapping[str, object]) -> bytes:
    """Return a JSON object as a request body, without the members that are None. Raises TypeError, ValueError."""
    return json.dumps({name: value for name, value in members.items() if value is not None}, allow_nan=False).encode()


#: A client's setting -> its name in the query.
_SETTING_NAMES = {"datacenter": "dc", "namespace": "ns", "partition": "partition"}

#: Settings that go into the body, under these names, where Consul does not read them from the query.
_BODY_MEMBERS = frozenset({"Datacenter", "Namespace", "Partition"})


def _with_member(body: bytes, name: str, setting: str) -> bytes:
    """Add a member to an object, or to each KV operation of a transaction, where it has none of this name."""
    written = json.loads(body)
    for members in [written] if isinstance(written, dict) else [one["KV"] for one in written if "KV" in one]:
        members.setdefault(name, setting)
    return json.dumps(written).encode()


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """What a client adds to each of its calls: identity, scope, consistency, and how long a call may take.

    token: sent as X-Consul-Token. headers: further headers of every call. concealed: further texts that no error may hold.
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

    #: Texts that no error may hold.
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
            raise ValueError(f"timeout is a number of seconds above 0, or None for no limit: {self.timeout!r}")

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
        """Return the request to send: the operation's own, with these settings where it obeys them."""
        request = operation.request
        if not self._adds:
            return request
        query, body, identity = request.query, request.body, self.identity
        for name in operation.defaults if self._changes else ():
            setting = getattr(self, name.lower())
            if setting is None or setting == "default":
                continue
            if name in _BODY_MEMBERS:
                body = _with_member(body or b"{}", name, setting)
            elif name != "consistency":
                query = (*query, (_SETTING_NAMES[name], setting))
            elif not (setting == "consistent" and ("cached", None) in query):
                query = (*query, *consistency_flag(setting))
        if query is request.query and body is request.body and not identity:
            return request
        headers = identity if not request.headers else Headers([*request.headers, *identity])
        return Request(request.method, request.path, query, headers, body, request.shown_path, request.wait)

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in ("datacenter", "namespace", "partition", "consistency", "timeout"))
        return f"<Settings {'token, ' if self.token else ''}{', '.join(shown)}>"
