"""Rules of ACLs: which rule counts, what a token has, and what it does not see.

https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
"""

from __future__ import annotations

import pytest

from consul_proto.simulator.engine.versions import SIMULATED, V1_X
from tests.simulator.simulated_agent import SimulatedAgent

_MANAGES = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(params=SIMULATED, ids=str)
def acl_agent(request: pytest.FixtureRequest) -> SimulatedAgent:
    """A simulator of each version, with ACLs on, that denies what no rule allows."""
    return SimulatedAgent(version=request.param, acls=True, management_token=_MANAGES)


def token(agent: SimulatedAgent, rules: str = "", datacenters: list[str] | None = None, **given: object) -> str:
    """The secret of a new token; with rules, with a policy of them."""
    if rules:
        name = f"policy-{agent.simulator._store.index}"
        agent.put("/v1/acl/policy", {"Name": name, "Rules": rules, "Datacenters": datacenters}, _MANAGES)
        given["Policies"] = [{"Name": name}]
    return str(agent.put("/v1/acl/token", given, _MANAGES)["SecretID"])


def may_write(agent: SimulatedAgent, key: str, secret: str) -> bool:
    return agent.answer("PUT", f"/v1/kv/{key}", b"1", secret).status == 200


def may_read(agent: SimulatedAgent, key: str, secret: str) -> bool:
    return agent.answer("GET", f"/v1/kv/{key}", token=secret).status != 403


# Which rule counts.


