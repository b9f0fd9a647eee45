"""Rules of ACLs: which rule counts, what a token has, and what it does not see.

https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
"""

from __future__ import annotations

import pytest

from consul_proto.simulator.engine.versions import SIMULATED, V1_X
from tests.simulator.asking import Asking

_MANAGES = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(params=SIMULATED, ids=str)
def guarded(request: pytest.FixtureRequest) -> Asking:
    """A simulator of each version, with ACLs on, that denies what no rule allows."""
    return Asking(version=request.param, acls=True, management_token=_MANAGES)


def token(ask: Asking, rules: str = "", datacenters: list[str] | None = None, **given: object) -> str:
    """The secret of a new token; with rules, with a policy of them."""
    if rules:
        name = f"policy-{ask.simulator._store.index}"
        ask.put("/v1/acl/policy", {"Name": name, "Rules": rules, "Datacenters": datacenters}, _MANAGES)
        given["Policies"] = [{"Name": name}]
    return str(ask.put("/v1/acl/token", given, _MANAGES)["SecretID"])


def may_write(ask: Asking, key: str, secret: str) -> bool:
    return ask.answer("PUT", f"/v1/kv/{key}", b"1", secret).status == 200


def may_read(ask: Asking, key: str, secret: str) -> bool:
    return ask.answer("GET", f"/v1/kv/{key}", token=secret).status != 403


# Which rule counts.


def test_the_rule_of_the_very_name_counts_before_that_of_a_prefix(guarded: Asking) -> None:
    secret = token(guarded, 'key_prefix "a" { policy = "write" } key "a/b" { policy = "deny" }')
    assert [may_write(guarded, key, secret) for key in ("a", "a/b", "a/b/c", "b")] == [True, False, True, False]
    secret = token(guarded, 'key_prefix "a" { policy = "deny" } key "a" { policy = "write" }')
    assert [may_write(guarded, key, secret) for key in ("a", "ab")] == [True, False]


def test_the_longest_prefix_counts(guarded: Asking) -> None:
    secret = token(guarded, 'key_prefix "" { policy = "write" } key_prefix "a/" { policy = "deny" } key_prefix "a/b/" { policy = "write" }')
    assert [may_write(guarded, key, secret) for key in ("x", "a/x", "a/b/x")] == [True, False, True]


def test_who_denies_wins_among_policies_and_then_the_widest(guarded: Asking) -> None:
    for name, rules in (("reads", "read"), ("writes", "write"), ("denies", "deny")):
        guarded.put("/v1/acl/policy", {"Name": name, "Rules": f'key "a" {{ policy = "{rules}" }}'}, _MANAGES)
    widest = token(guarded, Policies=[{"Name": "reads"}, {"Name": "writes"}])
    none = token(guarded, Policies=[{"Name": "denies"}, {"Name": "writes"}])
    assert [may_write(guarded, "a", secret) for secret in (widest, none)] == [True, False]
    assert [may_read(guarded, "a", secret) for secret in (widest, none)] == [True, False]


def test_to_read_is_not_to_write_and_to_write_is_to_read(guarded: Asking) -> None:
    secret = token(guarded, 'key "r" { policy = "read" } key "w" { policy = "write" }')
    assert [(may_read(guarded, key, secret), may_write(guarded, key, secret)) for key in "rw"] == [(True, False), (True, True)]


@pytest.mark.parametrize("policy", ["allow", "deny"])
def test_the_default_holds_where_no_rule_speaks_but_for_acls(guarded: Asking, policy: str) -> None:
    ask = Asking(version=guarded.simulator.settings.version, acls=True, management_token=_MANAGES, default_policy=policy)
    secret = token(ask, 'key "a" { policy = "read" }')
    assert (may_write(ask, "b", secret), may_write(ask, "a", secret)) == (policy == "allow", False)
    assert ask.refused("GET", "/v1/acl/tokens", token=secret)[0] == 403


def test_a_tree_is_deleted_by_who_may_write_all_of_it(guarded: Asking) -> None:
    some = token(guarded, 'key_prefix "a/" { policy = "write" } key "a/secret" { policy = "read" }')
    every = token(guarded, 'key_prefix "a/" { policy = "write" }')
    guarded.put("/v1/kv/a/x", b"1", _MANAGES)
    assert [guarded.answer("DELETE", "/v1/kv/a/?recurse", token=secret).status for secret in (some, every)] == [403, 200]


# What a token has.


def test_without_a_token_one_has_what_the_anonymous_one_has(guarded: Asking) -> None:
    assert not may_read(guarded, "a", "")
    guarded.put("/v1/acl/policy", {"Name": "reads", "Rules": 'key_prefix "" { policy = "read" }'}, _MANAGES)
    guarded.put("/v1/acl/token/00000000-0000-0000-0000-000000000002", {"Policies": [{"Name": "reads"}]}, _MANAGES)
    assert (may_read(guarded, "a", ""), may_write(guarded, "a", "")) == (True, False)


def test_a_token_that_there_is_not_is_refused_everything(guarded: Asking) -> None:
    status, text = guarded.refused("GET", "/v1/kv/a", token="00000000-1111-2222-3333-444444444444")
    assert (status, text.endswith("ACL not found")) == (403, True)


def test_a_token_has_what_its_roles_have(guarded: Asking) -> None:
    guarded.put("/v1/acl/policy", {"Name": "writes", "Rules": 'key "a" { policy = "write" }'}, _MANAGES)
    guarded.put("/v1/acl/role", {"Name": "editor", "Policies": [{"Name": "writes"}]}, _MANAGES)
    secret = token(guarded, Roles=[{"Name": "editor"}])
    assert (may_write(guarded, "a", secret), may_write(guarded, "b", secret)) == (True, False)


def test_a_service_identity_registers_its_service_and_its_sidecar(guarded: Asking) -> None:
    secret = token(guarded, ServiceIdentities=[{"ServiceName": "web"}])
    names = ("web", "web-sidecar-proxy", "db")
    statuses = [guarded.answer("PUT", "/v1/agent/service/register", {"Name": name}, secret).status for name in names]
    assert statuses == [200, 200, 403]


def test_a_policy_holds_in_its_datacenters_alone(guarded: Asking) -> None:
    rules = 'key_prefix "" { policy = "write" }'
    here, elsewhere = (token(guarded, rules, [datacenter]) for datacenter in ("dc1", "dc2"))
    assert [may_write(guarded, "a", secret) for secret in (here, elsewhere)] == [True, False]


def test_a_token_expires(guarded: Asking) -> None:
    secret = token(guarded, 'key "a" { policy = "write" }', ExpirationTTL="1m")
    guarded.advance(59)
    assert may_write(guarded, "a", secret)
    guarded.advance(2)
    assert guarded.refused("PUT", "/v1/kv/a", b"1", secret)[0] == 403


def test_a_token_expires_at_the_date_that_it_is_given(guarded: Asking) -> None:
    ask = Asking(version=guarded.simulator.settings.version, acls=True, management_token=_MANAGES, since=1_000_000_000.0)
    at = "2001-09-09T04:16:40.5+02:00"  # half an hour after that
    given = ask.put("/v1/acl/token", {"ExpirationTime": at, "Policies": [{"Name": "global-management"}]}, _MANAGES)
    assert given["ExpirationTime"] == at
    kept = [ask.put(f"/v1/acl/token/{given['AccessorID']}", {**given, "ExpirationTime": one}, _MANAGES) for one in (at, None)]
    assert [one["ExpirationTime"] for one in kept] == [at, at]
    ask.advance(1800)
    assert may_write(ask, "a", given["SecretID"])
    ask.advance(1)
    assert ask.refused("PUT", "/v1/kv/a", b"1", given["SecretID"])[0] == 403


@pytest.mark.parametrize(("at", "limit"), [("1970-01-01T00:00:59Z", "less than 1m0s"), ("1970-01-02T00:00:01Z", "more than 24h0m0s")])
def test_a_date_is_not_too_near_nor_too_far(guarded: Asking, at: str, limit: str) -> None:
    answer = guarded.answer("PUT", "/v1/acl/token", {"ExpirationTime": at}, _MANAGES)
    is_known = "less" in limit or guarded.simulator.settings.version < V1_X
    assert (answer.status, f"ExpirationTime cannot be {limit} in the future (was " in answer.body.decode()) == (
        (500, True) if is_known else (200, False)
    )


