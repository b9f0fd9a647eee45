"""Legacy ACL rules in the syntax of policies: the same rights, as Consul's own translation says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consul_proto.acl_rules import legacy_rules, policy_rules
from consul_proto.simulator.acl.policies import Rule, read_rules
from consul_proto.simulator.engine.versions import V1_X

_SAMPLES = [
    json.loads(path.read_text())
    for path in sorted((Path(__file__).parent.parent / "samples" / "acl.legacy.rules_translate").glob("*.1.8.7.json"))
]
_TRANSLATED = {sample["case"]: (sample["request"]["body"], sample["body"]) for sample in _SAMPLES if sample["status"] == 200}


def _rights(rules: str, *, legacy: bool = False) -> list[Rule]:
    return sorted(read_rules(rules, legacy=legacy, version=V1_X))


@pytest.mark.parametrize("case", sorted(_TRANSLATED))
def test_the_rights_are_those_of_consuls_own_translation(case: str) -> None:
    rules, translated = _TRANSLATED[case]
    assert len(_TRANSLATED) >= 9
    assert _rights(policy_rules(rules)) == _rights(translated)


def test_comments_and_layout_stay() -> None:
    rules, _ = _TRANSLATED["all-resources"]
    expected = rules
    for name in ("agent", "event", "key", "node", "query", "service", "session"):
        expected = expected.replace(f'\n{name} "', f'\n{name}_prefix "')
    assert policy_rules(rules) == expected != rules


@pytest.mark.parametrize(
    ("rules", "translated"),
    [
        ("", ""),
        ('key "key" { policy = "read" }', 'key_prefix "key" { policy = "read" }'),
        ('service { "key" { policy = "read" } }', 'service_prefix { "key" { policy = "read" } }'),
        ('"key" "" { policy = "read" }', '"key_prefix" "" { policy = "read" }'),
        ('Key "" { policy = "read" }', 'key_prefix "" { policy = "read" }'),
        ('key_prefix "a" { policy = "read" }', 'key_prefix "a" { policy = "read" }'),
        ('keyring = "read" key "" { policy = "read" }', 'keyring = "read" key_prefix "" { policy = "read" }'),
        ('x = ["key", { key = 1 }] key "" { policy = "read" }', 'x = ["key", { key = 1 }] key_prefix "" { policy = "read" }'),
        ('/* key "a" {} */ event "" {} # key', '/* key "a" {} */ event_prefix "" {} # key'),
        ('x = <<END\nkey "a" {}\nEND\nkey "" {}', 'x = <<END\nkey "a" {}\nEND\nkey_prefix "" {}'),
        ('x = <<END\nEND\nkey "" {}', 'x = <<END\nEND\nkey_prefix "" {}'),
        ('{"key": {"key": {"policy": "read"}}}', '{"key_prefix": {"key": {"policy": "read"}}}'),
        ('{"key": {"${a": {"policy": "read"}}, "event": {}}', '{"key_prefix": {"${a": {"policy": "read"}}, "event_prefix": {}}'),
        (' \n{"operator": "read", "key": {}, "": 1}', ' \n{"operator": "read", "key_prefix": {}, "": 1}'),
    ],
)
def test_only_the_names_of_resources_change(rules: str, translated: str) -> None:
    assert policy_rules(rules) == translated


@pytest.mark.parametrize("rules", ['key "a', 'key { "a" ', "{", '{"key": ', "}}} key", '"${', "<<END\nkey", "/* key", "= = key", "\ud800"])
def test_rules_that_cannot_be_parsed_are_for_consul_to_judge(rules: str) -> None:
    assert legacy_rules(policy_rules(rules)) == rules


def test_long_rules_that_cannot_be_parsed_take_no_time_to_speak_of() -> None:
    for part in ("${a}", '"${', "<<a\n", "/*", "{", '"\\'):
        assert legacy_rules(policy_rules(f'key "{part * 2000}')) == f'key "{part * 2000}'


_NAMES = st.text('abc/-_.#{}[]",= \\$é', max_size=6) | st.sampled_from(["key", "service", "//", "/*", "<<END"])
_RESOURCES = st.sampled_from(["agent", "event", "key", "node", "query", "service", "session"])
_POLICIES = st.sampled_from(["read", "write", "deny"])


@st.composite
def _hcl(draw: st.DrawFn) -> str:
    """Rules in HCL, in any of its notations."""
    items = []
    for _ in range(draw(st.integers(0, 5))):
        resource, policy = draw(_RESOURCES), draw(_POLICIES)
        name = json.dumps(draw(_NAMES), ensure_ascii=False).replace("$", "")
        items.append(
            draw(
                st.sampled_from(
                    [
                        f'{resource} {name} {{ policy = "{policy}" }}',
                        f'"{resource}" {name} {{\n  policy = "{policy}" note = <<END\n}}key\nEND\n}}',
                        f'{resource.title()} {{ {name} = {{ policy = "{policy}" }} }}',
                        f'keyring = "{policy}"',
                        f"# {resource} {name} {{",
                        f"/* {resource} */",
                    ]
                )
            )
        )
    return "\n".join(items)


@st.composite
def _json(draw: st.DrawFn) -> str:
    """Rules in JSON, with objects or lists of objects."""
    rules: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 4))):
        named = {name: {"policy": draw(_POLICIES)} for name in draw(st.lists(_NAMES, unique=True, max_size=3))}
        rules[draw(_RESOURCES)] = [{name: body} for name, body in named.items()] if draw(st.booleans()) else named
        rules |= draw(st.sampled_from([{}, {"operator": "read"}]))
    return json.dumps(rules, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2])))


@given(_hcl() | _json())
@example('{"key": {"a": {"policy": "read"}}, "keyring": "read"}')
def test_a_policy_gives_the_rights_that_the_legacy_rules_gave(rules: str) -> None:
    translated = policy_rules(rules)
    assert _rights(translated) == _rights(rules, legacy=True)
    assert legacy_rules(translated).lower() == rules.lower()