def test_the_rule_of_the_very_name_counts_before_that_of_a_prefix(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key_prefix "a" { policy = "write" } key "a/b" { policy = "deny" }')
    assert [may_write(acl_agent, key, secret) for key in ("a", "a/b", "a/b/c", "b")] == [True, False, True, False]
    secret = token(acl_agent, 'key_prefix "a" { policy = "deny" } key "a" { policy = "write" }')
    assert [may_write(acl_agent, key, secret) for key in ("a", "ab")] == [True, False]


def test_the_longest_prefix_counts(acl_agent: SimulatedAgent) -> None:
    secret = token(
        acl_agent, 'key_prefix "" { policy = "write" } key_prefix "a/" { policy = "deny" } key_prefix "a/b/" { policy = "write" }'
    )
    assert [may_write(acl_agent, key, secret) for key in ("x", "a/x", "a/b/x")] == [True, False, True]


def test_who_denies_wins_among_policies_and_then_the_widest(acl_agent: SimulatedAgent) -> None:
    for name, rules in (("reads", "read"), ("writes", "write"), ("denies", "deny")):
        acl_agent.put("/v1/acl/policy", {"Name": name, "Rules": f'key "a" {{ policy = "{rules}" }}'}, _MANAGES)
    widest = token(acl_agent, Policies=[{"Name": "reads"}, {"Name": "writes"}])
    none = token(acl_agent, Policies=[{"Name": "denies"}, {"Name": "writes"}])
    assert [may_write(acl_agent, "a", secret) for secret in (widest, none)] == [True, False]
    assert [may_read(acl_agent, "a", secret) for secret in (widest, none)] == [True, False]


def test_to_read_is_not_to_write_and_to_write_is_to_read(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "r" { policy = "read" } key "w" { policy = "write" }')
    assert [(may_read(acl_agent, key, secret), may_write(acl_agent, key, secret)) for key in "rw"] == [(True, False), (True, True)]


@pytest.mark.parametrize("policy", ["allow", "deny"])
def test_the_default_holds_where_no_rule_speaks_but_for_acls(acl_agent: SimulatedAgent, policy: str) -> None:
    agent = SimulatedAgent(version=acl_agent.simulator.settings.version, acls=True, management_token=_MANAGES, default_policy=policy)
    secret = token(agent, 'key "a" { policy = "read" }')
    assert (may_write(agent, "b", secret), may_write(agent, "a", secret)) == (policy == "allow", False)
    assert agent.refusal("GET", "/v1/acl/tokens", token=secret)[0] == 403


def test_a_tree_is_deleted_by_who_may_write_all_of_it(acl_agent: SimulatedAgent) -> None:
    some = token(acl_agent, 'key_prefix "a/" { policy = "write" } key "a/secret" { policy = "read" }')
    every = token(acl_agent, 'key_prefix "a/" { policy = "write" }')
    acl_agent.put("/v1/kv/a/x", b"1", _MANAGES)
    assert [acl_agent.answer("DELETE", "/v1/kv/a/?recurse", token=secret).status for secret in (some, every)] == [403, 200]


# What a token has.


def test_without_a_token_one_has_what_the_anonymous_one_has(acl_agent: SimulatedAgent) -> None:
    assert not may_read(acl_agent, "a", "")
    acl_agent.put("/v1/acl/policy", {"Name": "reads", "Rules": 'key_prefix "" { policy = "read" }'}, _MANAGES)
    acl_agent.put("/v1/acl/token/00000000-0000-0000-0000-000000000002", {"Policies": [{"Name": "reads"}]}, _MANAGES)
    assert (may_read(acl_agent, "a", ""), may_write(acl_agent, "a", "")) == (True, False)


def test_a_token_that_there_is_not_is_refused_everything(acl_agent: SimulatedAgent) -> None:
    status, text = acl_agent.refusal("GET", "/v1/kv/a", token="00000000-1111-2222-3333-444444444444")
    assert (status, text.endswith("ACL not found")) == (403, True)


def test_a_token_has_what_its_roles_have(acl_agent: SimulatedAgent) -> None:
    acl_agent.put("/v1/acl/policy", {"Name": "writes", "Rules": 'key "a" { policy = "write" }'}, _MANAGES)
    acl_agent.put("/v1/acl/role", {"Name": "editor", "Policies": [{"Name": "writes"}]}, _MANAGES)
    secret = token(acl_agent, Roles=[{"Name": "editor"}])
    assert (may_write(acl_agent, "a", secret), may_write(acl_agent, "b", secret)) == (True, False)


def test_a_service_identity_registers_its_service_and_its_sidecar(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, ServiceIdentities=[{"ServiceName": "web"}])
    names = ("web", "web-sidecar-proxy", "db")
    statuses = [acl_agent.answer("PUT", "/v1/agent/service/register", {"Name": name}, secret).status for name in names]
    assert statuses == [200, 200, 403]


def test_a_policy_holds_in_its_datacenters_alone(acl_agent: SimulatedAgent) -> None:
    rules = 'key_prefix "" { policy = "write" }'
    here, elsewhere = (token(acl_agent, rules, [datacenter]) for datacenter in ("dc1", "dc2"))
    assert [may_write(acl_agent, "a", secret) for secret in (here, elsewhere)] == [True, False]


def test_a_token_expires(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "a" { policy = "write" }', ExpirationTTL="1m")
    acl_agent.advance(59)
    assert may_write(acl_agent, "a", secret)
    acl_agent.advance(2)
    assert acl_agent.refusal("PUT", "/v1/kv/a", b"1", secret)[0] == 403


def test_a_token_expires_at_the_date_that_it_is_given(acl_agent: SimulatedAgent) -> None:
    agent = SimulatedAgent(version=acl_agent.simulator.settings.version, acls=True, management_token=_MANAGES, since=1_000_000_000.0)
    at = "2001-09-09T04:16:40.5+02:00"  # half an hour after that
    given = agent.put("/v1/acl/token", {"ExpirationTime": at, "Policies": [{"Name": "global-management"}]}, _MANAGES)
    assert given["ExpirationTime"] == at
    kept = [agent.put(f"/v1/acl/token/{given['AccessorID']}", {**given, "ExpirationTime": one}, _MANAGES) for one in (at, None)]
    assert [one["ExpirationTime"] for one in kept] == [at, at]
    agent.advance(1800)
    assert may_write(agent, "a", given["SecretID"])
    agent.advance(1)
    assert agent.refusal("PUT", "/v1/kv/a", b"1", given["SecretID"])[0] == 403


@pytest.mark.parametrize(("at", "limit"), [("1970-01-01T00:00:59Z", "less than 1m0s"), ("1970-01-02T00:00:01Z", "more than 24h0m0s")])
def test_a_date_is_not_too_near_nor_too_far(acl_agent: SimulatedAgent, at: str, limit: str) -> None:
    answer = acl_agent.answer("PUT", "/v1/acl/token", {"ExpirationTime": at}, _MANAGES)
    is_known = "less" in limit or acl_agent.simulator.settings.version < V1_X
    assert (answer.status, f"ExpirationTime cannot be {limit} in the future (was " in answer.body.decode()) == (
        (500, True) if is_known else (200, False)
    )


def test_a_clone_expires_with_what_it_was_made_of(acl_agent: SimulatedAgent) -> None:
    given = acl_agent.put("/v1/acl/token", {"ExpirationTTL": "5m", "Policies": [{"Name": "global-management"}]}, _MANAGES)
    acl_agent.advance(200)
    clone = acl_agent.put(f"/v1/acl/token/{given['AccessorID']}/clone", {}, _MANAGES)
    assert clone["ExpirationTime"] == given["ExpirationTime"]
    acl_agent.advance(99)
    assert may_write(acl_agent, "a", clone["SecretID"])
    status, text = acl_agent.refusal("PUT", f"/v1/acl/token/{given['AccessorID']}/clone", {}, _MANAGES)
    assert (status, text) == (500, "ExpirationTime cannot be less than 1m0s in the future (was 1s)")
    acl_agent.advance(1)
    assert acl_agent.refusal("PUT", "/v1/kv/a", b"1", clone["SecretID"])[0] == 403


def test_a_token_that_is_deleted_ends_what_waits_with_it(acl_agent: SimulatedAgent) -> None:
    given = acl_agent.put("/v1/acl/token", {"Policies": [{"Name": "global-management"}]}, _MANAGES)
    acl_agent.result("DELETE", f"/v1/acl/token/{given['AccessorID']}", token=_MANAGES)
    assert not may_read(acl_agent, "a", given["SecretID"])


def test_a_policy_that_changes_changes_who_has_it(acl_agent: SimulatedAgent) -> None:
    policy = acl_agent.put("/v1/acl/policy", {"Name": "reads", "Rules": 'key "a" { policy = "read" }'}, _MANAGES)
    secret = token(acl_agent, Policies=[{"Name": "reads"}])
    acl_agent.put(f"/v1/acl/policy/{policy['ID']}", {"Name": "reads", "Rules": 'key "a" { policy = "write" }'}, _MANAGES)
    assert may_write(acl_agent, "a", secret)


# What a token does not see.


def test_what_a_token_may_not_see_is_left_out(acl_agent: SimulatedAgent) -> None:
    for key in ("a", "b"):
        acl_agent.put(f"/v1/kv/{key}", b"1", _MANAGES)
    for node, service in (("n", "web"), ("m", "db")):
        acl_agent.put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", "Service": {"Service": service}}, _MANAGES)
    secret = token(acl_agent, 'key "a" { policy = "read" } service "web" { policy = "read" } node "n" { policy = "read" }')
    assert [entry["Key"] for entry in acl_agent.get("/v1/kv/?recurse", secret)] == ["a"]
    assert acl_agent.get("/v1/kv/?keys", secret) == ["a"]
    assert [*acl_agent.get("/v1/catalog/services", secret)] == ["web"]
    assert [node["Node"] for node in acl_agent.get("/v1/catalog/nodes", secret)] == ["n"]
    assert acl_agent.get("/v1/health/service/db", secret) == []


def test_a_transaction_needs_the_rights_of_each_of_its_steps(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "a" { policy = "write" }')
    steps = [{"KV": {"Verb": "set", "Key": key, "Value": ""}} for key in ("a", "b")]
    assert [acl_agent.answer("PUT", "/v1/txn", some, secret).status for some in (steps[:1], steps)] == [200, 409]


def test_a_session_needs_the_right_over_its_node(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'session "consul" { policy = "write" }')
    assert acl_agent.answer("PUT", "/v1/session/create", {}, secret).status == 200
    assert acl_agent.answer("PUT", "/v1/session/create", {}, token(acl_agent, 'node "consul" { policy = "write" }')).status == 403


def test_an_intention_needs_the_right_of_its_destination(acl_agent: SimulatedAgent) -> None:
    may = token(acl_agent, 'service "db" { policy = "read" intentions = "write" }')
    plain = token(acl_agent, 'service "db" { policy = "write" }')
    given = {"SourceName": "web", "DestinationName": "db", "Action": "allow", "SourceType": "consul"}
    assert [acl_agent.answer("POST", "/v1/connect/intentions", given, secret).status for secret in (plain, may)] == [403, 200]


def test_rules_are_hcl_or_json(acl_agent: SimulatedAgent) -> None:
    written = ('key_prefix "a" { policy = "write" }', '{"key_prefix": {"a": {"policy": "write"}}}')
    assert [may_write(acl_agent, "ab", token(acl_agent, rules)) for rules in written] == [True, True]
    status, text = acl_agent.refusal("PUT", "/v1/acl/policy", {"Name": "bad", "Rules": 'key "a" { policy = "own" }'}, _MANAGES)
    assert (status >= 400, "Invalid key policy" in text) == (True, True)