def test_a_clone_expires_with_what_it_was_made_of(guarded: Asking) -> None:
    given = guarded.put("/v1/acl/token", {"ExpirationTTL": "5m", "Policies": [{"Name": "global-management"}]}, _MANAGES)
    guarded.advance(200)
    clone = guarded.put(f"/v1/acl/token/{given['AccessorID']}/clone", {}, _MANAGES)
    assert clone["ExpirationTime"] == given["ExpirationTime"]
    guarded.advance(99)
    assert may_write(guarded, "a", clone["SecretID"])
    status, text = guarded.refused("PUT", f"/v1/acl/token/{given['AccessorID']}/clone", {}, _MANAGES)
    assert (status, text) == (500, "ExpirationTime cannot be less than 1m0s in the future (was 1s)")
    guarded.advance(1)
    assert guarded.refused("PUT", "/v1/kv/a", b"1", clone["SecretID"])[0] == 403


def test_a_token_that_is_deleted_ends_what_waits_with_it(guarded: Asking) -> None:
    given = guarded.put("/v1/acl/token", {"Policies": [{"Name": "global-management"}]}, _MANAGES)
    guarded.done("DELETE", f"/v1/acl/token/{given['AccessorID']}", token=_MANAGES)
    assert not may_read(guarded, "a", given["SecretID"])


def test_a_policy_that_changes_changes_who_has_it(guarded: Asking) -> None:
    policy = guarded.put("/v1/acl/policy", {"Name": "reads", "Rules": 'key "a" { policy = "read" }'}, _MANAGES)
    secret = token(guarded, Policies=[{"Name": "reads"}])
    guarded.put(f"/v1/acl/policy/{policy['ID']}", {"Name": "reads", "Rules": 'key "a" { policy = "write" }'}, _MANAGES)
    assert may_write(guarded, "a", secret)


# What a token does not see.


def test_what_a_token_may_not_see_is_left_out(guarded: Asking) -> None:
    for key in ("a", "b"):
        guarded.put(f"/v1/kv/{key}", b"1", _MANAGES)
    for node, service in (("n", "web"), ("m", "db")):
        guarded.put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", "Service": {"Service": service}}, _MANAGES)
    secret = token(guarded, 'key "a" { policy = "read" } service "web" { policy = "read" } node "n" { policy = "read" }')
    assert [entry["Key"] for entry in guarded.get("/v1/kv/?recurse", secret)] == ["a"]
    assert guarded.get("/v1/kv/?keys", secret) == ["a"]
    assert [*guarded.get("/v1/catalog/services", secret)] == ["web"]
    assert [node["Node"] for node in guarded.get("/v1/catalog/nodes", secret)] == ["n"]
    assert guarded.get("/v1/health/service/db", secret) == []


def test_a_transaction_needs_the_rights_of_each_of_its_steps(guarded: Asking) -> None:
    secret = token(guarded, 'key "a" { policy = "write" }')
    steps = [{"KV": {"Verb": "set", "Key": key, "Value": ""}} for key in ("a", "b")]
    assert [guarded.answer("PUT", "/v1/txn", some, secret).status for some in (steps[:1], steps)] == [200, 409]


def test_a_session_needs_the_right_over_its_node(guarded: Asking) -> None:
    secret = token(guarded, 'session "consul" { policy = "write" }')
    assert guarded.answer("PUT", "/v1/session/create", {}, secret).status == 200
    assert guarded.answer("PUT", "/v1/session/create", {}, token(guarded, 'node "consul" { policy = "write" }')).status == 403


def test_an_intention_needs_the_right_of_its_destination(guarded: Asking) -> None:
    may = token(guarded, 'service "db" { policy = "read" intentions = "write" }')
    plain = token(guarded, 'service "db" { policy = "write" }')
    given = {"SourceName": "web", "DestinationName": "db", "Action": "allow", "SourceType": "consul"}
    assert [guarded.answer("POST", "/v1/connect/intentions", given, secret).status for secret in (plain, may)] == [403, 200]


def test_rules_are_hcl_or_json(guarded: Asking) -> None:
    written = ('key_prefix "a" { policy = "write" }', '{"key_prefix": {"a": {"policy": "write"}}}')
    assert [may_write(guarded, "ab", token(guarded, rules)) for rules in written] == [True, True]
    status, text = guarded.refused("PUT", "/v1/acl/policy", {"Name": "bad", "Rules": 'key "a" { policy = "own" }'}, _MANAGES)
    assert (status >= 400, "Invalid key policy" in text) == (True, True)
