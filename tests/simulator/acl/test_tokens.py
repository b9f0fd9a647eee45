"""What once differed where ACLs are written, and where is asked what they allow: by its name, asked of a simulator and a real agent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.simulator.acl.test_rights import ABSENT, PUBLIC_KEY
from tests.simulator.differential.calls import LOST, NOBODY, ONE, Call, by, delete, get, post, put, with_rules
from tests.simulator.differential.comparison import Sides

_TOKEN, _EXPIRES = "/v1/acl/token", "ExpirationTime"
_NO_DATES: tuple[Any, ...] = (
    *("", "x", "2100", "2100-01-01", "2100-13-01T00:00:00Z", "2100-00-01T00:00:00Z", "2100-02-29T00:00:00Z", "2100-01-00T00:00:00Z"),
    *(f"2100-01-01{rest}" for rest in (" 00:00:00Z", "T24:00:00Z", "T00:60:00Z", "T00:00:60Z", "T00:00Z", "T00:00:0Z", "t00:00:00Z")),
    *(f"2100-01-01T00:00:00{rest}" for rest in ("", ".Z", "z", "Zx", "+0200", "*02:00", "+0x:00", "+00:0x", "+02:00:00")),
    *("210-01-01T00:00:00Z", "2x00-01-01T00:00:00Z", "2100-1-01T00:00:00Z", "2100-01-1T00:00:00Z", '2"00-01-01T00:00:00Z', "<&>"),
    *(5, 1.5, True, [], {}),
)
_PAST = ("1960-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1960-01-01T0:00:00.5+02:00", "1960-02-29T00:00:00.000000000001+02:60")
#: What 1.8 reads otherwise than newer agents; each refuses it, or it lies in the past.
_OLD_DATES = ("1960-01-01T00:00:00,5Z", "1960-01-01T00:00:00+25:00", "1960-01-01T00:00:00+00:61", f"1960-01-01T00:00:00.{'9' * 23}Z")
_AUTHORIZES, _KEY = "/v1/internal/acl/authorize", {"Resource": "key", "Access": "read", "Segment": "a"}
_ELSEWHERE = (("dc", "elsewhere"),)
_JWT = {"Type": "jwt", "Config": {"JWTValidationPubKeys": [PUBLIC_KEY], "BoundIssuer": "me"}}
#: What is written by its id, and a body of it.
_WRITTEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("policy", {"Name": "pol0"}),
    ("role", {"Name": "role0"}),
    ("token", {"Description": "one"}),
    ("binding-rule", {"AuthMethod": "nothing"}),
    ("auth-method", {**_JWT, "Name": "jwt"}),
)

CASES = {
    "a token is given a date at which it expires": [
        *(put(_TOKEN, {_EXPIRES: at}) for at in (*_PAST, *_OLD_DATES)),
        *(put(_TOKEN, {_EXPIRES: _PAST[0], "ExpirationTTL": ttl}) for ttl in ("1h", "1s", "-1h")),
        put(_TOKEN, {_EXPIRES: _PAST[0], "AuthMethod": "x"}),
        *(put(_TOKEN, {"ExpirationTTL": ttl, "AuthMethod": "x"}) for ttl in ("1h", "1s", "-1h")),
        put(_TOKEN, {_EXPIRES: _PAST[0], "SecretID": "x"}),
        put(_TOKEN, {_EXPIRES: _PAST[0], "Policies": [{"Name": "nothing"}]}),
        put(_TOKEN, {_EXPIRES: "9999-12-31T23:59:59Z"}),
        put(_TOKEN, {_EXPIRES: "0001-01-01T00:00:00Z", "ExpirationTTL": "1h"}),
        put(_TOKEN, {_EXPIRES: None}),
        *by(put(_TOKEN, {_EXPIRES: _PAST[0]}), NOBODY, LOST),
    ],
    "a date of a token that is none": [
        *(put(_TOKEN, {name: at}) for name in (_EXPIRES, "CreateTime") for at in _NO_DATES),
        *(put(_TOKEN, body) for body in ({"SecretID": 5, "expirationtime": "x"}, {"Nope": 5, _EXPIRES: "x"}, {_EXPIRES: "x", "Nope": 5})),
        *(put(_TOKEN, body) for body in ({_EXPIRES: "x", "CreateTime": "y"}, {"ExpirationTTL": "x", _EXPIRES: "y"})),
        Call("PUT", _TOKEN, body=b'{"ExpirationTime": "x", "SecretID": }'),
        Call("PUT", _TOKEN, body='{"ExpirationTime": "\u00e9\\t"} x'.encode()),
        *by(put(_TOKEN, {_EXPIRES: "x"}), NOBODY, LOST),
    ],
    "when a token expires does not change": [
        put(_TOKEN, {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": "1h"}),
        put(_TOKEN, {"AccessorID": "{t1}", "SecretID": "{x1}", _EXPIRES: "0001-01-01T00:00:00Z"}),
        *(
            call
            for token in ("{t0}", "{t1}")
            for at in ("0001-01-01T00:00:00Z", *_PAST, "x", None)
            for call in (put(f"{_TOKEN}/{token}", {_EXPIRES: at}), get(f"{_TOKEN}/{token}"))
        ),
        put(f"{_TOKEN}/{{t0}}", {"ExpirationTTL": "1h"}),
        *(put(f"{_TOKEN}/{{t0}}/clone", {_EXPIRES: at, "ExpirationTTL": "1m"}) for at in (_PAST[0], "x")),
        put(f"{_TOKEN}/{{t1}}/clone", {}),
    ],
    "what is put without an id is made": [
        *(
            call
            for what, body in _WRITTEN
            for call in (
                *(put(f"/v1/acl/{what}/", one) for one in (body, {})),
                *(put(f"/v1/acl/{what}{end}", {**body, "ID": "x"}) for end in ("/", "", "/x") if what not in ("token", "auth-method")),
                *by(put(f"/v1/acl/{what}/", body), NOBODY, LOST),
                put(f"/v1/acl/{what}/", body, *_ELSEWHERE),
            )
        ),
        put(f"{_TOKEN}/", {"AccessorID": "x"}),
        put(f"{_TOKEN}/", {"AccessorID": "", "SecretID": "{x1}"}),
        put(f"{_TOKEN}/", {"SecretID": "{x1}"}),
        delete("/v1/acl/auth-method/jwt"),
    ],
    "an auth method is put by its name, whether it is there or not": [
        *(put("/v1/acl/auth-method/jwt", {**_JWT, **more}) for more in ({}, {"Name": "jwt"}, {"Name": ""}, {"Name": "x"})),
        delete("/v1/acl/auth-method/jwt"),
    ],
    "a clone of what is no id": [
        *(put(f"{_TOKEN}/{token}/clone", {}) for token in ("short", f"{ABSENT}1", ABSENT)),
        *by(put(f"{_TOKEN}/short/clone", {}), NOBODY, LOST),
    ],
    "who asks what a token may do is known first, and does not ask too much": [
        *(
            replace(call, query=query)
            for what in ([], [_KEY], [{"Resource": "x"}], [_KEY, {"Resource": "x"}], [_KEY] * 64, [_KEY] * 65, [{"Resource": "x"}] * 65)
            for query in ((), _ELSEWHERE)
            for call in by(post(_AUTHORIZES, what), NOBODY, LOST, None)
        ),
    ],
    "what may be asked of each resource": [
        *with_rules(
            0, 'key_prefix "a" { policy = "write" } key "a/x/y" { policy = "read" } service "w" { policy = "read" intentions = "write" }'
        ),
        *(
            call
            for resource in ("acl", "intention", "key", "keyring", "mesh", "operator", "peering", "service", "snapshot", "Key")
            for access in ("", "read", "Write", "list", "write-PREFIX", "deny")
            for name in ("a/x", "a/z", "w")
            for call in by(post(_AUTHORIZES, [{"Resource": resource, "Access": access, "Segment": name}]), ONE, None)
        ),
    ],
    "to clone nothing of before, or with a bad parameter": [
        *(Call("PUT", f"/v1/acl/clone/{rest}", query) for rest in ("", "x") for query in ((), (("wait", "x"),))),
        *(Call("PUT", f"/v1/acl/destroy/{rest}") for rest in ("", "x")),
    ],
}


@pytest.mark.real
@pytest.mark.parametrize("calls", [pytest.param(calls, id=name) for name, calls in CASES.items()])
def test_it_differs_no_more(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []
