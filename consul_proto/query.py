"""Write options into a request: one row for each option that Consul reads from a query."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from consul_proto.durations import Duration, go_duration, seconds
from consul_proto.filters.expression import Filter
from consul_proto.message import Headers, QueryItem, Request
from consul_proto.paths import checked_text

#: "stale": any server may answer; "consistent": the leader asks a quorum first; "leader": the leader answers even if the agent
#: prefers stale reads; "default": as the agent is configured.
Consistency = Literal["default", "leader", "stale", "consistent"]

#: One name, or several.
Names: TypeAlias = str | Collection[str]


#: Consul blocks for 5 minutes if `wait` is not given, at most for 10, and adds up to a sixteenth of the wait.
#: https://developer.hashicorp.com/consul/api-docs/features/blocking
_WAIT_DEFAULT, _WAIT_CEILING, _WAIT_JITTER = 300.0, 600.0, 1 / 16

_UINT64 = 2**64


def uint64(name: str, value: object) -> str:
    """Return an unsigned 64-bit number as text. Raises ValueError, TypeError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 0 <= value < _UINT64:
        raise ValueError(f"{name} must be between 0 and 2**64 - 1, not {value}")
    return str(value)


def text(name: str, value: object) -> str:
    """Check a text for a query and return it. It will be percent-encoded. Raises ValueError for surrogates, TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return checked_text(value, name) if value else value


def nonempty(name: str, value: object) -> str:
    """Check a text for a query and return it. Raises ValueError if it is empty, since Consul would ignore it, and TypeError."""
    if not text(name, value):
        raise ValueError(f"{name} must not be empty")
    return str(value)


def line(name: str, value: object) -> str:
    """Check a name and return it. Raises ValueError if it is empty or contains control characters, TypeError."""
    if any(character < " " or character == "\x7f" for character in nonempty(name, value)):
        raise ValueError(f"{name} must not contain control characters: {value!r}")
    return str(value)


def _duration(_name: str, value: Any) -> str:
    return go_duration(value)


def _each(name: str, value: Any) -> list[str]:
    return [text(name, item) for item in ([value] if isinstance(value, str) else value)]


def _names(name: str, value: Any) -> list[str]:
    return [nonempty(name, item) for item in ([value] if isinstance(value, str) else value)]


def _pairs(name: str, value: Any) -> list[str]:
    return [f"{nonempty(name, key)}:{text(name, item)}" for key, item in value.items()]


def _filter(name: str, value: Any) -> str:
    return text(name, str(value) if isinstance(value, Filter) else value)


def _flag(_name: str, value: Any) -> list[None]:
    return [None] if value else []


def _truth(_name: str, value: Any) -> str:
    return "true" if value else "false"


#: Option -> its name in the query, and how its value is written: a text, or one text (None: a bare flag) for each occurrence.
QUERY: dict[str, tuple[str, Callable[[str, Any], str | list[str] | list[None]]]] = {
    "acquire": ("acquire", nonempty),
    "address": ("address", nonempty),
    "authmethod": ("authmethod", nonempty),
    "authmethod_ns": ("authmethod-ns", nonempty),
    "by": ("by", nonempty),
    "cached": ("cached", _flag),
    "cas": ("cas", uint64),
    "compile_dc": ("compile-dc", nonempty),
    "connect": ("connect", _truth),
    "datacenter": ("dc", nonempty),
    "destination": ("destination", nonempty),
    "enable": ("enable", _truth),
    "expanded": ("expanded", _flag),
    "filter": ("filter", _filter),
    "flags": ("flags", uint64),
    "global_": ("global", _flag),
    "hash": ("hash", nonempty),
    "id": ("id", nonempty),
    "index": ("index", uint64),
    "keys": ("keys", _flag),
    "kind": ("kind", text),
    "limit": ("limit", lambda _name, value: str(value)),
    "local_only": ("local-only", _truth),
    "log_json": ("logjson", _flag),
    "log_level": ("loglevel", nonempty),
    "max_stale": ("max_stale", _duration),
    "merge_central_config": ("merge-central-config", _flag),
    "message": ("message", text),
    "name": ("name", _names),
    "namespace": ("ns", nonempty),
    "near": ("near", nonempty),
    "node": ("node", nonempty),
    "node_meta": ("node-meta", _pairs),
    "note": ("note", text),
    "partition": ("partition", nonempty),
    "passing": ("passing", _truth),
    "peer": ("peer", nonempty),
    "pem": ("pem", _truth),
    "policy": ("policy", nonempty),
    "prune": ("prune", _flag),
    "reason": ("reason", text),
    "recurse": ("recurse", _flag),
    "relay_factor": ("relay-factor", uint64),
    "release": ("release", nonempty),
    "replace_existing_checks": ("replace-existing-checks", _flag),
    "role": ("role", nonempty),
    "sameness_group": ("sg", nonempty),
    "segment": ("segment", nonempty),
    "send_report": ("send_report", _truth),
    "separator": ("separator", nonempty),
    "service": ("service", nonempty),
    "servicename": ("servicename", nonempty),
    "signed": ("signed", _flag),
    "source": ("source", nonempty),
    "source_type": ("source-type", nonempty),
    "tag": ("tag", _each),
    "today_only": ("today_only", _truth),
    "wait": ("wait", _duration),
    "wan": ("wan", lambda _name, value: ["1"] if value else []),
}

_CACHE_CONTROL = {"max_age": "max-age", "stale_if_error": "stale-if-error"}

_CONSISTENCIES = frozenset({"default", "leader", "stale", "consistent"})


def consistency_flag(consistency: str) -> tuple[QueryItem, ...]:
    """Return the query of a consistency mode. Raises ValueError for an unknown one."""
    if consistency not in _CONSISTENCIES:
        raise ValueError(f"consistency must be 'default', 'leader', 'stale' or 'consistent', not {consistency!r}")
    return () if consistency == "default" else ((consistency, None),)


def query_of(options: Mapping[str, Any]) -> list[QueryItem]:
    """Return the query of these options; an option that is None is not sent. Raises ValueError, TypeError."""
    query: list[QueryItem] = []
    for option, value in options.items():
        if value is None or option in _CACHE_CONTROL:
            continue
        if option == "consistency":
            query += consistency_flag(value)
            continue
        name, write = QUERY[option]
        written = write(option, value)
        query += [(name, written)] if isinstance(written, str) else [(name, item) for item in written]
    return query


def cache_control(options: Mapping[str, Any]) -> Headers:
    """Return the Cache-Control header for answers of the agent's cache. Raises ValueError, TypeError."""
    directives = []
    for option, directive in _CACHE_CONTROL.items():
        if options.get(option) is not None:
            age = seconds(options[option])
            if age != int(age):
                raise ValueError(f"{option} must be a whole number of seconds, not {options[option]!r}")
            directives.append(f"{directive}={int(age)}")
    return Headers([("Cache-Control", ", ".join(directives))] if directives else ())


