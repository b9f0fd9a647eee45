"""Strategies for what calls are given: each of these Consul accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, cast

from hypothesis import strategies as st

from consul_proto.paths import cleaned

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from consul_proto.codec import Value

#: Consul's own limit is 512 KB: https://developer.hashicorp.com/consul/api-docs/kv
_LONG = 64

_NAME = r"[a-z](?:[a-z0-9-]{0,14}[a-z0-9])?"

#: https://developer.hashicorp.com/consul/api-docs/agent/service#meta
_META = st.dictionaries(
    st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True).filter(lambda key: not key.startswith("consul-")),
    st.text("abcäß 1", max_size=8),
    max_size=3,
)


class ServiceArguments(TypedDict):
    """What `agent.service.register` is given."""

    name: str
    service_id: NotRequired[str]
    address: NotRequired[str]
    port: NotRequired[int]
    tags: NotRequired[list[str]]
    ttl: NotRequired[str]
    meta: NotRequired[dict[str, str]]


class CheckArguments(TypedDict):
    """What `agent.check.register` is given."""

    name: str
    check_id: NotRequired[str]
    ttl: NotRequired[str]
    http: NotRequired[str]
    tcp: NotRequired[str]
    interval: NotRequired[str]
    notes: NotRequired[str]
    status: NotRequired[str]


class SessionArguments(TypedDict):
    """What `session.create` is given."""

    name: NotRequired[str]
    behavior: NotRequired[Literal["release", "delete"]]
    delay: NotRequired[int]
    ttl: NotRequired[int]


#: Consul reads a plus in a path as a blank, and takes no key that begins or ends with one.
_BLANK = " +"


def _is_key(text: str) -> bool:
    return text.isprintable() and cleaned(text) == text.strip("/") and "//" not in text and text.strip(_BLANK) == text


# Composite, so that Hypothesis shows the key, and not how it was made.
@st.composite
def _keys(draw: st.DrawFn, prefix: str) -> str:
    parts = st.from_regex(r"[a-c]{1,3}", fullmatch=True) | st.text("aé%?#&+ \u20ac.~", min_size=1, max_size=4)
    path = "/".join(draw(st.lists(parts, min_size=1, max_size=3))) + draw(st.sampled_from(("", "/")))
    return prefix + path


def keys(prefix: str = "") -> SearchStrategy[str]:
    """Keys, from "a" over "a/b/" to what a URL must escape. prefix: what all of them begin with."""
    return _keys(prefix).filter(_is_key)


def values() -> SearchStrategy[Value]:
    """Values as calls take them: text, bytes, None, and what becomes JSON."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=_LONG)
    nested: SearchStrategy[Value] = st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6
    )
    return st.text(max_size=_LONG) | st.binary(max_size=_LONG) | nested


def flags() -> SearchStrategy[int]:
    """Flags of a key: 64 bits."""
    return st.integers(0, 2**64 - 1)


def names() -> SearchStrategy[str]:
    """Names of services, checks, nodes and sessions, fit for DNS."""
    return st.from_regex(_NAME, fullmatch=True)


def services(name: SearchStrategy[str] | None = None) -> SearchStrategy[ServiceArguments]:
    """Arguments of `agent.service.register`. name: of the service; `names()` where it is None."""
    given = st.fixed_dictionaries(
        {"name": names() if name is None else name},
        optional={
            "service_id": names(),
            "address": st.ip_addresses(network="10.0.0.0/8").map(str) | names(),  # 0.0.0.0 is refused
            "port": st.integers(1, 65535),
            "tags": st.lists(names(), max_size=3, unique=True),
            "ttl": _seconds(1, 3600),
            "meta": _META,
        },
    )
    return cast("SearchStrategy[ServiceArguments]", given)


def checks(name: SearchStrategy[str] | None = None) -> SearchStrategy[CheckArguments]:
    """Arguments of `agent.check.register`: TTL, HTTP and TCP checks. name: of the check; `names()` where it is None."""
    common = {"check_id": names(), "notes": st.text("abc é", max_size=10), "status": st.sampled_from(("passing", "warning", "critical"))}
    known = {"name": names() if name is None else name}
    every = _seconds(1, 3600)
    url, address = names().map(lambda host: f"http://{host}.example/health"), st.integers(1, 65535).map(lambda port: f"127.0.0.1:{port}")
    kinds: list[SearchStrategy[Any]] = [
        st.fixed_dictionaries({**known, "ttl": every}, optional=common),
        st.fixed_dictionaries({**known, "http": url, "interval": every}, optional=common),
        st.fixed_dictionaries({**known, "tcp": address, "interval": every}, optional=common),
    ]
    return cast("SearchStrategy[CheckArguments]", st.one_of(kinds))


def sessions() -> SearchStrategy[SessionArguments]:
    """Arguments of `session.create`. Durations are seconds: a TTL from 10 to 86,400, a lock delay from 0 to 60."""
    given = st.fixed_dictionaries(
        {},
        optional={
            "name": names(),
            "behavior": st.sampled_from(("release", "delete")),
            "delay": st.integers(0, 60),
            "ttl": st.integers(10, 60) | st.integers(10, 86400),
        },
    )
    return cast("SearchStrategy[SessionArguments]", given)


def _seconds(least: int, most: int) -> SearchStrategy[str]:
    return st.integers(least, most).map(lambda seconds: f"{seconds}s")
