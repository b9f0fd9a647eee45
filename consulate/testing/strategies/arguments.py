"""Strategies for the arguments of calls. Consul accepts all of them."""

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
    """The arguments of `agent.service.register`."""

    name: str
    service_id: NotRequired[str]
    address: NotRequired[str]
    port: NotRequired[int]
    tags: NotRequired[list[str]]
    ttl: NotRequired[str]
    meta: NotRequired[dict[str, str]]


class CheckArguments(TypedDict):
    """The arguments of `agent.check.register`."""

    name: str
    check_id: NotRequired[str]
    ttl: NotRequired[str]
    http: NotRequired[str]
    tcp: NotRequired[str]
    interval: NotRequired[str]
    notes: NotRequired[str]
    status: NotRequired[str]


class SessionArguments(TypedDict):
    """The arguments of `session.create`."""

    name: NotRequired[str]
    behavior: NotRequired[Literal["release", "delete"]]
    delay: NotRequired[int]
    ttl: NotRequired[int]


#: Consul reads a plus in a path as a space, and accepts no key that begins or ends with a space.
_BLANK = " +"


def _is_key(text: str) -> bool:
    return text.isprintable() and cleaned(text) == text.strip("/") and "//" not in text and text.strip(_BLANK) == text


# A composite, so that Hypothesis shows the key itself.
@st.composite
def _keys(draw: st.DrawFn, prefix: str) -> str:
    parts = st.from_regex(r"[a-c]{1,3}", fullmatch=True) | st.text("aé%?#&+ \u20ac.~", min_size=1, max_size=4)
    path = "/".join(draw(st.lists(parts, min_size=1, max_size=3))) + draw(st.sampled_from(("", "/")))
    return prefix + path


def keys(prefix: str = "") -> SearchStrategy[str]:
    """Return a strategy for keys, also with slashes and with characters that a URL must escape. prefix: all keys begin with it."""
    return _keys(prefix).filter(_is_key)


def values() -> SearchStrategy[Value]:
    """Return a strategy for values of keys: text, bytes, None, and values that are stored as JSON."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=_LONG)
    nested: SearchStrategy[Value] = st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6
    )
    return st.text(max_size=_LONG) | st.binary(max_size=_LONG) | nested


def flags() -> SearchStrategy[int]:
    """Return a strategy for the flags of a key, which have 64 bits."""
    return st.integers(0, 2**64 - 1)


def names() -> SearchStrategy[str]:
    """Return a strategy for names of services, checks, nodes and sessions. They are valid in DNS."""
    return st.from_regex(_NAME, fullmatch=True)


def services(name: SearchStrategy[str] | None = None) -> SearchStrategy[ServiceArguments]:
    """Return a strategy for arguments of `agent.service.register`. name: for the name of the service; None: `names()`."""
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
    """Return a strategy for arguments of `agent.check.register`: TTL, HTTP and TCP checks. name: for the check's name; None: `names()`."""
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
    """Return a strategy for arguments of `session.create`. TTLs are 10 to 86,400 seconds, lock delays 0 to 60 seconds."""
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