def wait_of(options: Mapping[str, Any]) -> float:
    """Return for how many seconds Consul may block; 0 if these options do not ask for blocking."""
    if not (options.get("index") or options.get("hash")):
        return 0.0
    wait = options.get("wait")
    longest = _WAIT_DEFAULT if wait is None else min(seconds(wait), _WAIT_CEILING) or _WAIT_DEFAULT
    return longest * (1 + _WAIT_JITTER)


#: What a blocking query waits for. "index": an X-Consul-Index above the given one. "event": an X-Consul-Index that differs, since it is
#: a hash. "hash": an X-Consul-ContentHash that differs.
Blocks: TypeAlias = Literal["index", "event", "hash"]

#: The parameters that make a read a blocking query.
_BLOCKING = frozenset({"index", "hash", "wait"})


def blocking_request(
    name: str,
    request: Request,
    blocks: Blocks | None,
    index: int | None,
    hash: str | None,  # noqa: A002 - Consul's own word
    wait: Duration | None,
) -> Request:
    """Return the blocking form of a read. Raises ValueError if it cannot block, TypeError for a wrong `index` or `hash`."""
    if blocks is None:
        raise ValueError(f"{name} does not block: Consul answers it at once; call it without blocking()")
    needed, other = ("hash", index) if blocks == "hash" else ("index", hash)
    given = {"index": index, "hash": hash, "wait": wait}
    if other is not None or given[needed] is None:
        header = "X-Consul-ContentHash" if needed == "hash" else "X-Consul-Index"
        raise TypeError(f"{name} blocks on {needed}=, the {header} of an earlier answer: give this one, and not the other")
    query = [(option, value) for option, value in request.query if option not in _BLOCKING]
    return replace(request, query=(*query, *query_of(given)), wait=wait_of(given))
