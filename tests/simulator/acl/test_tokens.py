"""Tokens: what they grant, and when they expire.

https://developer.hashicorp.com/consul/api-docs/acl/tokens
"""

from __future__ import annotations

from typing import Any

import pytest

from consul_proto.simulator.engine.versions import V1_X
from tests.simulator.acl.keys import PUBLIC_KEY
from tests.simulator.differential.calls import (
    ABSENT,
    EVERYBODY,
    LOST,
    NOBODY,
    TWO_TOKENS,
    Call,
    by,
    delete,
    each_case,
    get,
    put,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import MANAGES, SimulatedAgent, may_read, may_write, token

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


ACL_CASES = {
    "requests without a token or with an unknown one have no token of their own": [*TWO_TOKENS, *by(get("/v1/acl/token/self"), *EVERYBODY)],
    "a TTL that is too long": [
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": 1e300}),
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": -1}),
        put("/v1/acl/token", {"AccessorID": "{t0}", "SecretID": "{x0}", "ExpirationTTL": "25h"}),
    ],
    "tokens are filtered by one parameter": [
        get("/v1/acl/tokens", *query)
        for query in (
            (("servicename", "a"), ("authmethod", "b")),
            (("policy", "a"), ("role", "b")),
            (("authmethod", "b"),),
            (("servicename", "a"),),
        )
    ],
    "the date at which a token expires": [
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
    "an invalid date": [
        *(put(_TOKEN, {name: at}) for name in (_EXPIRES, "CreateTime") for at in _NO_DATES),
        *(put(_TOKEN, body) for body in ({"SecretID": 5, "expirationtime": "x"}, {"Nope": 5, _EXPIRES: "x"}, {_EXPIRES: "x", "Nope": 5})),
        *(put(_TOKEN, body) for body in ({_EXPIRES: "x", "CreateTime": "y"}, {"ExpirationTTL": "x", _EXPIRES: "y"})),
        Call("PUT", _TOKEN, body=b'{"ExpirationTime": "x", "SecretID": }'),
        Call("PUT", _TOKEN, body='{"ExpirationTime": "\u00e9\\t"} x'.encode()),
        *by(put(_TOKEN, {_EXPIRES: "x"}), NOBODY, LOST),
    ],
    "the expiration of a token does not change": [
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
    "a write without an id creates": [
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
    "an auth method is written by its name, whether it exists or not": [
        *(put("/v1/acl/auth-method/jwt", {**_JWT, **more}) for more in ({}, {"Name": "jwt"}, {"Name": ""}, {"Name": "x"})),
        delete("/v1/acl/auth-method/jwt"),
    ],
    "a clone of an invalid id": [
        *(put(f"{_TOKEN}/{token}/clone", {}) for token in ("short", f"{ABSENT}1", ABSENT)),
        *by(put(f"{_TOKEN}/short/clone", {}), NOBODY, LOST),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def test_a_request_without_a_token_has_the_rights_of_the_anonymous_one(acl_agent: SimulatedAgent) -> None:
    assert not may_read(acl_agent, "a", "")
    acl_agent.put("/v1/acl/policy", {"Name": "reads", "Rules": 'key_prefix "" { policy = "read" }'}, MANAGES)
    acl_agent.put("/v1/acl/token/00000000-0000-0000-0000-000000000002", {"Policies": [{"Name": "reads"}]}, MANAGES)
    assert (may_read(acl_agent, "a", ""), may_write(acl_agent, "a", "")) == (True, False)


def test_an_unknown_token_is_refused_everything(acl_agent: SimulatedAgent) -> None:
    status, text = acl_agent.refusal("GET", "/v1/kv/a", token="00000000-1111-2222-3333-444444444444")
    assert (status, text.endswith("ACL not found")) == (403, True)


def test_a_token_has_the_rights_of_its_roles(acl_agent: SimulatedAgent) -> None:
    acl_agent.put("/v1/acl/policy", {"Name": "writes", "Rules": 'key "a" { policy = "write" }'}, MANAGES)
    acl_agent.put("/v1/acl/role", {"Name": "editor", "Policies": [{"Name": "writes"}]}, MANAGES)
    secret = token(acl_agent, Roles=[{"Name": "editor"}])
    assert (may_write(acl_agent, "a", secret), may_write(acl_agent, "b", secret)) == (True, False)


def test_a_service_identity_registers_its_service_and_its_sidecar(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, ServiceIdentities=[{"ServiceName": "web"}])
    names = ("web", "web-sidecar-proxy", "db")
    statuses = [acl_agent.answer("PUT", "/v1/agent/service/register", {"Name": name}, secret).status for name in names]
    assert statuses == [200, 200, 403]


def test_a_policy_applies_only_in_its_datacenters(acl_agent: SimulatedAgent) -> None:
    rules = 'key_prefix "" { policy = "write" }'
    here, elsewhere = (token(acl_agent, rules, [datacenter]) for datacenter in ("dc1", "dc2"))
    assert [may_write(acl_agent, "a", secret) for secret in (here, elsewhere)] == [True, False]


def test_a_token_expires(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "a" { policy = "write" }', ExpirationTTL="1m")
    acl_agent.advance(59)
    assert may_write(acl_agent, "a", secret)
    acl_agent.advance(2)
    assert acl_agent.refusal("PUT", "/v1/kv/a", b"1", secret)[0] == 403


def test_a_token_expires_at_its_date(acl_agent: SimulatedAgent) -> None:
    agent = SimulatedAgent(version=acl_agent.simulator.settings.version, acls=True, management_token=MANAGES, since=1_000_000_000.0)
    at = "2001-09-09T04:16:40.5+02:00"  # half an hour after that
    given = agent.put("/v1/acl/token", {"ExpirationTime": at, "Policies": [{"Name": "global-management"}]}, MANAGES)
    assert given["ExpirationTime"] == at
    kept = [agent.put(f"/v1/acl/token/{given['AccessorID']}", {**given, "ExpirationTime": one}, MANAGES) for one in (at, None)]
    assert [one["ExpirationTime"] for one in kept] == [at, at]
    agent.advance(1800)
    assert may_write(agent, "a", given["SecretID"])
    agent.advance(1)
    assert agent.refusal("PUT", "/v1/kv/a", b"1", given["SecretID"])[0] == 403


@pytest.mark.parametrize(("at", "limit"), [("1970-01-01T00:00:59Z", "less than 1m0s"), ("1970-01-02T00:00:01Z", "more than 24h0m0s")])
def test_the_date_must_not_be_too_near_or_too_far(acl_agent: SimulatedAgent, at: str, limit: str) -> None:
    answer = acl_agent.answer("PUT", "/v1/acl/token", {"ExpirationTime": at}, MANAGES)
    is_known = "less" in limit or acl_agent.simulator.settings.version < V1_X
    assert (answer.status, f"ExpirationTime cannot be {limit} in the future (was " in answer.body.decode()) == (
        (500, True) if is_known else (200, False)
    )


def test_a_clone_expires_with_its_original(acl_agent: SimulatedAgent) -> None:
    given = acl_agent.put("/v1/acl/token", {"ExpirationTTL": "5m", "Policies": [{"Name": "global-management"}]}, MANAGES)
    acl_agent.advance(200)
    clone = acl_agent.put(f"/v1/acl/token/{given['AccessorID']}/clone", {}, MANAGES)
    assert clone["ExpirationTime"] == given["ExpirationTime"]
    acl_agent.advance(99)
    assert may_write(acl_agent, "a", clone["SecretID"])
    status, text = acl_agent.refusal("PUT", f"/v1/acl/token/{given['AccessorID']}/clone", {}, MANAGES)
    assert (status, text) == (500, "ExpirationTime cannot be less than 1m0s in the future (was 1s)")
    acl_agent.advance(1)
    assert acl_agent.refusal("PUT", "/v1/kv/a", b"1", clone["SecretID"])[0] == 403


def test_a_deleted_token_has_no_rights(acl_agent: SimulatedAgent) -> None:
    given = acl_agent.put("/v1/acl/token", {"Policies": [{"Name": "global-management"}]}, MANAGES)
    acl_agent.result("DELETE", f"/v1/acl/token/{given['AccessorID']}", token=MANAGES)
    assert not may_read(acl_agent, "a", given["SecretID"])


def test_a_changed_policy_changes_the_rights_of_its_tokens(acl_agent: SimulatedAgent) -> None:
    policy = acl_agent.put("/v1/acl/policy", {"Name": "reads", "Rules": 'key "a" { policy = "read" }'}, MANAGES)
    secret = token(acl_agent, Policies=[{"Name": "reads"}])
    acl_agent.put(f"/v1/acl/policy/{policy['ID']}", {"Name": "reads", "Rules": 'key "a" { policy = "write" }'}, MANAGES)
    assert may_write(acl_agent, "a", secret)
