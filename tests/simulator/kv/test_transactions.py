"""Transactions of keys, and of the catalog.

https://developer.hashicorp.com/consul/api-docs/txn
"""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from consul_proto.simulator.engine.versions import V1_14
from tests.simulator.differential.calls import (
    ABSENT,
    EVERYBODY,
    N1,
    NOBODY,
    ONE,
    REGISTER,
    TWO_TOKENS,
    TXN,
    Call,
    by,
    each_case,
    get,
    kv,
    put,
    txn,
)
from tests.simulator.differential.comparison import Sides
from tests.simulator.simulated_agent import SimulatedAgent, body, entry, session, token, value


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


#: The operations on keys.
VERBS = (
    *("set", "cas", "lock", "unlock", "get", "get-or-empty", "get-tree", "check-index", "check-session", "check-not-exists"),
    *("delete", "delete-tree", "delete-cas"),
)

CASES = {
    "a check on an unknown node fails; with a check-and-set it is ignored": [
        put(TXN, [{"Check": {"Verb": "set", "Check": {"Node": "n1", "CheckID": "c"}}}]),
        put(TXN, [{"Check": {"Verb": "cas", "Check": {"Node": "n1", "CheckID": "c"}}}]),
    ],
    "a transaction ignores Connect and empty tags": [
        put(REGISTER, N1),
        put(TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "web", "Port": 1, "Connect": {"Native": True}}}}]),
        put(TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "db", "Tags": []}}}]),
        get("/v1/catalog/service/web"),
    ],
    "an unknown operation on a key": [put(TXN, [{"KV": {"Verb": "zz", "Key": "{p}a"}}])],
    "every verb but delete-tree needs a key": [
        txn(*before, kv(verb, ""))
        for before in ([], [kv("set", "{p}a", Value="dg==")])
        for verb in (*VERBS, "nothing")
        if verb != "delete-tree"
    ],
    "get-or-empty is unknown to 1.8.7": [
        put("/v1/kv/{p}a", b"v"),
        *(txn(kv("get-or-empty", "{p}" + key)) for key in "ab"),
        txn(kv("get-or-empty", "{p}a"), kv("set", "{p}b", Value="dg==")),
        txn(kv("get-or-empty", "{p}c", Value="dg==", Flags=7, Index=9, Session=ABSENT)),
    ],
    "a service is read only by its id": [put(TXN, [{"Service": {"Verb": "get", "Node": "n1", "Service": {"Service": "web"}}}])],
    "a transaction of 1.8 ignores that a service is a proxy": [
        put(REGISTER, N1),
        put(TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "p", "Kind": "connect-proxy"}}}]),
        put(TXN, [{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "p", "Kind": "mesh-gateway", "Port": 1}}}]),
    ],
}


ACL_CASES = {
    "an unknown verb needs the right to write, such as get-or-empty in 1.8.7": [
        *TWO_TOKENS,
        *(call for verb in ("get-or-empty", "nothing") for call in by(txn(kv(verb, "{p}a"), kv("set", "{p}b")), *EVERYBODY)),
    ],
    "a refused read transaction reads nothing": [
        *TWO_TOKENS,
        *by(txn(kv("check-not-exists", "{p}a")), *EVERYBODY),
        *by(txn(kv("get", "{p}a"), kv("check-not-exists", "{p}a")), *EVERYBODY),
        *by(txn(kv("check-index", "{p}a"), kv("check-session", "{p}a")), *EVERYBODY),
    ],
    "a read transaction says whether results were left out": [
        *TWO_TOKENS,
        *(put(f"/v1/kv/{{p}}{key}", b"v") for key in "ab"),
        *by(txn(kv("get-tree", "{p}")), *EVERYBODY),
        *by(txn({"Node": {"Verb": "get", "Node": {"Node": "test-node"}}}), ONE, NOBODY),
    ],
    "a failed read transaction leaves nothing out": [
        *TWO_TOKENS,
        put("/v1/kv/{p}b", b"v"),
        *by(txn(kv("get-tree", "{p}"), kv("get", "{p}zz")), *EVERYBODY),
    ],
}


@pytest.mark.real
@each_case(CASES)
def test_answers_are_those_of_real_agents(sides: Sides, calls: list[Call]) -> None:
    assert sides.replay(calls) == []


@pytest.mark.real
@each_case(ACL_CASES)
def test_answers_with_acls_are_those_of_real_agents(acl_sides: Sides, calls: list[Call]) -> None:
    assert acl_sides.replay(calls) == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_but_delete_tree_needs_a_key(agent: SimulatedAgent, verb: str) -> None:
    answer = agent.answer("PUT", "/v1/txn", [kv("set", "a", Value=encoded("1")), kv(verb, "")])
    if verb == "delete-tree":
        assert (answer.status, value(agent, "a")) == (200, None)
    else:
        errors = json.loads(answer.body)["Errors"]
        assert (answer.status, errors, value(agent, "a")) == (409, [{"OpIndex": 1, "What": "Must provide key"}], None)


def test_get_or_empty_is_unknown_to_1_8(agent: SimulatedAgent) -> None:
    answer = agent.answer("PUT", "/v1/txn", [kv("get-or-empty", "a")])
    is_old = agent.simulator.settings.version < V1_14
    assert answer.status == (409 if is_old else 200)
    assert (b"unknown KV verb" in answer.body) == is_old


def test_get_or_empty_of_a_missing_key_returns_the_operation_without_its_value(new_agent: SimulatedAgent) -> None:
    (result,) = new_agent.put("/v1/txn", [kv("get-or-empty", "a", Value=encoded("1"), Flags=7, Index=9, Session=ABSENT)])["Results"]
    entry = {"LockIndex": 0, "Key": "a", "Flags": 7, "Value": None, "Session": ABSENT, "CreateIndex": 0, "ModifyIndex": 9}
    assert result["KV"] == entry


def test_a_transaction_is_all_or_nothing(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    steps = [kv("set", "a", Value=encoded("2")), kv("set", "a", Value=encoded("3")), kv("delete", "a"), kv("cas", "a", Value="", Index=7)]
    answer = agent.answer("PUT", "/v1/txn", steps)
    assert (answer.status, value(agent, "a")) == (409, "1")
    assert agent.put("/v1/txn", steps[:2])["Errors"] is None
    assert value(agent, "a") == "3"


def test_a_failed_transaction_changes_nothing_and_wakes_nobody(agent: SimulatedAgent) -> None:
    session = agent.result("PUT", "/v1/session/create")["ID"]
    agent.result("PUT", "/v1/kv/old", b"1")
    before = agent.result("GET", "/v1/kv/?recurse")
    parked = agent.park(f"/v1/kv/?recurse&index={agent.index('/v1/kv/?recurse')}")
    steps = [
        {"KV": {"Verb": "set", "Key": "new", "Value": ""}},
        {"KV": {"Verb": "lock", "Key": "new", "Value": "", "Session": session}},
        {"KV": {"Verb": "delete", "Key": "old"}},
        {"KV": {"Verb": "get", "Key": "missing"}},
    ]
    answer = agent.answer("PUT", "/v1/txn", steps)
    assert answer.status == 409
    assert agent.result("GET", "/v1/kv/?recurse") == before
    assert parked.response is None
    agent.result("PUT", f"/v1/session/destroy/{session}")
    assert agent.result("PUT", "/v1/txn", json.dumps(steps[2:3]).encode())["Errors"] is None
    assert body(parked) is None


def test_a_failed_transaction_releases_its_locks(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    assert agent.answer("PUT", "/v1/txn", [kv("lock", "a", Session=one), kv("get", "missing")]).status == 409
    assert agent.put(f"/v1/kv/a?acquire={other}", b"1") is True


def test_a_transaction_checks_the_exact_index(agent: SimulatedAgent) -> None:
    agent.put("/v1/kv/a", b"1")
    index = entry(agent, "a")["ModifyIndex"]
    statuses = [agent.answer("PUT", "/v1/txn", [kv("check-index", "a", Index=index + more)]).status for more in (-1, 0, 1)]
    assert statuses == [409, 200, 409]


def test_a_transaction_checks_that_a_key_does_not_exist(agent: SimulatedAgent) -> None:
    steps = [kv("check-not-exists", "a"), kv("set", "a", Value=encoded("1"))]
    assert [agent.answer("PUT", "/v1/txn", steps).status for _ in range(2)] == [200, 409]


def test_a_transaction_locks_and_respects_the_lock_delay(agent: SimulatedAgent) -> None:
    one, other = session(agent), session(agent)
    agent.put("/v1/txn", [kv("lock", "a", Session=one, Value=encoded("1"))])
    assert entry(agent, "a")["Session"] == one
    agent.put(f"/v1/session/destroy/{one}")
    answer = agent.result("PUT", "/v1/txn", [kv("lock", "a", Session=other)])
    assert answer["Errors"] == [{"OpIndex": 0, "What": 'failed to lock key "a" due to lock delay'}]


def test_the_number_of_operations_is_limited(agent: SimulatedAgent) -> None:
    most = 64 if agent.simulator.settings.version < V1_14 else 128
    steps = [kv("set", f"{number}", Value="") for number in range(most + 1)]
    assert agent.answer("PUT", "/v1/txn", steps[:most]).status == 200
    assert agent.refusal("PUT", "/v1/txn", steps) == (413, f"Transaction contains too many operations ({most + 1} > {most})")


def test_a_transaction_needs_the_rights_of_each_operation(acl_agent: SimulatedAgent) -> None:
    secret = token(acl_agent, 'key "a" { policy = "write" }')
    steps = [{"KV": {"Verb": "set", "Key": key, "Value": ""}} for key in ("a", "b")]
    assert [acl_agent.answer("PUT", "/v1/txn", some, secret).status for some in (steps[:1], steps)] == [200, 409]
