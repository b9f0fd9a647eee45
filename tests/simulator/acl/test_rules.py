"""Rules: which rule decides, and what a token does not see.

https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
"""

from __future__ import annotations

import pytest

from tests.simulator.simulated_agent import MANAGES, SimulatedAgent, may_read, may_write, token


def test_a_rule_for_the_exact_name_wins_over_one_for_a_prefix(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key_prefix "a" { policy = "write" } key "a/b" { policy = "deny" }')
    assert [may_write(acl_agent, key, secret) for key in ("a", "a/b", "a/b/c", "b")] == [True, False, True, False]
    secret = token(acl_agent, 'key_prefix "a" { policy = "deny" } key "a" { policy = "write" }')
    assert [may_write(acl_agent, key, secret) for key in ("a", "ab")] == [True, False]


def test_the_longest_prefix_wins(acl_agent: SimulatedAgent) -> None:
    secret = token(
        acl_agent, 'key_prefix "" { policy = "write" } key_prefix "a/" { policy = "deny" } key_prefix "a/b/" { policy = "write" }'
    )
    assert [may_write(acl_agent, key, secret) for key in ("x", "a/x", "a/b/x")] == [True, False, True]


def test_deny_wins_among_policies_then_the_widest_access(acl_agent: SimulatedAgent) -> None:
    for name, rules in (("reads", "read"), ("writes", "write"), ("denies", "deny")):
        acl_agent.put("/v1/acl/policy", {"Name": name, "Rules": f'key "a" {{ policy = "{rules}" }}'}, MANAGES)
    widest = token(acl_agent, Policies=[{"Name": "reads"}, {"Name": "writes"}])
    none = token(acl_agent, Policies=[{"Name": "denies"}, {"Name": "writes"}])
    assert [may_write(acl_agent, "a", secret) for secret in (widest, none)] == [True, False]
    assert [may_read(acl_agent, "a", secret) for secret in (widest, none)] == [True, False]


def test_write_includes_read_but_not_the_other_way(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "r" { policy = "read" } key "w" { policy = "write" }')
    assert [(may_read(acl_agent, key, secret), may_write(acl_agent, key, secret)) for key in "rw"] == [(True, False), (True, True)]


@pytest.mark.parametrize("policy", ["allow", "deny"])
def test_the_default_policy_applies_without_a_rule_but_never_to_acls(acl_agent: SimulatedAgent, policy: str) -> None:
    agent = SimulatedAgent(version=acl_agent.simulator.settings.version, acls=True, management_token=MANAGES, default_policy=policy)
    secret = token(agent, 'key "a" { policy = "read" }')
    assert (may_write(agent, "b", secret), may_write(agent, "a", secret)) == (policy == "allow", False)
    assert agent.refusal("GET", "/v1/acl/tokens", token=secret)[0] == 403


def test_deleting_a_tree_needs_the_right_to_all_of_it(acl_agent: SimulatedAgent) -> None:
    some = token(acl_agent, 'key_prefix "a/" { policy = "write" } key "a/secret" { policy = "read" }')
    every = token(acl_agent, 'key_prefix "a/" { policy = "write" }')
    acl_agent.put("/v1/kv/a/x", b"1", MANAGES)
    assert [acl_agent.answer("DELETE", "/v1/kv/a/?recurse", token=secret).status for secret in (some, every)] == [403, 200]


def test_what_a_token_may_not_see_is_left_out(acl_agent: SimulatedAgent) -> None:
    for key in ("a", "b"):
        acl_agent.put(f"/v1/kv/{key}", b"1", MANAGES)
    for node, service in (("n", "web"), ("m", "db")):
        acl_agent.put("/v1/catalog/register", {"Node": node, "Address": "10.0.0.1", "Service": {"Service": service}}, MANAGES)
    secret = token(acl_agent, 'key "a" { policy = "read" } service "web" { policy = "read" } node "n" { policy = "read" }')
    assert [entry["Key"] for entry in acl_agent.get("/v1/kv/?recurse", secret)] == ["a"]
    assert acl_agent.get("/v1/kv/?keys", secret) == ["a"]
    assert [*acl_agent.get("/v1/catalog/services", secret)] == ["web"]
    assert [node["Node"] for node in acl_agent.get("/v1/catalog/nodes", secret)] == ["n"]
    assert acl_agent.get("/v1/health/service/db", secret) == []


def test_rules_are_hcl_or_json(acl_agent: SimulatedAgent) -> None:
    written = ('key_prefix "a" { policy = "write" }', '{"key_prefix": {"a": {"policy": "write"}}}')
    assert [may_write(acl_agent, "ab", token(acl_agent, rules)) for rules in written] == [True, True]
    status, text = acl_agent.refusal("PUT", "/v1/acl/policy", {"Name": "bad", "Rules": 'key "a" { policy = "own" }'}, MANAGES)
    assert (status >= 400, "Invalid key policy" in text) == (True, True)
