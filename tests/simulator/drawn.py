"""Requests as Hypothesis draws them: few keys and few sessions, so that they meet."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from tests.simulator.differential import Ask


def mixed(*parts: st.SearchStrategy[Ask]) -> st.SearchStrategy[Ask]:
    """One of the parts, each as likely as another: `one_of` counts the parts of the parts."""
    return st.sampled_from(range(len(parts))).flatmap(parts.__getitem__)


def some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the members."""
    return st.fixed_dictionaries({}, optional=fields)


#: "{p}" is a prefix of the example's own: the lock delays of an earlier one do not reach it.
_KEYS = st.sampled_from(["{p}" + key for key in (*("a", "a/b", "lock") * 4, "a/b/c", "a/", "b", "ab", "%C3%BC", "a%20b", "x%3Cy")])
_PREFIXES = st.sampled_from(["{p}" + prefix for prefix in ("", "a", "a/", "a/b/", "b", "none/")])
_VALUES = st.sampled_from([b"", b"v", b"w", b"\xff\x00", b'{"a": 1}'])
_FLAGS = st.sampled_from(["0", "1", "42", "18446744073709551615", "-1", "18446744073709551616", "x", ""])
_SESSIONS = st.sampled_from(["{s0}", "{s0}", "{s1}", "{s2}"])
_CAS = st.sampled_from(["0", "1", "{i0}", "{i1}", "x"])

_PUT = st.builds(
    lambda key, value, more: Ask("PUT", f"/v1/kv/{key}", tuple(more), value),
    _KEYS,
    _VALUES,
    st.lists(
        st.one_of(
            st.tuples(st.just("flags"), _FLAGS),
            st.tuples(st.just("cas"), _CAS),
            st.tuples(st.just("acquire"), _SESSIONS),
            st.tuples(st.just("release"), _SESSIONS),
        ),
        max_size=2,
        unique_by=lambda pair: pair[0],
    ),
)

_READS = st.sampled_from(
    [
        (),
        (("recurse", None),),
        (("keys", None),),
        (("keys", None), ("separator", "/")),
        (("raw", None),),
        (("stale", None),),
        (("consistent", None),),
        (("stale", None), ("consistent", None)),
        (("index", "1"), ("wait", "1ms")),
        (("index", "{i0}"), ("wait", "1ms")),
        (("index", "x"),),
        (("index", "1"), ("wait", "soon")),
        (("dc", "elsewhere"),),
        (("ns", "x"),),
        (("recurse", None), ("index", "{i1}"), ("wait", "1ms")),
    ]
)

_GET = st.builds(
    lambda key, query, name: Ask("GET", f"/v1/kv/{key}", query, names=name),
    st.one_of(_KEYS, _PREFIXES),
    _READS,
    st.sampled_from(["", "i0", "i1"]),
)

_DELETE = st.builds(
    lambda key, query: Ask("DELETE", f"/v1/kv/{key}", query),
    st.one_of(_KEYS, _PREFIXES),
    st.sampled_from(
        [(), (), (("recurse", None),), (("cas", "0"),), (("cas", "{i0}"),), (("cas", "1"), ("recurse", None)), (("cas", "x"),)]
    ),
)

_CREATE = st.builds(
    lambda body, name: Ask("PUT", "/v1/session/create", (), None if body is None else json.dumps(body).encode(), names=name),
    st.sampled_from(
        [
            None,
            {},
            {"Name": "n", "LockDelay": "0s"},
            {"LockDelay": "0s", "Behavior": "delete"},
            {"lockdelay": 0, "TTL": "10s"},
            {"LockDelay": "0s", "TTL": "24h", "behavior": "release"},
            {"LockDelay": "15s"},
            {"LockDelay": 10},
            {"TTL": "9s"},
            {"TTL": "1"},
            {"TTL": "soon"},
            {"TTL": "25h"},
            {"Behavior": "keep"},
            {"Checks": []},
            {"NodeChecks": []},
            {"NodeChecks": ["serfHealth"]},
            {"Checks": ["nothing"]},
            {"Node": "nobody"},
        ]
    ),
    st.sampled_from(["s0", "s1", "s2"]),
)

_SESSION = mixed(
    _CREATE,
    st.builds(lambda what, session: Ask("PUT", f"/v1/session/{what}/{session}"), st.sampled_from(["destroy", "renew"]), _SESSIONS),
    st.builds(lambda session: Ask("GET", f"/v1/session/info/{session}"), _SESSIONS),
    st.sampled_from(
        [
            Ask("GET", "/v1/session/list"),
            Ask("GET", "/v1/session/node/test-node"),
            Ask("GET", "/v1/session/node/nobody"),
            Ask("GET", "/v1/session/info/"),
            Ask("GET", "/v1/session/node/"),
            Ask("PUT", "/v1/session/renew/"),
            Ask("PUT", "/v1/session/destroy/"),
            Ask("PUT", "/v1/session/destroy/short"),
            Ask("PUT", "/v1/session/renew/short"),
            Ask("GET", "/v1/session/info/short"),
            Ask("PUT", "/v1/session/create", (), b"{"),
            Ask("GET", "/v1/session/list", (("dc", "elsewhere"),)),
        ]
    ),
)

_VERBS = [
    *("set", "cas", "lock", "unlock", "get", "get-tree", "check-index", "check-session", "check-not-exists"),
    *("delete", "delete-tree", "delete-cas"),
]


def _operation(verb: str, key: str, value: bytes, index: int, session: str) -> dict[str, Any]:
    return {"KV": {"Verb": verb, "Key": key, "Value": b64encode(value).decode(), "Index": index, "Session": session}}


_TXN = st.builds(
    lambda operations: Ask("PUT", "/v1/txn", (), json.dumps(operations).encode()),
    st.lists(
        st.builds(
            _operation,
            st.sampled_from(_VERBS),
            st.sampled_from(["{p}a", "{p}a/b", "{p}a/", "{p}b", "{p}lock"]),
            _VALUES,
            st.sampled_from([0, 1]),
            _SESSIONS,
        ),
        max_size=4,
    ),
)

_OTHER = st.sampled_from(
    [
        Ask("PUT", "/v1/txn", (), b"{"),
        Ask("PUT", "/v1/txn", (), b""),
        Ask("GET", "/v1/txn"),
        Ask("POST", "/v1/kv/a"),
        Ask("HEAD", "/v1/kv/a"),
        Ask("PUT", "/v1/session/list"),
        Ask("GET", "/v1/kv/"),
        Ask("PUT", "/v1/kv/", (), b"v"),
        Ask("DELETE", "/v1/kv/"),
        Ask("GET", "/v1/kv/", (("ns", "x"),)),
        Ask("GET", "/v1/kv/", (("dc", "elsewhere"),)),
        Ask("GET", "/v1/nothing"),
        Ask("GET", "/v2"),
        Ask("GET", "/v1/kv"),
        Ask("GET", "/v1/session/info"),
        Ask("GET", "/v1/session/list/x"),
        Ask("GET", "/v1/txn/"),
        Ask("OPTIONS", "/v1/kv/a"),
        Ask("OPTIONS", "/v1/session/list"),
        Ask("PUT", "/v1/session/create", (("ns", "x"),)),
        Ask("PUT", "/v1/session/destroy/", (("ns", "x"),)),
        Ask("PUT", "/v1/kv/", (("ns", "x"), ("cas", "z"))),
        Ask("DELETE", "/v1/kv/", (("ns", "x"),)),
        Ask("GET", "/v1/kv/a", (("index", "0"), ("wait", "0"))),
        Ask("PUT", "/v1/kv/%252e%252e/a", (), b"v"),
        Ask("PUT", "/v1/kv/a%2F..", (), b"v"),
        Ask("PUT", "/v1/kv/a+b", (), b"v"),
        Ask("GET", "/v1/event/list", (("name", "nothing"),)),
        Ask("GET", "/v1/kv/a", (("stale", None), ("consistent", None), ("ns", "x"))),
        Ask("GET", "/v1/kv/a//b"),
        Ask("GET", "/v1/kv/a/../b"),
        Ask("GET", "/v1/kv/%2e%2e/b"),
        Ask("GET", "/v1/kv/a%0Ab"),
        Ask("GET", "/v1/kv/%20a"),
        Ask("PUT", "/v1/event/fire/deploy", (), b"x"),
        Ask("PUT", "/v1/event/fire/"),
        Ask("PUT", "/v1/event/fire/deploy", (("tag", "v"),), b"x"),
    ]
)

#: Sessions that there are: without them few locks are taken.
SESSIONS = [
    Ask("PUT", "/v1/session/create", (), b'{"LockDelay": "0s"}', names="s0"),
    Ask("PUT", "/v1/session/create", (), b'{"LockDelay": "0s", "Behavior": "delete"}', names="s1"),
]

#: What changes something, mostly.
WRITES = mixed(_PUT, _PUT, _DELETE, _CREATE, _TXN)

ASKS = mixed(_PUT, _PUT, _GET, _GET, _DELETE, _SESSION, _TXN, _OTHER)
