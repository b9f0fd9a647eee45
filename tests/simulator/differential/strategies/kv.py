"""Random calls for keys, sessions and transactions. There are few keys and sessions, so that calls affect each other."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call


def choose(*parts: st.SearchStrategy[Call]) -> st.SearchStrategy[Call]:
    """Choose one of the parts, all with the same probability; `one_of` counts the parts of the parts."""
    return st.sampled_from(range(len(parts))).flatmap(parts.__getitem__)


def some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Choose some of the members."""
    return st.fixed_dictionaries({}, optional=fields)


#: "{p}" is a prefix for each example, so that lock delays of earlier ones do not matter.
_KEYS = st.sampled_from(["{p}" + key for key in (*("a", "a/b", "lock") * 4, "a/b/c", "a/", "b", "ab", "%C3%BC", "a%20b", "x%3Cy", "a+")])
_PREFIXES = st.sampled_from(["{p}" + prefix for prefix in ("", "a", "a/", "a/b/", "b", "none/")])
_VALUES = st.sampled_from([b"", b"v", b"w", b"\xff\x00", b'{"a": 1}'])
_FLAGS = st.sampled_from(["0", "1", "42", "18446744073709551615", "-1", "18446744073709551616", "x", ""])
_SESSIONS = st.sampled_from(["{s0}", "{s0}", "{s1}", "{s2}"])
_CAS = st.sampled_from(["0", "1", "{i0}", "{i1}", "x"])

_PUT = st.builds(
    lambda key, value, more: Call("PUT", f"/v1/kv/{key}", tuple(more), value),
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
    lambda key, query, name: Call("GET", f"/v1/kv/{key}", query, names=name),
    st.one_of(_KEYS, _PREFIXES),
    _READS,
    st.sampled_from(["", "i0", "i1"]),
)

_DELETE = st.builds(
    lambda key, query: Call("DELETE", f"/v1/kv/{key}", query),
    st.one_of(_KEYS, _PREFIXES),
    st.sampled_from(
        [(), (), (("recurse", None),), (("cas", "0"),), (("cas", "{i0}"),), (("cas", "1"), ("recurse", None)), (("cas", "x"),)]
    ),
)

_CREATE = st.builds(
    lambda body, name: Call("PUT", "/v1/session/create", (), None if body is None else json.dumps(body).encode(), names=name),
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

_SESSION = choose(
    _CREATE,
    st.builds(lambda what, session: Call("PUT", f"/v1/session/{what}/{session}"), st.sampled_from(["destroy", "renew"]), _SESSIONS),
    st.builds(lambda session: Call("GET", f"/v1/session/info/{session}"), _SESSIONS),
    st.sampled_from(
        [
            Call("GET", "/v1/session/list"),
            Call("GET", "/v1/session/node/test-node"),
            Call("GET", "/v1/session/node/nobody"),
            Call("GET", "/v1/session/info/"),
            Call("GET", "/v1/session/node/"),
            Call("PUT", "/v1/session/renew/"),
            Call("PUT", "/v1/session/destroy/"),
            Call("PUT", "/v1/session/destroy/short"),
            Call("PUT", "/v1/session/renew/short"),
            Call("GET", "/v1/session/info/short"),
            Call("PUT", "/v1/session/create", (), b"{"),
            Call("GET", "/v1/session/list", (("dc", "elsewhere"),)),
        ]
    ),
)

_VERBS = [
    *("set", "cas", "lock", "unlock", "get", "get-or-empty", "get-tree", "check-index", "check-session", "check-not-exists"),
    *("delete", "delete-tree", "delete-cas", "nothing"),
]


def _operation(verb: str, key: str, value: bytes, index: int, session: str) -> dict[str, Any]:
    if verb == "delete-tree":
        key = key or "{p}"  # 1.8.7 does not survive the end of all keys in a transaction
    return {"KV": {"Verb": verb, "Key": key, "Value": b64encode(value).decode(), "Index": index, "Session": session}}


_TXN = st.builds(
    lambda operations: Call("PUT", "/v1/txn", (), json.dumps(operations).encode()),
    st.lists(
        st.builds(
            _operation,
            st.sampled_from(_VERBS),
            st.sampled_from([*("{p}a", "{p}a/b", "{p}a/", "{p}b", "{p}lock") * 3, ""]),
            _VALUES,
            st.sampled_from([0, 1]),
            _SESSIONS,
        ),
        max_size=4,
    ),
)

_OTHER = st.sampled_from(
    [
        Call("PUT", "/v1/txn", (), b"{"),
        Call("PUT", "/v1/txn", (), b""),
        Call("GET", "/v1/txn"),
        Call("POST", "/v1/kv/a"),
        Call("HEAD", "/v1/kv/a"),
        Call("PUT", "/v1/session/list"),
        Call("GET", "/v1/kv/"),
        Call("PUT", "/v1/kv/", (), b"v"),
        Call("DELETE", "/v1/kv/"),
        Call("GET", "/v1/kv/", (("ns", "x"),)),
        Call("GET", "/v1/kv/", (("dc", "elsewhere"),)),
        Call("GET", "/v1/nothing"),
        Call("GET", "/v2"),
        Call("GET", "/v1/kv"),
        Call("GET", "/v1/session/info"),
        Call("GET", "/v1/session/list/x"),
        Call("GET", "/v1/txn/"),
        Call("OPTIONS", "/v1/kv/a"),
        Call("OPTIONS", "/v1/session/list"),
        Call("PUT", "/v1/session/create", (("ns", "x"),)),
        Call("PUT", "/v1/session/destroy/", (("ns", "x"),)),
        Call("PUT", "/v1/kv/", (("ns", "x"), ("cas", "z"))),
        Call("DELETE", "/v1/kv/", (("ns", "x"),)),
        Call("GET", "/v1/kv/a", (("index", "0"), ("wait", "0"))),
        Call("PUT", "/v1/kv/%252e%252e/a", (), b"v"),
        Call("PUT", "/v1/kv/a%2F..", (), b"v"),
        Call("PUT", "/v1/kv/a+b", (), b"v"),
        Call("PUT", "/v1/kv/+a", (), b"v"),
        Call("PUT", "/v1/kv/%2B", (), b"v"),
        Call("PUT", "/v1/kv/a%252F..%252F..%252Fb", (), b"v"),
        Call("GET", "/v1/event/list", (("name", "nothing"),)),
        Call("GET", "/v1/kv/a", (("stale", None), ("consistent", None), ("ns", "x"))),
        Call("GET", "/v1/kv/a//b"),
        Call("GET", "/v1/kv/a/../b"),
        Call("GET", "/v1/kv/%2e%2e/b"),
        Call("GET", "/v1/kv/a%0Ab"),
        Call("GET", "/v1/kv/%20a"),
        Call("PUT", "/v1/event/fire/deploy", (), b"x"),
        Call("PUT", "/v1/event/fire/"),
        Call("PUT", "/v1/event/fire/deploy", (("tag", "v"),), b"x"),
    ]
)

#: Existing sessions: without them, few locks are taken.
SESSIONS = [
    Call("PUT", "/v1/session/create", (), b'{"LockDelay": "0s"}', names="s0"),
    Call("PUT", "/v1/session/create", (), b'{"LockDelay": "0s", "Behavior": "delete"}', names="s1"),
]

#: Mostly calls that change something.
WRITES = choose(_PUT, _PUT, _DELETE, _CREATE, _TXN)

CALLS = choose(_PUT, _PUT, _GET, _GET, _DELETE, _SESSION, _TXN, _OTHER)
