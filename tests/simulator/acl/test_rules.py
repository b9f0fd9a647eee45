"""Rules: which rule decides, and what a token does not see.

https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
"""

from __future__ import annotations

import pytest

from consul_proto.simulator.engine.versions import V1_9
from tests.simulator.differential.calls import ONE, Call, by, delete, each_case, get, kv, put, txn, with_rules
from tests.simulator.differential.comparison import Sides
from tests.simulator.differential.strategies.rules import BROKEN, CAPITALS, ODD
from tests.simulator.simulated_agent import MANAGES, SimulatedAgent, may_read, may_write, token

_BELOW = ("", "a", "a/", "a/b", "b")


def _trees(rules: str) -> list[Call]:
    """Return calls that read and delete trees of keys with a token that has the rules."""
    keys = [put(f"/v1/kv/{{p}}{key}", b"v") for key in ("a", "a/b", "b")]
    asked = [
        *(txn(kv("get-tree", f"{{p}}{key}")) for key in _BELOW),
        *(
            call
            for key in reversed(_BELOW)
            for call in (txn(kv("delete-tree", f"{{p}}{key}")), delete(f"/v1/kv/{{p}}{key}", ("recurse", None)))
        ),
    ]
    return [*keys, *with_rules(0, rules), *(one for call in asked for one in by(call, ONE))]


_TREES = [
    'key "{p}a" { policy = "write" }',
    'key_prefix "{p}" { policy = "list" } key "{p}a" { policy = "write" }',
    'key_prefix "{p}" { policy = "write" } key "{p}a/b" { policy = "list" }',
    'key_prefix "{p}a" { policy = "write" } key "{p}a" { policy = "deny" }',
    'key_prefix "{p}" { policy = "WRITE" } key_prefix "{p}" { policy = "read" }',
]


def _written(rules: str) -> Call:
    return put("/v1/acl/policy", {"Name": "odd", "Rules": rules})


ACL_CASES = {
    **{f"trees of keys with {rules}": _trees(rules) for rules in _TREES},
    **{f"odd rules: {rules}": [_written(rules)] for rules in (*ODD, *BROKEN)},
    **{
        f"policies in capitals: {rules}": [
            *with_rules(0, rules),
            *(
                one
                for call in (get("/v1/acl/policies"), get("/v1/kv/{p}a"), put("/v1/kv/{p}a", b"v"), get("/v1/catalog/services"))
                for one in by(call, ONE)
            ),
        ]
        for rules in CAPITALS
    },
    "operator rules stand in for those of the mesh, in 1.22.5": [
        *with_rules(0, 'operator = "write"'),
        *with_rules(1, 'operator = "write" mesh = "read"'),
        *by(put("/v1/config", {"Kind": "mesh"}), ONE, "{x1}"),
        *by(get("/v1/config/mesh/mesh"), ONE, "{x1}"),
        *by(delete("/v1/config/mesh/mesh"), "{x1}", ONE),
    ],
}


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


def _refused(agent: SimulatedAgent, rules: str) -> str:
    """Return why rules are refused, "" if they are not."""
    answer = agent.answer("PUT", "/v1/acl/policy", {"Name": f"p{agent.simulator._store.index}", "Rules": rules}, MANAGES)
    assert answer.status in (200, 500)
    return answer.body.decode() if answer.status == 500 else ""


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


@pytest.mark.parametrize("rules", ['key "a" { policy = "write" }', 'key_prefix "a" { policy = "list" } key "a" { policy = "write" }'])
def test_only_a_rule_for_a_prefix_lets_a_tree_be_deleted(acl_agent: SimulatedAgent, rules: str) -> None:
    secret = token(acl_agent, rules)
    for key in ("a", "a/b"):
        acl_agent.put(f"/v1/kv/{key}", b"1", MANAGES)
    assert acl_agent.answer("DELETE", "/v1/kv/a?recurse", token=secret).status == 403
    assert acl_agent.answer("PUT", "/v1/txn", [kv("delete-tree", "a")], secret).status == 409
    assert acl_agent.get("/v1/kv/?keys", MANAGES) == ["a", "a/b"]
    assert acl_agent.answer("DELETE", "/v1/kv/a", token=secret).status == 200


def test_intentions_of_a_service_follow_its_own_rule(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'service_prefix "" { policy = "read" intentions = "write" } service "web" { policy = "read" }')
    written = [
        acl_agent.answer("PUT", f"/v1/connect/intentions/exact?source=a&destination={name}", {"Action": "allow"}, secret).status
        for name in ("db", "web", "*")
    ]
    assert written == [200, 403, 403] if acl_agent.simulator.settings.version >= V1_9 else [404, 404, 404]


def test_an_intention_whose_source_may_be_read_is_not_left_out() -> None:
    agent = SimulatedAgent(acls=True, management_token=MANAGES)
    agent.put("/v1/connect/intentions/exact?source=db&destination=web", {"Action": "allow"}, MANAGES)
    secret = token(agent, 'service "db" { policy = "read" } service "web" { policy = "read" intentions = "deny" }')
    answer = agent.answer("GET", "/v1/connect/intentions", token=secret)
    assert (b'"web"' in answer.body, answer.headers.get("x-consul-results-filtered-by-acls")) == (True, None)


def test_policies_may_be_in_capitals_except_for_acls(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "a" { policy = "WRITE" } acl = "WRITE"')
    assert may_write(acl_agent, "a", secret)
    assert acl_agent.refusal("GET", "/v1/acl/policies", token=secret)[0] == 403


def test_json_rules_with_the_same_member_twice_all_count(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, '{"key": {"a": {"policy": "write"}}, "key": {"b": {"policy": "write"}}}')
    assert [may_write(acl_agent, key, secret) for key in "abc"] == [True, True, False]


@pytest.mark.parametrize(
    "rules", ['{"acl": "read",}', '{"acl": "read"} # x', '{"acl": "read"}{"acl": "x"}', '{"acl": "read"', '{"acl": null}']
)
def test_json_rules_are_read_leniently(acl_agent: SimulatedAgent, rules: str) -> None:
    assert _refused(acl_agent, rules) == ""


_FAULTS = {
    'key = "a"': "Failed to parse ACL rules: At 1:7: unknown slice type: *ast.LiteralType",
    '{"key": 1}': "Failed to parse ACL rules: At -: unknown slice type: *ast.LiteralType",
    '{"key": null}': "Failed to parse ACL rules: At -: unknown slice type: *ast.LiteralType",
    'key { a = "read" }': 'Invalid key policy: &acl.KeyRule{Prefix:"a", Policy:"", EnterpriseRule:acl.EnterpriseRule{}}',
    '{"key": {"a": "read"}}': 'Invalid key policy: &acl.KeyRule{Prefix:"a", Policy:"", EnterpriseRule:acl.EnterpriseRule{}}',
    'agent "a" { policy = "list" }': 'Invalid agent policy: &acl.AgentRule{Node:"a", Policy:"list"}',
    'acl = ["read"]': "Failed to parse ACL rules: At 1:7: root.acl: unknown type for string *ast.ListType",
    '{"acl": @}': "Failed to parse ACL rules: 1:9: illegal char: @",
}


@pytest.mark.parametrize("rules", _FAULTS)
def test_odd_rules_are_refused_in_the_words_of_consul(acl_agent: SimulatedAgent, rules: str) -> None:
    assert _refused(acl_agent, rules) == _FAULTS[rules]


def test_a_value_without_braces_is_a_rule_for_its_own_name(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key { policy = "write" }')
    assert [may_write(acl_agent, key, secret) for key in ("policy", "a")] == [True, False]


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
